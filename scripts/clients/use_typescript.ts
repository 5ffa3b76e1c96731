// Uses the types that were made from the OpenAPI document, with openapi-fetch. Usage: use_typescript.ts BASE
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.d.ts";

const text = "The ferry to Holm will sail on Sundays again, the harbour board decided on Tuesday night.";
const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

const submitted = await client.POST("/v1/articles", {
  params: { query: { wait: 20, until: "stored" } },
  body: { url: "https://typescript.example/1", title: "Sunday ferry", text },
});
assert(submitted.data, JSON.stringify(submitted.error));
assert.equal(submitted.data.decision, "new");

const id = submitted.data.article_id;
const shown = await client.GET("/v1/articles/{id}", { params: { path: { id } } });
assert.equal(shown.data?.text, text);

const change = submitted.data.change ?? undefined;
const found = await client.GET("/v1/search", { params: { query: { q: "ferry Holm", change } } });
assert.equal(found.data?.hits[0]?.id, id);

const counted = await client.GET("/v1/counts", { params: { query: { q: "ferry Holm", facets: "site" } } });
assert.equal(counted.data?.total, 1);

const wrong = await client.GET("/v1/search", { params: { query: { q: "(open" } } });
assert.equal(wrong.response.status, 400);
assert.equal(wrong.error?.error.code, "invalid_request");

const state = await client.GET("/v1/status");
assert(state.data && state.data.agents.length > 0);
