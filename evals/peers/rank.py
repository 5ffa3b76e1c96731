#!/usr/bin/env python3
"""Asks the questions of xquad and stories-basil of bm25s, and writes JSON lines.

    rank.py DATA OUT.jsonl

`run` beside this file makes the environment it needs.

One line per question: {"set", "question", "ranking"}, with the ids of the best
documents, best first. `courant-eval retrieval` reads them. Words are stemmed in
the language of the set, and left out if bm25s counts them among the stop words of
that language.
"""

import json
import sys
from pathlib import Path

import bm25s
import Stemmer

# Names of the stemmers; the other languages have none.
STEMMERS = {
    "en": "english",
    "ar": "arabic",
    "de": "german",
    "el": "greek",
    "es": "spanish",
    "hi": "hindi",
    "ro": "romanian",
    "ru": "russian",
    "tr": "turkish",
}
LANGUAGES = [*STEMMERS, "th", "vi", "zh"]
STOPWORDS = {"en", "de", "es", "ru", "tr", "zh"}
PLACES = 100


def rows(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def ranked(name, language, documents, questions):
    """A line per question: documents and questions are pairs of id and text."""
    stemmer = Stemmer.Stemmer(STEMMERS[language]) if language in STEMMERS else None
    stopwords = language if language in STOPWORDS else None

    def words(texts):
        return bm25s.tokenize(texts, stopwords=stopwords, stemmer=stemmer, show_progress=False)

    ids = [id for id, _ in documents]
    search = bm25s.BM25()
    search.index(words([text for _, text in documents]), show_progress=False)
    asked = words([text for _, text in questions])
    found, scores = search.retrieve(asked, k=min(PLACES, len(ids)), show_progress=False)
    for (question, _), places, worth in zip(questions, found, scores):
        ranking = [ids[place] for place, score in zip(places, worth) if score > 0]
        yield {"set": name, "question": question, "ranking": ranking}


def xquad(folder, language):
    passages = [(row["id"], row["text"]) for row in rows(folder / f"passages.{language}.jsonl")]
    questions = [(row["id"], row["question"]) for row in rows(folder / f"questions.{language}.jsonl")]
    return ranked(f"xquad {language}", language, passages, questions)


def basil(folder):
    articles = rows(folder / "articles.jsonl")
    documents = [(row["id"], f"{row['title']}\n{row['text']}") for row in articles]
    headlines = [(row["id"], row["title"]) for row in articles if row["event"]]
    return ranked("stories-basil", "en", documents, headlines)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data = Path(sys.argv[1])
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        if (data / "xquad").is_dir():
            for language in LANGUAGES:
                for line in xquad(data / "xquad", language):
                    print(json.dumps(line), file=out)
        if (data / "stories-basil").is_dir():
            for line in basil(data / "stories-basil"):
                print(json.dumps(line), file=out)


if __name__ == "__main__":
    main()
