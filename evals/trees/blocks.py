"""Learns the trees that decide which blocks of a page belong to its article.

blocks.py SIGNS.jsonl OUT: reads the lines of `courant-eval block-signs`, prints the quality on hosts
that were left out, and writes the trees in the form that shared/extract/src/trees.rs reads.
"""

import json
import sys

import numpy

import trees

# The weight of a page of each set. Sets that are not in the list are not learnt from.
WEIGHTS = {
    "wcxb-article": 1.0,
    "fundus": 1.0,
    "readability": 0.7,
    "trafilatura-eval": 1.0,
    "wcxb-documentation": 0.3,
}
# A block is not learnt from if it is neither kept by the rules nor near the text, but for one in
# this many, which then counts for all of them.
SAMPLED = 6
# The logit from which a block is kept, as in keep.rs.
MIN_LOGIT = 0.3


def weight(page, block):
    """A block counts by its share of the article, and a chosen piece about the same as any other."""
    if page["set"] == "trafilatura-eval":
        return 0.25 * min(block["words"], 40) ** 0.2
    return 3 * (min(block["words"], 150) / max(page["total"], 50)) ** 0.7


def read(path):
    pages, rows = [], []
    names = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            page = json.loads(line)
            if page["set"] not in WEIGHTS or not page["blocks"] or not page["total"]:
                continue
            names = page["names"]
            page["start"] = len(rows)
            rows.extend(numpy.array(block.pop("signs"), numpy.float32) for block in page["blocks"])
            pages.append(page)
    return names, pages, numpy.array(rows)


def figures(pages, logits):
    """Prints word F1 as in courant-eval, apart from the order of words, and trafilatura's F."""
    sums = {}
    for page in pages:
        kept = logits[page["start"] : page["start"] + len(page["blocks"])] > MIN_LOGIT
        blocks = [block for block, kept in zip(page["blocks"], kept) if kept]
        own = sums.setdefault(page["set"], [])
        if page["set"] == "trafilatura-eval":
            found = sum(block["pieces"][0] for block in blocks)
            unwanted = sum(block["pieces"][1] for block in blocks)
            own.append((found, unwanted, max(page["total"] - found, 0)))
            continue
        found = min(sum(block["found"] for block in blocks), page["total"])
        words = sum(block["words"] for block in blocks)
        precision, recall = found / max(words, 1), found / page["total"]
        own.append((2 * precision * recall / max(precision + recall, 1e-9), precision, recall))
    for name, rows in sums.items():
        if name == "trafilatura-eval":
            found, unwanted, missed = numpy.array(rows).sum(0)
            rows = [(2 * found / (2 * found + unwanted + missed), found / (found + unwanted), found / (found + missed))]
        print("%-20s F1 %.4f, precision %.4f, recall %.4f" % (name, *numpy.mean(rows, 0)))


def main():
    names, pages, rows = read(sys.argv[1])
    random = numpy.random.default_rng(1)
    labels, weights, folds = [], [], []
    kept, steps = rows[:, names.index("kept")], rows[:, names.index("steps to chosen")]
    sampled = random.random(len(rows)) < 1 / SAMPLED
    for page in pages:
        fold = trees.fold(page["host"], page["name"])
        for block in page["blocks"]:
            labels.append(block["own"])
            weights.append(weight(page, block) * WEIGHTS[page["set"]])
            folds.append(fold)
    labels, weights, folds = numpy.array(labels), numpy.array(weights), numpy.array(folds)
    is_far = (kept == 0) & (steps > 0) & ~labels
    weights = numpy.where(is_far, numpy.where(sampled, SAMPLED * weights, 0), weights)
    model = trees.Model(names, count=200, leaves=20, rate=0.08, least=60, penalty=5)
    model.learn(rows, labels, weights)
    model.write(sys.argv[2])
    print("all pages:")
    figures(pages, model.logits(rows))
    print("hosts left out:", flush=True)
    figures(pages, model.left_out(rows, labels, weights, folds))


main()
