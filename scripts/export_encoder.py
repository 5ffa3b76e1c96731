#!/usr/bin/env python3
"""Turns a BERT sentence encoder (safetensors) into the ONNX graph that Courant runs.

The graph pools and normalizes itself, so that only vectors leave the device:

    input_ids       int64   [batch, tokens]
    attention_mask  int64   [batch, tokens]         1 = token, 0 = padding
    spans           float32 [batch, spans, tokens]  1 where a vector takes a token
    embeddings      float32 [batch, spans, hidden]  unit length; an all-zero row stays zero
    states          float32 [batch, tokens, 2 * hidden]  for heads on tokens: what the layer
                                                    two thirds up and the last one say of each

It writes one graph per precision: fp32; fp16 for GPUs, which holds weights and
hidden values in 16 bits and adds up what it returns in 32; and int8, whose large
multiplications take 8-bit weights (one scale per column, symmetric) and round their input to
8 bits with the range that it has in that run. So an int8 vector depends on
what else is in the batch, and Courant gives that graph one text per run.

One encoder pass serves a whole text and its sentences: row 0 of `spans` usually
takes every token, each further row the tokens of one sentence. The sum of a
span's token vectors, scaled to unit length, is their mean scaled to unit length.

The weights lie beside the graph in one file that ONNX Runtime maps into memory:
sessions and processes share its pages, and loading parses a few kilobytes.

Usage: export_encoder.py SOURCE_FOLDER TARGET_FOLDER NAME
"""

import hashlib
import json
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

# The oldest opset with `Gelu`; `LayerNormalization` came with 17.
OPSET = 20
IR_VERSION = 9
# The value added to a padding token's score: exp(-10000) is 0 in every float type.
MASKED_SCORE = -10000.0
# Below this length a vector counts as zero.
MIN_NORM = 1e-12
# ONNX Runtime maps weights that start at a page.
PAGE_BYTES = 4096
# all-MiniLM-L6-v2 was trained on at most 256 tokens (its sentence_bert_config.json).
TRAINED_TOKENS = 256

GRAPH_FILES = {"fp32": "encoder.onnx", "fp16": "encoder-fp16.onnx", "int8": "encoder-int8.onnx"}
WEIGHTS_FILES = {"fp32": "encoder.weights", "fp16": "encoder-fp16.weights", "int8": "encoder-int8.weights"}
# The NumPy type in which the tensors of each ONNX type are stored.
STORED = {TensorProto.INT8: "i1", TensorProto.UINT8: "u1", TensorProto.FLOAT16: "<f2", TensorProto.FLOAT: "<f4"}
# Symmetric 8-bit weights: -128 is left out.
GREATEST_INT8 = 127


class ExportError(Exception):
    """The source is not an encoder that this script knows."""


def read_safetensors(path):
    """The tensors of a safetensors file, by name: an 8-byte little-endian length,
    a JSON header of that length, then the raw values."""
    data = np.memmap(path, dtype=np.uint8, mode="r")
    header_bytes = int(data[:8].view("<u8")[0])
    header = json.loads(bytes(data[8 : 8 + header_bytes]))
    header.pop("__metadata__", None)
    body = data[8 + header_bytes :]
    return {name: _tensor(name, entry, body) for name, entry in header.items()}


def _tensor(name, entry, body):
    kinds = {"F32": "<f4", "F16": "<f2", "I64": "<i8"}
    if entry["dtype"] not in kinds:
        raise ExportError(f"tensor {name} has type {entry['dtype']}, known are {', '.join(kinds)}")
    start, end = entry["data_offsets"]
    return body[start:end].view(kinds[entry["dtype"]]).reshape(entry["shape"])


class Weights:
    """The graph's large constants, laid out one after the other in their own file."""

    def __init__(self, file, float_kind=TensorProto.FLOAT):
        self.file = file
        self.float_kind = float_kind
        self.initializers = []
        self.parts = []
        self.size = 0

    def add(self, name, values):
        """Appends a tensor, int8 or in the graph's kind of floats, and returns its name."""
        values = np.asarray(values)
        kind = TensorProto.INT8 if values.dtype == np.int8 else self.float_kind
        return self.store(name, values, kind)

    def store(self, name, values, kind):
        """Appends a tensor of any kind, and returns its name."""
        raw = np.ascontiguousarray(values, dtype=STORED[kind]).tobytes()
        gap = -self.size % PAGE_BYTES
        tensor = TensorProto(name=name, data_type=kind, dims=values.shape, data_location=TensorProto.EXTERNAL)
        entries = {"location": self.file, "offset": self.size + gap, "length": len(raw)}
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        self.parts += [b"\0" * gap, raw]
        self.size += gap + len(raw)
        self.initializers.append(tensor)
        return name


class Graph:
    """Collects nodes, small constants, and the weights, for one precision."""

    def __init__(self, precision):
        self.precision = precision
        self.float_kind = TensorProto.FLOAT16 if precision == "fp16" else TensorProto.FLOAT
        self.nodes = []
        self.constants = []
        self.weights = Weights(WEIGHTS_FILES[precision], self.float_kind)

    def node(self, kind, inputs, output, **attributes):
        """Appends a node and returns its output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def multiply(self, value, weight, output):
        """`value` times the matrix `weight`, in the graph's precision."""
        if self.precision == "int8":
            return self._multiply_int8(value, weight, output)
        return self.node("MatMul", [value, self.weights.add(f"{output}.weight", weight)], output)

    def _multiply_int8(self, value, weight, output):
        """The same with both sides rounded to 8 bits. ONNX Runtime fuses these
        nodes into one."""
        rounded, scale = quantize(weight)
        names = [f"{output}.{part}" for part in ("rounded", "range", "zero")]
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [value], names, name=f"{output}.quantize"))
        zero = self.constant(f"{output}.weight_zero", np.zeros(1), np.int8)
        matrix = self.weights.add(f"{output}.weight", rounded)
        product = self.node("MatMulInteger", [names[0], matrix, names[2], zero], f"{output}.integers")
        floats = self.node("Cast", [product], f"{output}.floats", to=TensorProto.FLOAT)
        columns = self.weights.add(f"{output}.scale", scale)
        scales = self.node("Mul", [names[1], columns], f"{output}.scales")
        return self.node("Mul", [floats, scales], output)

    def in_32_bits(self, value):
        """`value`, or what of a half float is added up without losing its last digits."""
        if self.float_kind == TensorProto.FLOAT:
            return value
        return self.node("Cast", [value], f"{value}.in_32_bits", to=TensorProto.FLOAT)

    def number(self, name, value):
        """Adds a number in the graph's kind of floats and returns its name."""
        return self.constant(name, value, STORED[self.float_kind])

    def constant(self, name, values, dtype):
        """Adds a small constant, stored in the graph itself, and returns its name."""
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name


def quantize(weight):
    """A matrix rounded to int8, and the scale of each of its columns."""
    scale = np.abs(weight).max(axis=0) / GREATEST_INT8
    scale = np.where(scale == 0, 1.0, scale).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def build_graph(config, tensors, precision, word_vectors=None):
    """The whole encoder as a graph with its weights. `word_vectors`: adds the table of words
    to a graph and returns the name of the tokens' vectors; by default, those in `tensors`."""
    check_config(config)
    graph = Graph(precision)
    word_vectors = word_vectors or (lambda graph: gather_words(graph, tensors))
    hidden = embed_tokens(graph, config, tensors, word_vectors)
    scores_mask = mask_scores(graph)
    outputs = []
    for layer in range(config["num_hidden_layers"]):
        hidden = encoder_layer(graph, config, tensors, layer, hidden, scores_mask)
        outputs.append(hidden)
    last = graph.in_32_bits(hidden)
    middle = outputs[middle_layer(config)]
    middle = last if middle == hidden else graph.in_32_bits(middle)
    pool(graph, last)
    graph.node("Concat", [middle, last], "states", axis=2)
    return graph


def middle_layer(config):
    """The layer two thirds up: it tells names better than the last one, which was
    trained to tell what whole sentences mean."""
    return max(config["num_hidden_layers"] * 2 // 3 - 1, 0)


def check_config(config):
    """Refuses what the graph below would compute wrongly."""
    expected = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
    for key, value in expected.items():
        if config.get(key, value) != value:
            raise ExportError(f"config.json says {key} = {config[key]!r}, this script exports only {value!r}")


def gather_words(graph, tensors):
    """The rows of the table of words for the tokens."""
    words = graph.weights.add("word_embeddings", tensors["embeddings.word_embeddings.weight"])
    return graph.node("Gather", [words, "input_ids"], "word_vectors")


def embed_tokens(graph, config, tensors, word_vectors):
    """Word, position and token type embeddings, added and normalized. A single
    text has token type 0 everywhere, so that row goes into the position table."""
    start = graph.constant("zero", [0], np.int64)
    token_axis = graph.constant("token_axis", [1], np.int64)
    shape = graph.node("Shape", ["input_ids"], "input_shape")
    token_count = graph.node("Gather", [shape, token_axis], "token_count")
    word = word_vectors(graph)
    token_type = tensors["embeddings.token_type_embeddings.weight"][0]
    positions = graph.weights.add(
        "position_embeddings", tensors["embeddings.position_embeddings.weight"] + token_type
    )
    position = graph.node("Slice", [positions, start, token_count, start], "position_vectors")
    summed = graph.node("Add", [word, position], "embedding_sum")
    return layer_norm(graph, config, tensors, "embeddings.LayerNorm", summed, "embedded")


def mask_scores(graph):
    """What is added to the attention scores: 0 for tokens, MASKED_SCORE for padding."""
    one = graph.number("one", 1.0)
    lowered = graph.number("masked_score", MASKED_SCORE)
    axes = graph.constant("head_and_query_axes", [1, 2], np.int64)
    mask = graph.node("Cast", ["attention_mask"], "mask", to=graph.float_kind)
    spread = graph.node("Unsqueeze", [mask, axes], "mask_4d")
    padding = graph.node("Sub", [one, spread], "padding")
    return graph.node("Mul", [padding, lowered], "scores_mask")


def encoder_layer(graph, config, tensors, layer, hidden, scores_mask):
    """Self-attention and feed-forward, each added to its input and normalized."""
    source = f"encoder.layer.{layer}"
    name = f"layer{layer}"
    context = attention(graph, config, tensors, layer, hidden, scores_mask)
    attended = linear(graph, tensors, f"{source}.attention.output.dense", context, f"{name}.attended")
    added = graph.node("Add", [attended, hidden], f"{name}.attention_sum")
    middle = layer_norm(graph, config, tensors, f"{source}.attention.output.LayerNorm", added, f"{name}.middle")
    wide = linear(graph, tensors, f"{source}.intermediate.dense", middle, f"{name}.wide")
    active = graph.node("Gelu", [wide], f"{name}.active")
    narrow = linear(graph, tensors, f"{source}.output.dense", active, f"{name}.narrow")
    added = graph.node("Add", [narrow, middle], f"{name}.feed_forward_sum")
    return layer_norm(graph, config, tensors, f"{source}.output.LayerNorm", added, f"{name}.out")


def attention(graph, config, tensors, layer, hidden, scores_mask):
    """Multi-head attention. Query, key and value come from one multiplication,
    and the scale of the scores is part of the query's weights."""
    name = f"layer{layer}"
    heads = config["num_attention_heads"]
    width = config["hidden_size"] // heads
    query, key, value = split_heads(graph, tensors, layer, hidden, heads, width)
    turned = graph.node("Transpose", [key], f"{name}.key_turned", perm=[0, 1, 3, 2])
    scores = graph.node("MatMul", [query, turned], f"{name}.scores")
    masked = graph.node("Add", [scores, scores_mask], f"{name}.masked_scores")
    shares = graph.node("Softmax", [masked], f"{name}.shares", axis=-1)
    mixed = graph.node("MatMul", [shares, value], f"{name}.mixed")
    rows = graph.node("Transpose", [mixed], f"{name}.mixed_rows", perm=[0, 2, 1, 3])
    flat = graph.constant(f"{name}.flat_shape", [0, 0, heads * width], np.int64)
    return graph.node("Reshape", [rows, flat], f"{name}.context")


def split_heads(graph, tensors, layer, hidden, heads, width):
    """Query, key and value as [batch, heads, tokens, width]."""
    source = f"encoder.layer.{layer}.attention.self"
    name = f"layer{layer}"
    scale = np.float32(1.0 / math.sqrt(width))
    parts = [(tensors[f"{source}.{part}.weight"].T, tensors[f"{source}.{part}.bias"]) for part in ("query", "key", "value")]
    parts[0] = (parts[0][0] * scale, parts[0][1] * scale)
    weight = np.concatenate([part[0] for part in parts], axis=1)
    bias = graph.weights.add(f"{name}.qkv.bias", np.concatenate([part[1] for part in parts]))
    product = graph.multiply(hidden, weight, f"{name}.qkv_product")
    together = graph.node("Add", [product, bias], f"{name}.qkv")
    outputs = [f"{name}.{part}_rows" for part in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [together], outputs, name=f"{name}.split", axis=2, num_outputs=3))
    shape = graph.constant(f"{name}.head_shape", [0, 0, heads, width], np.int64)
    for rows in outputs:
        split = graph.node("Reshape", [rows, shape], f"{rows}.heads")
        yield graph.node("Transpose", [split], rows.removesuffix("_rows"), perm=[0, 2, 1, 3])


def linear(graph, tensors, source, value, output):
    """`value` times the weights plus the bias."""
    bias = graph.weights.add(f"{output}.bias", tensors[f"{source}.bias"])
    product = graph.multiply(value, tensors[f"{source}.weight"].T, f"{output}_product")
    return graph.node("Add", [product, bias], output)


def layer_norm(graph, config, tensors, source, value, output):
    """Layer normalization over the last axis."""
    scale = graph.weights.add(f"{output}.scale", tensors[f"{source}.weight"])
    bias = graph.weights.add(f"{output}.bias", tensors[f"{source}.bias"])
    epsilon = config["layer_norm_eps"]
    return graph.node("LayerNormalization", [value, scale, bias], output, axis=-1, epsilon=epsilon)


def pool(graph, hidden):
    """The tokens of each span, added up and scaled to unit length."""
    floor = graph.constant("min_norm", MIN_NORM, np.float32)
    last_axis = graph.constant("last_axis", [-1], np.int64)
    sums = graph.node("MatMul", ["spans", hidden], "span_sums")
    norm = graph.node("ReduceL2", [sums, last_axis], "norm", keepdims=1)
    length = graph.node("Max", [norm, floor], "length")
    graph.node("Div", [sums, length], "embeddings")


def to_model(graph, config):
    """The ONNX model of a graph."""
    ids, values = TensorProto.INT64, TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info("input_ids", ids, ["batch", "tokens"]),
        helper.make_tensor_value_info("attention_mask", ids, ["batch", "tokens"]),
        helper.make_tensor_value_info("spans", values, ["batch", "spans", "tokens"]),
    ]
    outputs = [
        helper.make_tensor_value_info("embeddings", values, ["batch", "spans", config["hidden_size"]]),
        helper.make_tensor_value_info("states", values, ["batch", "tokens", 2 * config["hidden_size"]]),
    ]
    initializers = graph.constants + graph.weights.initializers
    whole = helper.make_graph(graph.nodes, "encoder", inputs, outputs, initializers)
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(whole, opset_imports=[opset], ir_version=IR_VERSION, producer_name="courant")


def sha256(path):
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def describe(config, name, target):
    """What model.json says about the folder `target`."""
    shared = ["tokenizer.json", "config.json"]
    files = [*GRAPH_FILES.values(), *WEIGHTS_FILES.values(), *shared]
    graphs = {
        precision: {"graph": graph, "files": [graph, WEIGHTS_FILES[precision], *shared]}
        for precision, graph in GRAPH_FILES.items()
    }
    return {
        "name": name,
        "dimension": config["hidden_size"],
        "states": 2 * config["hidden_size"],
        "max_tokens": min(TRAINED_TOKENS, config["max_position_embeddings"]),
        "pooling": "graph",
        "tokenizer": "tokenizer.json",
        "graphs": graphs,
        "files": {file: sha256(target / file) for file in files},
    }


def export(source, target, name):
    """Writes the model folder `target` from the folder `source`."""
    config = json.loads((source / "config.json").read_text())
    tensors = read_safetensors(source / "model.safetensors")
    target.mkdir(parents=True, exist_ok=True)
    for precision, file in GRAPH_FILES.items():
        graph = build_graph(config, tensors, precision)
        model = to_model(graph, config)
        (target / graph.weights.file).write_bytes(b"".join(graph.weights.parts))
        (target / file).write_bytes(model.SerializeToString(deterministic=True))
        onnx.checker.check_model(str(target / file))
    for file in ("tokenizer.json", "config.json"):
        shutil.copyfile(source / file, target / file)
    (target / "model.json").write_text(json.dumps(describe(config, name, target), indent=2) + "\n")


def main(arguments):
    if len(arguments) != 3:
        print(__doc__.rsplit("\n\n", 1)[1].strip(), file=sys.stderr)
        return 2
    source, target, name = arguments
    try:
        export(Path(source), Path(target), name)
    except (ExportError, OSError, KeyError, ValueError) as error:
        print(f"export_encoder: cannot export {source}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
