#!/usr/bin/env python3
"""Turns the fp32 graph of an encoder into one that rounds to 8 bits with fixed ranges
(static QDQ), as TensorRT wants it: symmetric int8, one scale per value and one per
column of each matrix. `courant models calibrate` runs this.

The ranges are those of the calibration texts: of all absolute values that enter a
multiplication, the one below which the given percentage lies. The fp32 graph is
computed here by onnx's reference implementation, one text at a time. The same texts
give the same files.

Reads a JSON array on standard input, the token ids of each text, and prints the range
of each value as a JSON object.

Usage: calibrate_encoder.py MODEL_FOLDER TARGET_FOLDER PERCENTAGE
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
from export_encoder import GREATEST_INT8, Weights, quantize
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

GRAPH_FILE = "encoder-int8-static.onnx"
WEIGHTS_FILE = "encoder-int8-static.weights"
# Bins of absolute values, each wider than the one before by the same ratio: a range is
# known to 0.6 percent, whatever the last digits of a processor.
BINS = np.geomspace(1e-6, 1e4, 4097)


class CalibrationError(Exception):
    """The graph cannot be calibrated; the text is one line."""


class Gelu(OpRun):
    """x times the normal distribution's share below x. Erf as in Abramowitz and Stegun
    7.1.26, to 1.5e-7: onnx's own takes a call per value."""

    op_domain = ""

    def _run(self, x, approximate=None):
        scaled = np.abs(x) / math.sqrt(2.0)
        t = 1.0 / (1.0 + 0.3275911 * scaled)
        series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
        erf = np.sign(x) * (1.0 - series * np.exp(-scaled * scaled))
        return ((0.5 * x * (1.0 + erf)).astype(x.dtype),)


def multiplications(model):
    """The nodes that multiply by a matrix of the model, with that matrix."""
    matrices = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in matrices]
    if not nodes:
        raise CalibrationError("the fp32 graph multiplies by no matrix of its own")
    return [(node, numpy_helper.to_array(matrices[node.input[1]])) for node in nodes]


def ranges(model, values, texts, percentage):
    """The range of each of `values` over the texts."""
    evaluator = ReferenceEvaluator(model, new_ops=[Gelu])
    counts = {value: np.zeros(len(BINS) + 1, np.int64) for value in values}
    for ids in texts:
        found = evaluator.run(values, inputs(model, ids))
        for value, entries in zip(values, found):
            places = np.searchsorted(BINS, np.abs(entries).ravel())
            counts[value] += np.bincount(places, minlength=len(BINS) + 1)
    return {value: reach(count, percentage) for value, count in counts.items()}


def reach(count, percentage):
    """The upper end of the bin below which the percentage of the values lies."""
    shares = np.cumsum(count) / count.sum()
    place = int(np.searchsorted(shares, min(percentage / 100.0, shares[-1])))
    return float(BINS[min(place, len(BINS) - 1)])


def inputs(model, ids):
    """One text, whole."""
    row = np.array([ids], np.int64)
    known = {
        "input_ids": row,
        "attention_mask": np.ones_like(row),
        "token_type_ids": np.zeros_like(row),
        "spans": np.ones((1, 1, len(ids)), np.float32),
    }
    return {entry.name: known[entry.name] for entry in model.graph.input}


def rounded(model, reaches):
    """The model with every multiplication between rounded sides, and its weights."""
    weights = Weights(WEIGHTS_FILE)
    nodes, constants, replaced, done = [], [], set(), set()
    by_output = {node.output[0]: matrix for node, matrix in multiplications(model)}
    for node in model.graph.node:
        matrix = by_output.get(node.output[0])
        if matrix is None:
            nodes.append(node)
            continue
        value, name = node.input[0], node.input[1]
        if value not in done:
            nodes += round_value(value, reaches[value], constants)
            done.add(value)
        nodes.append(restore_matrix(name, matrix, weights, constants))
        nodes.append(helper.make_node("MatMul", [f"{value}.restored", f"{name}.restored"], list(node.output), name=node.name))
        replaced.add(name)
    for tensor in model.graph.initializer:
        if tensor.name in replaced:
            continue
        entries = numpy_helper.to_array(tensor)
        if entries.dtype == np.float32 and entries.size > 1:
            weights.add(tensor.name, entries)
        else:
            constants.append(tensor)
    graph = helper.make_graph(
        nodes, model.graph.name, list(model.graph.input), list(model.graph.output), constants + weights.initializers
    )
    written = helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version, producer_name="courant")
    return written, weights


def round_value(value, reach, constants):
    """Nodes that round a value to 8 bits, and back."""
    scale, zero = f"{value}.range", f"{value}.middle"
    constants.append(numpy_helper.from_array(np.float32(reach / GREATEST_INT8), scale))
    constants.append(numpy_helper.from_array(np.int8(0), zero))
    names = [f"{value}.rounded", f"{value}.restored"]
    return [
        helper.make_node("QuantizeLinear", [value, scale, zero], names[:1], name=f"{value}.quantize"),
        helper.make_node("DequantizeLinear", [names[0], scale, zero], names[1:], name=f"{value}.dequantize"),
    ]


def restore_matrix(name, matrix, weights, constants):
    """The node that makes floats of a matrix that is kept in 8 bits."""
    entries, scale = quantize(matrix)
    constants.append(numpy_helper.from_array(np.zeros(len(scale), np.int8), f"{name}.middle"))
    sources = [weights.add(name, entries), weights.add(f"{name}.range", scale), f"{name}.middle"]
    return helper.make_node("DequantizeLinear", sources, [f"{name}.restored"], name=f"{name}.dequantize", axis=1)


def calibrate(source, target, percentage, texts):
    """Writes the graph and its weights into `target`; returns the ranges."""
    if not texts or not all(texts):
        raise CalibrationError("there is a text without tokens, or no text")
    if not 0.0 < percentage <= 100.0:
        raise CalibrationError(f"the percentage is {percentage}, not above 0 and up to 100")
    described = json.loads((source / "model.json").read_text())
    model = onnx.load(source / described["graphs"]["fp32"]["graph"])
    values = sorted({node.input[0] for node, _ in multiplications(model)})
    reaches = ranges(model, values, texts, percentage)
    written, weights = rounded(model, reaches)
    (target / WEIGHTS_FILE).write_bytes(b"".join(weights.parts))
    (target / GRAPH_FILE).write_bytes(written.SerializeToString(deterministic=True))
    return reaches


def main(arguments):
    if len(arguments) != 3:
        print(__doc__.rsplit("\n\n", 1)[1].strip(), file=sys.stderr)
        return 2
    try:
        reaches = calibrate(Path(arguments[0]), Path(arguments[1]), float(arguments[2]), json.load(sys.stdin))
    except (CalibrationError, OSError, KeyError, ValueError) as error:
        print(f"calibrate_encoder: {error!r}" if isinstance(error, KeyError) else f"calibrate_encoder: {error}", file=sys.stderr)
        return 1
    json.dump(reaches, sys.stdout, indent=2, sort_keys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
