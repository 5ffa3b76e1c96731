"""Gradient-boosted trees, by LightGBM on one thread, so that every run gives the same ones."""

import zlib

import lightgbm
import numpy

FOLDS = 5


def fold(host, name):
    """The part of the pages that a host falls into. Pages without a host fall in by their names."""
    key = name if host in ("", "fakehost", "unknown.example") else host.removeprefix("www.")
    return zlib.crc32(key.encode()) % FOLDS


class Model:
    """Trees for one decision. `least`: the fewest rows of a leaf."""

    def __init__(self, names, count, leaves, rate, least, penalty):
        self.names = names
        self.count = count
        self.parameters = {
            "objective": "binary", "learning_rate": rate, "num_leaves": leaves,
            "min_data_in_leaf": least, "lambda_l2": penalty, "feature_fraction": 0.5,
            "bagging_fraction": 0.7, "bagging_freq": 1, "max_bin": 63, "num_threads": 1,
            "seed": 1, "deterministic": True, "force_row_wise": True, "verbose": -1,
        }

    def learn(self, rows, labels, weights):
        used = weights > 0
        weights = weights[used] / weights[used].mean()
        data = lightgbm.Dataset(rows[used], labels[used], weight=weights)
        self.booster = lightgbm.train(self.parameters, data, self.count)

    def logits(self, rows):
        return self.booster.predict(rows, raw_score=True)

    def left_out(self, rows, labels, weights, folds):
        """The logits of each row from trees that saw no row of its fold."""
        logits = numpy.zeros(len(rows))
        for fold in range(FOLDS):
            unseen = folds == fold
            self.learn(rows[~unseen], labels[~unseen], weights[~unseen])
            logits[unseen] = self.logits(rows[unseen])
        return logits

    def write(self, path):
        """Writes names and trees as shared/extract/src/trees.rs describes."""
        trees = self.booster.dump_model()["tree_info"]
        lines = ["\t".join(self.names), "0"]
        lines.extend(" ".join(preorder(tree["tree_structure"])) for tree in trees)
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")


def preorder(node):
    """The splits and the leaves of a tree."""
    if "leaf_value" in node:
        yield "%.4g" % node["leaf_value"]
        return
    yield "%d<%.7g" % (node["split_feature"], node["threshold"])
    yield from preorder(node["left_child"])
    yield from preorder(node["right_child"])
