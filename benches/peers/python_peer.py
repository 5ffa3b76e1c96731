"""Runs an extractor of PyPI over pages, as `courant-peers` runs the Rust ones.

python_peer.py trafilatura|newspaper4k|htmldate. Standard input: lines {"id","url","html_path"}.
Standard output: lines {"id","text","title","authors","date","millis"}, `millis` being this thread's
processor time from the page's bytes to the answer. htmldate gives dates only.
"""

import json
import logging
import sys
import time

NOTHING = {"text": "", "title": None, "authors": [], "date": None}


def trafilatura():
    """The library's standard mode: precision and recall balanced, all fallbacks."""
    import trafilatura

    def extract(html, url):
        document = trafilatura.bare_extraction(
            html, url=url, include_comments=False, with_metadata=True
        )
        if document is None:
            return NOTHING
        return {
            "text": document.text or "",
            "title": document.title,
            "authors": document.author.split("; ") if document.author else [],
            "date": document.date,
        }

    return extract


def newspaper4k():
    """The library's defaults, without pictures, which it would fetch."""
    import newspaper

    def extract(html, url):
        article = newspaper.Article(url, fetch_images=False)
        article.download(input_html=html.decode("utf-8", "replace"))
        article.parse()
        date = article.publish_date
        return {
            "text": article.text,
            "title": article.title,
            "authors": article.authors,
            "date": date.isoformat() if date else None,
        }

    return extract


def htmldate():
    """The library's default: the original date, by an extensive search."""
    import htmldate

    def extract(html, url):
        date = htmldate.find_date(html, url=url, original_date=True)
        return {**NOTHING, "date": date}

    return extract


def main():
    logging.disable(logging.CRITICAL)
    extract = {"trafilatura": trafilatura, "newspaper4k": newspaper4k, "htmldate": htmldate}
    extract = extract[sys.argv[1]]()
    for line in sys.stdin:
        question = json.loads(line)
        with open(question["html_path"], "rb") as file:
            html = file.read()
        start = time.thread_time()
        try:
            found = extract(html, question["url"])
        except Exception as error:  # a page that a library fails on has no answer
            print(f"{question['id']}: {error!r}", file=sys.stderr)
            found = NOTHING
        millis = (time.thread_time() - start) * 1000
        print(json.dumps({"id": question["id"], **found, "millis": millis}, ensure_ascii=False))


if __name__ == "__main__":
    main()
