#!/usr/bin/env python3
"""Compares the exported multilingual encoder with a second computation, in plain numpy, and
with the vectors and token counts of the engine in the wheel that it comes from.

Usage: check_multilingual.py MODEL_FOLDER PACKED_MODEL ENGINE
"""

import ctypes
import sys
import unicodedata
from pathlib import Path

import numpy as np
from onnx.reference import ReferenceEvaluator

import export_encoder
from export_multilingual import PREFIXES, WORD_START, describe_encoder, tensors
from packed_e5 import PackedModel
from reference_encoder import ReferenceEncoder

# The least cosines, by the graph's precision: with the second computation, with the engine.
LEAST = {"fp32": (0.9999, 0.999), "int8": (0.994, 0.994)}
TEXTS = [
    "Central banks raised rates by 0.25 percentage points; markets fell 3%.",
    "Die Straße nach Münster bleibt wegen eines Unfalls gesperrt.",
    "L’Assemblée nationale a adopté le projet de loi à 349 voix contre 186.",
    "Policja zatrzymała trzech podejrzanych o włamania w Łodzi.",
    "В Москве открылась международная книжная ярмарка.",
    "台风登陆后，数千名居民被疏散到安全地区。",
    "أعلنت وزارة الصحة عن تسجيل حالات جديدة في العاصمة.",
    "정부는 내년도 예산안을 국회에 제출했다고 밝혔다.",
]


class PackedReference(ReferenceEncoder):
    """The second computation with the tensors of a packed model."""

    def __init__(self, packed):
        self.config = describe_encoder(packed)
        self.tensors = tensors(packed) | {"embeddings.word_embeddings.weight": packed.matrix("emb.word", packed.hidden)}


class PlainTokenizer:
    """The tokenizer a second time: the best path through each word, by a dictionary."""

    def __init__(self, packed):
        self.packed = packed
        self.scores = {piece: (float(score), id) for id, (piece, score) in enumerate(zip(packed.pieces, packed.scores))}
        self.longest = max(map(len, packed.pieces))
        self.unknown = min(map(float, packed.scores)) - 10.0

    def ids(self, text):
        text = unicodedata.normalize("NFC", text)
        text = "".join(self.packed.normalized.get(ord(char), char) for char in text)
        pieces = [id for word in text.split() for id in self.word(WORD_START + word)]
        return [self.packed.bos, *pieces, self.packed.eos]

    def word(self, word):
        best = [(0.0, None, None)] + [(-np.inf, None, None)] * len(word)
        for start in range(len(word)):
            here = best[start][0]
            found = [(end, *self.scores[word[start:end]]) for end in range(start + 1, min(len(word), start + self.longest) + 1)
                     if word[start:end] in self.scores]
            if not any(end == start + 1 for end, _, _ in found):
                found.append((start + 1, self.unknown, self.packed.unk))
            for end, score, id in found:
                if here + score > best[end][0]:
                    best[end] = (here + score, start, id)
        path, end = [], len(word)
        while end:
            _, end, id = best[end]
            if not (path and path[-1] == id == self.packed.unk):
                path.append(id)
        return path[::-1]


class Engine:
    """The engine of the wheel."""

    def __init__(self, library, model):
        self.library = ctypes.CDLL(str(library))
        self.library.e5_load.restype = ctypes.c_void_p
        self.library.e5_load.argtypes = [ctypes.c_char_p]
        self.library.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_float)]
        self.library.e5_token_count.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        self.model = self.library.e5_load(str(model).encode())
        if not self.model:
            raise ValueError(f"the engine cannot load {model}")

    def embed(self, text):
        """The vector of a document."""
        vector = np.empty(384, np.float32)
        self.library.e5_embed(self.model, text.encode(), 0, vector.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        return vector

    def tokens(self, text):
        return self.library.e5_token_count(self.model, text.encode(), 0)


def graph_vector(graph, ids):
    inputs = {
        "input_ids": np.array([ids], np.int64),
        "attention_mask": np.ones((1, len(ids)), np.int64),
        "spans": np.ones((1, 1, len(ids)), np.float32),
    }
    return graph.run(["embeddings"], inputs)[0][0, 0]


def check(folder, source, library):
    """Prints the figures; returns True if all reach their least."""
    packed = PackedModel(source)
    tokenizer, reference, engine = PlainTokenizer(packed), PackedReference(packed), Engine(library, source)
    ids = [tokenizer.ids(PREFIXES["document"] + text) for text in TEXTS]
    counted = [len(found) == engine.tokens(text) for text, found in zip(TEXTS, ids)]
    print(f"token counts as the engine's: {sum(counted)} of {len(TEXTS)}")
    passed = all(counted)
    expected = [reference.embed(found) for found in ids]
    engines = [engine.embed(text) for text in TEXTS]
    for precision, (least, least_with_engine) in LEAST.items():
        graph = ReferenceEvaluator(str(folder / export_encoder.GRAPH_FILES[precision]))
        vectors = [graph_vector(graph, found) for found in ids]
        second = [float(a @ b) for a, b in zip(vectors, expected)]
        wheel = [float(a @ b) for a, b in zip(vectors, engines)]
        print(f"{precision}: least cosine with the second computation {min(second):.5f} (at least {least}), "
              f"with the engine {min(wheel):.5f} (at least {least_with_engine})")
        passed &= min(second) >= least and min(wheel) >= least_with_engine
    return passed


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__.rsplit("\n\n", 1)[1].strip())
    sys.exit(0 if check(*map(Path, sys.argv[1:])) else 1)
