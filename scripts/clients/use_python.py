"""Uses the Python client that was made from the OpenAPI document. Usage: use_python.py BASE"""

import sys

from courant_client import Client
from courant_client.api.default import (add_source, article, change_source, counts, decisions, remove_source,
                                        search, sources, status, submit_article, suggestions)
from courant_client.models import NewSource, Sort, SourceChange, Submission, Until

TEXT = "The lighthouse keeper of Skerry Point retires after forty years, and nobody takes her place."
FEED = "https://feeds.example/python.xml"


def answered(response, status):
    assert response.status_code == status, (response.status_code, response.content)
    return response.parsed


def submits_and_finds(client):
    body = Submission(url="https://python.example/1", title="The last keeper", text=TEXT, tags=["coast"])
    receipt = answered(submit_article.sync_detailed(client=client, body=body, wait=20, until=Until.STORED), 200)
    assert receipt.decision == "new", receipt
    shown = answered(article.sync_detailed(receipt.article_id, client=client), 200)
    assert (shown.title, shown.tags, shown.text) == ("The last keeper", ["coast"], TEXT), shown
    found = answered(search.sync_detailed(client=client, q="lighthouse keeper", change=receipt.change), 200)
    assert found.total == 1 and found.hits[0].id == receipt.article_id, found
    counted = answered(counts.sync_detailed(client=client, q="lighthouse keeper", facets="site"), 200)
    assert counted.total == 1 and counted.facets.to_dict()["site"], counted
    told = answered(decisions.sync_detailed(client=client, article=receipt.article_id), 200)
    assert told.decisions == [] or told.decisions[0].decision == "new", told


def pages(client):
    first = answered(search.sync_detailed(client=client, sort=Sort.NEWEST, limit=3), 200)
    second = answered(search.sync_detailed(client=client, sort=Sort.NEWEST, limit=3, cursor=first.cursor), 200)
    ids = [hit.id for hit in first.hits + second.hits]
    assert len(set(ids)) == 6, ids


def manages_sources(client):
    added = answered(add_source.sync_detailed(client=client, body=NewSource(url=FEED, tags=["test"])), 201)
    changed = SourceChange(paused=True)
    paused = answered(change_source.sync_detailed(added.id, client=client, body=changed), 200)
    assert paused.url == FEED and paused.to_dict()["state"] == "paused", paused
    listed = answered(sources.sync_detailed(client=client, tag="test"), 200)
    assert [source.id for source in listed.sources] == [added.id], listed
    answered(remove_source.sync_detailed(added.id, client=client), 204)


def reads_refusals(client):
    problem = answered(search.sync_detailed(client=client, q="(open"), 400)
    assert problem.error.code == "invalid_request" and problem.detail, problem
    assert answered(article.sync_detailed("f" * 32, client=client), 404).error.code == "not_found"


def main(base):
    client = Client(base_url=base, timeout=60)
    assert answered(status.sync_detailed(client=client), 200).agents
    assert answered(suggestions.sync_detailed(client=client, q="s"), 200) is not None
    submits_and_finds(client)
    pages(client)
    manages_sources(client)
    reads_refusals(client)


main(sys.argv[1])
