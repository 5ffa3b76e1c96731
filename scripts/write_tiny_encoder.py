#!/usr/bin/env python3
"""Writes the tiny encoder that the Rust tests run as a standard Hugging Face one:
no pooling in the graph, a `last_hidden_state`, and token types among its inputs.

Token i has the vector with 1 at place i, whatever stands around it, so that the
mean over a text can be told by hand.

Usage: write_tiny_encoder.py TARGET_FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "alpha", "beta", "gamma", "delta"]


def graph():
    """last_hidden_state = identity[input_ids] + 0 · token_type_ids, masked."""
    size = len(WORDS)
    table = onnx.numpy_helper.from_array(np.eye(size, dtype=np.float32), "table")
    types = onnx.numpy_helper.from_array(np.zeros((2, size), np.float32), "types")
    axis = onnx.numpy_helper.from_array(np.array([2], np.int64), "axis")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["kinds"]),
        helper.make_node("Add", ["words", "kinds"], ["summed"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis"], ["columns"]),
        helper.make_node("Mul", ["summed", "columns"], ["last_hidden_state"]),
    ]
    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in names]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", size])
    return helper.make_graph(nodes, "tiny", inputs, [output], [table, types, axis])


def tokenizer():
    """Words between spaces, with [CLS] before and [SEP] behind."""
    special = {name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    piece = lambda name: {"SpecialToken": {"id": name, "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [piece("[CLS]"), text, piece("[SEP]")],
            "pair": [piece("[CLS]"), text, piece("[SEP]")],
            "special_tokens": special,
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: id for id, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }


def write(folder):
    model = helper.make_model(graph(), opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="courant")
    onnx.checker.check_model(model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()) + "\n")
    (folder / "config.json").write_text(json.dumps({"hidden_size": len(WORDS), "max_position_embeddings": 16}) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.rsplit("\n\n", 1)[1].strip())
    write(Path(sys.argv[1]))
