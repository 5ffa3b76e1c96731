#!/usr/bin/env python3
"""What other tools extract from the pages of trafilatura-eval, as JSON lines.

    extract.py DATA/trafilatura-eval OUT.jsonl

`run` beside this file makes the environment it needs.

One line per page and tool: {"page", "tool", "text"}. `courant-eval dedup` reads
them to tell whether two tools' texts of one page are taken for the same article.
"""

import json
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import newspaper
import trafilatura
from trafilatura.utils import decode_file


def with_trafilatura(html, url):
    return trafilatura.extract(html, url=url)


def with_trafilatura_recall(html, url):
    return trafilatura.extract(html, url=url, favor_recall=True)


def with_newspaper(html, url):
    article = newspaper.Article(url, fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return article.text


TOOLS = {
    "trafilatura": with_trafilatura,
    "trafilatura-recall": with_trafilatura_recall,
    "newspaper4k": with_newspaper,
}


def texts(page):
    """The tools' texts of one page. A tool that fails has none of it."""
    url, path = page
    html = decode_file(path.read_bytes())
    lines = []
    for tool, extract in TOOLS.items():
        try:
            text = extract(html, url) or ""
        except Exception as error:  # whatever a tool raises: it is its own miss
            print(f"{tool} failed on {url}: {error}", file=sys.stderr)
            text = ""
        lines.append(json.dumps({"page": url, "tool": tool, "text": text}, ensure_ascii=False))
    return lines


def pages(folder):
    """URL and file of each page, in the order of the set."""
    listed = json.loads((folder / "evaldata.json").read_text("utf-8"))
    for url, page in listed.items():
        places = [folder / place / page["file"] for place in ("cache", "eval")]
        yield from [(url, path) for path in places if path.exists()][:1]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    with ProcessPoolExecutor() as pool, open(sys.argv[2], "w", encoding="utf-8") as out:
        for lines in pool.map(texts, pages(Path(sys.argv[1])), chunksize=8):
            print(*lines, sep="\n", file=out)


if __name__ == "__main__":
    main()
