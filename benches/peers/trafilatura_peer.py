"""Runs PyPI's trafilatura over pages, as `courant-peers` runs the Rust ones.

Standard input: lines {"id","url","html_path"}. Standard output: lines
{"id","text","title","authors","date","millis"}, `millis` being this thread's
processor time from the page's bytes to the answer.
"""

import json
import logging
import sys
import time

import trafilatura


def extract(html, url):
    """The library's standard mode: precision and recall balanced, all fallbacks."""
    document = trafilatura.bare_extraction(
        html, url=url, include_comments=False, with_metadata=True
    )
    if document is None:
        return {"text": "", "title": None, "authors": [], "date": None}
    return {
        "text": document.text or "",
        "title": document.title,
        "authors": (document.author or "").split("; ") if document.author else [],
        "date": document.date,
    }


def main():
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        question = json.loads(line)
        with open(question["html_path"], "rb") as file:
            html = file.read()
        start = time.thread_time()
        found = extract(html, question["url"])
        millis = (time.thread_time() - start) * 1000
        print(json.dumps({"id": question["id"], **found, "millis": millis}, ensure_ascii=False))


if __name__ == "__main__":
    main()
