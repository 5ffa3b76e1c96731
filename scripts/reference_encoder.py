"""The encoder computed a second time, in plain numpy and in another way than the
exported graph: one text and one head at a time, no padding, no merged weights.
The tests compare the two.
"""

import json
import math
import struct
from pathlib import Path

import numpy as np

erf = np.vectorize(math.erf, otypes=[np.float64])


class ReferenceEncoder:
    """A BERT encoder with mean pooling, from a folder with config.json and
    model.safetensors, in double precision."""

    def __init__(self, folder):
        self.config = json.loads(Path(folder, "config.json").read_text())
        self.tensors = load_tensors(Path(folder, "model.safetensors"))

    def embed(self, ids, span=None):
        """The unit vector of the tokens in `span` (all by default) of one text."""
        hidden = self.token_vectors(ids)
        mean = hidden[slice(*span) if span else slice(None)].mean(axis=0)
        return mean / np.sqrt(mean @ mean)

    def token_vectors(self, ids):
        table = lambda name: self.tensors[f"embeddings.{name}_embeddings.weight"]
        rows = [table("word")[token] + table("position")[at] + table("token_type")[0] for at, token in enumerate(ids)]
        hidden = self.norm(np.stack(rows), "embeddings.LayerNorm")
        for layer in range(self.config["num_hidden_layers"]):
            hidden = self.layer(hidden, f"encoder.layer.{layer}")
        return hidden

    def layer(self, hidden, name):
        context = np.concatenate(list(self.heads(hidden, f"{name}.attention.self")), axis=1)
        attended = self.dense(context, f"{name}.attention.output.dense")
        middle = self.norm(attended + hidden, f"{name}.attention.output.LayerNorm")
        wide = self.dense(middle, f"{name}.intermediate.dense")
        active = wide * 0.5 * (1.0 + erf(wide / math.sqrt(2.0)))
        return self.norm(self.dense(active, f"{name}.output.dense") + middle, f"{name}.output.LayerNorm")

    def heads(self, hidden, name):
        query, key, value = (self.dense(hidden, f"{name}.{part}") for part in ("query", "key", "value"))
        width = self.config["hidden_size"] // self.config["num_attention_heads"]
        for start in range(0, self.config["hidden_size"], width):
            head = slice(start, start + width)
            scores = query[:, head] @ key[:, head].T / math.sqrt(width)
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            yield shares / shares.sum(axis=1, keepdims=True) @ value[:, head]

    def dense(self, rows, name):
        return rows @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]

    def norm(self, rows, name):
        centred = rows - rows.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + self.config["layer_norm_eps"])
        return centred / deviation * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]


def load_tensors(path):
    """The float32 tensors of a safetensors file, in double precision."""
    data = path.read_bytes()
    (header_bytes,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + header_bytes])
    floats = {name: entry for name, entry in header.items() if entry.get("dtype") == "F32"}
    return {name: read_floats(data, 8 + header_bytes, entry) for name, entry in floats.items()}


def read_floats(data, start, entry):
    first, end = entry["data_offsets"]
    return np.frombuffer(data, "<f4", (end - first) // 4, start + first).reshape(entry["shape"]).astype(np.float64)


def word_ids(folder, text):
    """The token ids of a text whose every word and sign is in the vocabulary."""
    tokenizer = json.loads(Path(folder, "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    return [vocabulary[word] for word in ["[CLS]", *text.lower().replace(".", " .").split(), "[SEP]"]]
