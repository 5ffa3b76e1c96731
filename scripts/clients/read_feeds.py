"""Reads the feeds of a query: RSS and Atom with feedparser, whose releases know no JSON Feed. Usage: read_feeds.py BASE"""

import json
import sys
import urllib.request

import feedparser

# The name of each form in the service, and in feedparser.
FORMS = {"rss": "rss20", "atom": "atom10"}
QUERY = "/v1/feed?q=city&limit=5&format="


def fetch(base, form):
    with urllib.request.urlopen(base + QUERY + form, timeout=30) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


def read(base, form, version):
    body, headers = fetch(base, form)
    feed = feedparser.parse(body, response_headers=headers)
    assert not feed.bozo, (form, feed.get("bozo_exception"))
    assert feed.version == version, (form, feed.version)
    assert feed.feed.title and feed.entries, (form, feed.feed)
    for entry in feed.entries:
        assert entry.title and entry.link.startswith("http") and entry.id, (form, entry)
        assert entry.get("published_parsed") or entry.get("updated_parsed"), (form, entry)
    return [(entry.title, entry.link) for entry in feed.entries]


def read_json_feed(base):
    body, headers = fetch(base, "json")
    feed = json.loads(body)
    assert headers["content-type"].startswith("application/feed+json"), headers
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"], feed
    for item in feed["items"]:
        assert item["id"] and (item.get("content_text") or item.get("content_html")), item
    return [(item["title"], item["url"]) for item in feed["items"]]


def main(base):
    entries = [read(base, form, version) for form, version in FORMS.items()]
    assert entries[0] == entries[1] == read_json_feed(base), entries


main(sys.argv[1])
