"""Generators of strings with a grammar, by the names of their formats in the OpenAPI document."""

import schemathesis
from hypothesis import strategies as st

WORDS = st.sampled_from(["city", "river", "strike", "café", "東京", "naïve", "a", "x-y", "2026", "'", "*"])
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(lambda words: '"' + " ".join(words) + '"')
FILTERS = st.sampled_from([
    "site:valley-ledger.example", "lang:en", "-lang:de", "topic:health", "sentiment:>0.3", "sentiment:negative",
    "date:2026-03", "date:2026-03-01..2026-03-15", "date:P7D", "observed:P30D", "has:image", "decision:new",
    'entity:"Port Sennet"', "author:Lund", "title:ferry", "source:feed",
])
TERMS = WORDS | PHRASES | FILTERS
# Nested twice: conditions of every kind, negated, and alternatives.
QUERIES = st.recursive(
    TERMS,
    lambda inner: st.lists(inner, min_size=2, max_size=3).map(" ".join)
    | st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " OR ".join(parts) + ")")
    | inner.map(lambda term: "-" + term if not term.startswith("-") else term),
    max_leaves=6,
)
CHANGES = st.integers(min_value=0, max_value=2**63 - 1)
CURSORS = (
    st.tuples(CHANGES, st.integers(0, 1_000)).map(lambda parts: f"{parts[0]}~r{parts[1]}")
    | st.tuples(CHANGES, CHANGES, st.text("0123456789abcdef", min_size=32, max_size=32)).map(
        lambda parts: f"{parts[0]}~t{parts[1]}~{parts[2]}")
    | st.text(max_size=40)
)
HOSTS = st.sampled_from(["valley-ledger.example", "orbit-weekly.example", "a.example", "xn--bcher-kva.example"])
PATHS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_~%äß/?&=.", max_size=40).filter(lambda path: "%" not in path)
URLS = st.tuples(st.sampled_from(["http", "https"]), HOSTS, PATHS).map(lambda parts: f"{parts[0]}://{parts[1]}/{parts[2]}")

schemathesis.openapi.format("courant-query", QUERIES)
schemathesis.openapi.format("courant-cursor", CURSORS)
schemathesis.openapi.format("uri", URLS)
