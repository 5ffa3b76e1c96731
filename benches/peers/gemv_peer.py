"""The nearest rows of a matrix by OpenBLAS, as a peer of `courant-bench vectors`:
gemv_peer.py ROWS DIMENSION K QUERIES. For each line on the standard input it prints
the seconds that all queries took, on one core.
"""

import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402 (reads the variable when it is loaded)


def nearest(matrix, query, k):
    """The numbers of the `k` rows with the greatest dot product, best first."""
    scores = matrix @ query
    best = np.argpartition(scores, max(len(scores) - k, 0))[-k:]
    return best[np.argsort(-scores[best])]


def unit(random, rows, dimension):
    values = random.standard_normal((rows, dimension), dtype=np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def main(rows, dimension, k, queries):
    random = np.random.default_rng(1)
    matrix, asked = unit(random, rows, dimension), unit(random, queries, dimension)
    for _ in sys.stdin:
        start = time.perf_counter()
        for query in asked:
            nearest(matrix, query, k)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
