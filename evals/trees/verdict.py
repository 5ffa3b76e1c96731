"""Learns the weights that decide if a page is an article, by logistic regression.

verdict.py SIGNS.jsonl OUT: reads the lines of `courant-eval verdict-signs`, prints the accuracy on
hosts that were left out, and writes the weights in the form that shared/extract/src/trees.rs reads:
a line without trees. Trees were no better on hosts that they had not seen.
"""

import json
import sys

import numpy
from sklearn.linear_model import LogisticRegression

import trees

# The weight of the pages of fundus, which are all of news, beside those of WCXB.
NEWS_WEIGHT = 0.5
# The strength of the data against small weights.
TRUST = 0.2


def accuracy(sets, labels, logits):
    """The share of articles and of other pages of WCXB told right, their mean, and that of news."""
    right = (logits > 0) == labels
    is_news = sets == "fundus"
    articles, others = right[labels & ~is_news].mean(), right[~labels].mean()
    figures = ((articles + others) / 2, articles, others, right[is_news].mean())
    return "balanced accuracy %.4f, articles %.4f, others %.4f, news %.4f" % figures


def learn(rows, labels, weights):
    """The bias and the weight of each number."""
    spread = rows.std(0) + 1e-6
    model = LogisticRegression(C=TRUST, max_iter=2000)
    model.fit(rows / spread, labels, weights / weights.mean())
    return model.intercept_[0], model.coef_[0] / spread


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    rows = numpy.array([page["signs"] for page in pages], numpy.float32)
    labels = numpy.array([page["type"] == "article" for page in pages])
    sets = numpy.array([page["set"] for page in pages])
    folds = numpy.array([trees.fold(page["host"], page["name"]) for page in pages])
    weights = numpy.where(labels, labels.mean() ** -1, (1 - labels.mean()) ** -1)
    weights = numpy.where(sets == "fundus", NEWS_WEIGHT * weights, weights)
    logits = numpy.zeros(len(rows))
    for part in range(trees.FOLDS):
        unseen = folds == part
        bias, line = learn(rows[~unseen], labels[~unseen], weights[~unseen])
        logits[unseen] = bias + rows[unseen] @ line
    print("hosts left out: " + accuracy(sets, labels, logits))
    bias, line = learn(rows, labels, weights)
    print("all pages:      " + accuracy(sets, labels, bias + rows @ line))
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        print("\t".join(pages[0]["names"]), file=out)
        print(" ".join("%.4g" % number for number in [bias, *line]), file=out)


main()
