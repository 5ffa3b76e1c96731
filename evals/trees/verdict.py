"""Learns the trees that decide if a page is an article.

verdict.py SIGNS.jsonl OUT: reads the lines of `courant-eval verdict-signs`, prints the accuracy on
hosts that were left out, and writes the trees in the form that shared/extract/src/trees.rs reads.
"""

import json
import sys

import numpy

import trees

# The weight of the pages of fundus, which are all of news, beside those of WCXB.
NEWS_WEIGHT = 0.5


def accuracy(sets, labels, logits):
    """The share of articles and of other pages of WCXB told right, their mean, and that of news."""
    right = (logits > 0) == labels
    is_news = sets == "fundus"
    articles, others = right[labels & ~is_news].mean(), right[~labels].mean()
    figures = ((articles + others) / 2, articles, others, right[is_news].mean())
    return "balanced accuracy %.4f, articles %.4f, others %.4f, news %.4f" % figures


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    rows = numpy.array([page["signs"] for page in pages], numpy.float32)
    labels = numpy.array([page["type"] == "article" for page in pages])
    sets = numpy.array([page["set"] for page in pages])
    folds = numpy.array([trees.fold(page["host"], page["name"]) for page in pages])
    weights = numpy.where(labels, labels.mean() ** -1, (1 - labels.mean()) ** -1)
    weights = numpy.where(sets == "fundus", NEWS_WEIGHT * weights, weights)
    model = trees.Model(pages[0]["names"], count=400, leaves=4, rate=0.05, least=15, penalty=5)
    model.has_line = True
    logits = model.left_out(rows, labels, weights, folds)
    print("hosts left out: " + accuracy(sets, labels, logits))
    model.learn(rows, labels, weights)
    print("all pages:      " + accuracy(sets, labels, model.logits(rows)))
    model.write(sys.argv[2])


main()
