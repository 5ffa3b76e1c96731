"""Writes Courant's encoder as other libraries expect one, without pooling:
plain_graph.py FOLDER_OF_THE_ENCODER TARGET_FOLDER
"""

import shutil
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

POOLING = {"span_sums", "norm", "length", "embeddings", "states"}


def main(source, target):
    source, target = Path(source), Path(target)
    target.mkdir(parents=True, exist_ok=True)
    model = onnx.load(source / "encoder.onnx", load_external_data=False)
    graph = model.graph
    hidden = next(node.input[1] for node in graph.node if node.name == "span_sums")
    kept = [node for node in graph.node if node.name not in POOLING]
    width = graph.output[0].type.tensor_type.shape.dim[2].dim_value
    del graph.node[:], graph.output[:]
    graph.node.extend([*kept, helper.make_node("Identity", [hidden], ["last_hidden_state"])])
    shape = ["batch", "tokens", width]
    graph.output.append(helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape))
    inputs = [value for value in graph.input if value.name != "spans"]
    del graph.input[:]
    graph.input.extend(inputs)
    (target / "plain.onnx").write_bytes(model.SerializeToString())
    for file in ("encoder.weights", "tokenizer.json", "config.json"):
        shutil.copyfile(source / file, target / file)


if __name__ == "__main__":
    main(*sys.argv[1:])
