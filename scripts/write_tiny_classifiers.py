#!/usr/bin/env python3
"""Writes the tiny classifiers that the Rust tests run: a sequence classifier for
sentiment, a token classifier for names, and a cross-encoder, all as exporters write
them.

Every token has scores of its own, whatever stands around it: a text's are the mean
over its tokens, so that labels and probabilities can be told by hand. The cross-encoder
counts the pairs of equal words in query and passage.

Usage: write_tiny_classifiers.py TARGET_FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from write_tiny_encoder import WORDS, tokenizer

SENTIMENTS = ["NEGATIVE", "NEUTRAL", "POSITIVE"]
NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]

# A word by itself keeps a third of its score: [CLS] and [SEP] have none.
SENTIMENT_OF = {"alpha": {"NEGATIVE": 6}, "beta": {"POSITIVE": 6}, "gamma": {"NEUTRAL": 6}}
# delta goes on with a place, or nearly as likely with a person.
NAME_OF = {
    "alpha": {"B-PER": 8}, "beta": {"B-LOC": 8}, "gamma": {"B-MISC": 8}, "delta": {"I-LOC": 5, "I-PER": 4.5},
}


def table(labels, scores, otherwise):
    """One row of scores per word of the vocabulary."""
    rows = np.zeros((len(WORDS), len(labels)), np.float32)
    for row, word in zip(rows, WORDS):
        for label, score in scores.get(word, otherwise).items():
            row[labels.index(label)] = score
    return onnx.numpy_helper.from_array(rows, "table")


def inputs(*names):
    return [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in names]


def sequence_graph():
    """logits = mean of table[input_ids] over the tokens that the mask names."""
    axis = onnx.numpy_helper.from_array(np.array([2], np.int64), "axis")
    tokens = onnx.numpy_helper.from_array(np.array([1], np.int64), "tokens_axis")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis"], ["columns"]),
        helper.make_node("Mul", ["rows", "columns"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "tokens_axis"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["mask", "tokens_axis"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["logits"]),
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(SENTIMENTS)])
    constants = [table(SENTIMENTS, SENTIMENT_OF, {}), axis, tokens]
    return helper.make_graph(nodes, "sequence", inputs("input_ids", "attention_mask"), [output], constants)


def token_graph():
    """logits = table[input_ids] + 0 · token_type_ids, masked. The number of labels is left open, as some exporters do."""
    types = onnx.numpy_helper.from_array(np.zeros((2, len(NAMES)), np.float32), "types")
    axis = onnx.numpy_helper.from_array(np.array([2], np.int64), "axis")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["kinds"]),
        helper.make_node("Add", ["rows", "kinds"], ["summed"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis"], ["columns"]),
        helper.make_node("Mul", ["summed", "columns"], ["logits"]),
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "tokens", "labels"])
    names = inputs("input_ids", "attention_mask", "token_type_ids")
    return helper.make_graph(nodes, "tokens", names, [output], [table(NAMES, NAME_OF, {"O": 8}), types, axis])


def pair_graph():
    """logits = sum over words of (count in the query · count in the passage) - 1. Special tokens do not count."""
    words = np.eye(len(WORDS), dtype=np.float32)
    words[:4] = 0
    constants = [
        onnx.numpy_helper.from_array(words, "words"),
        onnx.numpy_helper.from_array(np.array([2], np.int64), "axis"),
        onnx.numpy_helper.from_array(np.array([1], np.int64), "tokens_axis"),
        onnx.numpy_helper.from_array(np.array([1], np.float32), "one"),
    ]
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["token_type_ids"], ["second"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["mask", "second"], ["first"]),
        helper.make_node("Unsqueeze", ["first", "axis"], ["of_first"]),
        helper.make_node("Unsqueeze", ["second", "axis"], ["of_second"]),
        helper.make_node("Mul", ["rows", "of_first"], ["query_rows"]),
        helper.make_node("Mul", ["rows", "of_second"], ["passage_rows"]),
        helper.make_node("ReduceSum", ["query_rows", "tokens_axis"], ["query"], keepdims=0),
        helper.make_node("ReduceSum", ["passage_rows", "tokens_axis"], ["passage"], keepdims=0),
        helper.make_node("Mul", ["query", "passage"], ["both"]),
        helper.make_node("ReduceSum", ["both", "tokens_axis"], ["pairs"], keepdims=1),
        helper.make_node("Sub", ["pairs", "one"], ["logits"]),
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1])
    names = inputs("input_ids", "attention_mask", "token_type_ids")
    return helper.make_graph(nodes, "pairs", names, [output], constants)


def pair_tokenizer():
    """The words of the passage have the type 1, and so has the [SEP] behind it."""
    described = tokenizer()
    described["post_processor"]["pair"] = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 1}},
    ]
    return described


def write_one(folder, graph, architecture, labels, tokens=None):
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="courant")
    onnx.checker.check_model(model)
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    (folder / "onnx/model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (folder / "tokenizer.json").write_text(json.dumps(tokens or tokenizer()) + "\n")
    described = {
        "architectures": [architecture], "model_type": "bert", "max_position_embeddings": 16,
        "id2label": {str(id): label for id, label in enumerate(labels)},
    }
    (folder / "config.json").write_text(json.dumps(described) + "\n")


def write(folder):
    write_one(folder / "tiny-sentiment", sequence_graph(), "BertForSequenceClassification", SENTIMENTS)
    write_one(folder / "tiny-names", token_graph(), "BertForTokenClassification", NAMES)
    write_one(folder / "tiny-pairs", pair_graph(), "BertForSequenceClassification", ["LABEL_0"], pair_tokenizer())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.rsplit("\n\n", 1)[1].strip())
    write(Path(sys.argv[1]))
