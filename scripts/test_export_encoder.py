"""Checks the exported encoder against a second, independent computation."""

import json
import os
import struct
import tempfile
import unittest
from pathlib import Path

import numpy as np
from onnx.reference import ReferenceEvaluator

import export_encoder
import write_tiny_classifiers
import write_tiny_encoder
from reference_encoder import ReferenceEncoder, word_ids

CHECKOUT = Path(__file__).resolve().parent.parent
DEPS = Path(os.environ.get("COURANT_DEPS") or CHECKOUT / ".deps")
ENCODER = "all-MiniLM-L6-v2"
FIXTURE = CHECKOUT / "shared" / "inference" / "tests" / "fixtures" / "reference_vectors.json"
SAME = 0.9999

TINY = {
    "model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute",
    "vocab_size": 40, "hidden_size": 12, "num_attention_heads": 3, "num_hidden_layers": 2,
    "intermediate_size": 20, "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
}


def shapes(config):
    """Name and shape of every tensor of a BERT encoder."""
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    yield "embeddings.word_embeddings.weight", (config["vocab_size"], hidden)
    yield "embeddings.position_embeddings.weight", (config["max_position_embeddings"], hidden)
    yield "embeddings.token_type_embeddings.weight", (config["type_vocab_size"], hidden)
    dense = {f"attention.self.{part}": (hidden, hidden) for part in ("query", "key", "value")}
    dense |= {"attention.output.dense": (hidden, hidden), "intermediate.dense": (wide, hidden), "output.dense": (hidden, wide)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(config["num_hidden_layers"]):
        norms += [f"encoder.layer.{layer}.{part}.LayerNorm" for part in ("attention.output", "output")]
        for name, shape in dense.items():
            yield f"encoder.layer.{layer}.{name}.weight", shape
            yield f"encoder.layer.{layer}.{name}.bias", shape[:1]
    for name in norms:
        yield f"{name}.weight", (hidden,)
        yield f"{name}.bias", (hidden,)


def write_random_encoder(folder, config, seed):
    """An encoder of random weights as a source folder."""
    random = np.random.default_rng(seed)
    header, body = {}, b""
    for name, shape in shapes(config):
        raw = random.normal(0.0, 0.5, shape).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")


def run(folder, texts, spans, output="embeddings", precision="fp32"):
    """The exported graph's vectors for padded texts. `spans`: per text, the
    (start, end) of each vector, or None for a row that takes nothing."""
    longest = max(map(len, texts))
    ids = np.array([text + [0] * (longest - len(text)) for text in texts], np.int64)
    mask = np.array([[1] * len(text) + [0] * (longest - len(text)) for text in texts], np.int64)
    rows = np.zeros((len(texts), max(map(len, spans)), longest), np.float32)
    for text, text_spans in enumerate(spans):
        for row, span in enumerate(text_spans):
            if span:
                rows[text, row, slice(*span)] = 1.0
    graph = ReferenceEvaluator(str(folder / export_encoder.GRAPH_FILES[precision]))
    return graph.run([output], {"input_ids": ids, "attention_mask": mask, "spans": rows})[0]


class TinyEncoder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.source, self.target = Path(self.folder.name, "source"), Path(self.folder.name, "target")
        self.source.mkdir()
        write_random_encoder(self.source, TINY, seed=7)

    def test_padded_texts_and_their_spans_have_the_vectors_of_the_second_computation(self):
        export_encoder.export(self.source, self.target, "tiny")
        reference = ReferenceEncoder(self.source)
        texts = [[1, 5, 9, 2], [1, 30, 31, 32, 33, 8, 2], [1, 2]]
        spans = [[(0, 4), (1, 3)], [(0, 7), (4, 6)], [(0, 2)]]
        vectors = run(self.target, texts, spans)
        for text, text_spans in enumerate(spans):
            for row, span in enumerate(text_spans):
                expected = reference.embed(texts[text], span)
                np.testing.assert_allclose(vectors[text, row], expected, atol=2e-5)

    def test_half_floats_give_nearly_the_same_vectors_in_half_the_bytes(self):
        export_encoder.export(self.source, self.target, "tiny")
        texts, spans = [[1, 5, 9, 2], [1, 30, 31, 32, 33, 8, 2]], [[(0, 4)], [(0, 7)]]
        whole, half = run(self.target, texts, spans), run(self.target, texts, spans, precision="fp16")
        self.assertEqual(half.dtype, np.float32)
        np.testing.assert_allclose(half, whole, atol=5e-3)
        self.assertFalse(np.array_equal(half, whole))
        sizes = [tensor.nbytes for tensor in export_encoder.read_safetensors(self.source / "model.safetensors").values()]
        weights = (self.target / export_encoder.WEIGHTS_FILES["fp16"]).stat().st_size
        padding = export_encoder.PAGE_BYTES * len(sizes)
        self.assertLess(weights, sum(sizes) / 2 + padding)

    def test_a_row_that_takes_no_token_stays_zero(self):
        export_encoder.export(self.source, self.target, "tiny")
        vectors = run(self.target, [[1, 5, 2]], [[(0, 3), None]])
        np.testing.assert_array_equal(vectors[0, 1], np.zeros(TINY["hidden_size"]))

    def test_states_are_what_the_middle_and_the_last_layer_say_of_each_token(self):
        export_encoder.export(self.source, self.target, "tiny")
        texts = [[1, 5, 9, 2], [1, 30, 31, 32, 33, 8, 2]]
        states = run(self.target, texts, [[None], [None]], "states")
        hidden = TINY["hidden_size"]
        self.assertEqual(states.shape, (2, 7, 2 * hidden))
        shallow = self.target.parent / "shallow"
        (self.source / "config.json").write_text(json.dumps(TINY | {"num_hidden_layers": 1}))
        export_encoder.export(self.source, shallow, "shallow")
        for text, ids in enumerate(texts):
            whole = run(self.target, [ids], [[(0, len(ids))]])[0, 0]
            summed = states[text, : len(ids), hidden:].sum(axis=0)
            np.testing.assert_allclose(summed / np.linalg.norm(summed), whole, atol=2e-5)
            lower = run(shallow, [ids], [[None]], "states")[0, :, hidden:]
            np.testing.assert_allclose(states[text, : len(ids), :hidden], lower, atol=2e-5)

    def test_exporting_twice_gives_the_same_bytes(self):
        export_encoder.export(self.source, self.target, "tiny")
        again = self.target.parent / "again"
        export_encoder.export(self.source, again, "tiny")
        for file in (*export_encoder.GRAPH_FILES.values(), *export_encoder.WEIGHTS_FILES.values(), "model.json"):
            self.assertEqual((self.target / file).read_bytes(), (again / file).read_bytes())

    def test_an_activation_that_the_graph_does_not_have_is_refused(self):
        config = TINY | {"hidden_act": "relu"}
        (self.source / "config.json").write_text(json.dumps(config))
        with self.assertRaises(export_encoder.ExportError):
            export_encoder.export(self.source, self.target, "tiny")


class RealEncoder(unittest.TestCase):
    source = DEPS / "sources" / ENCODER
    target = DEPS / "models" / ENCODER

    def test_real_weights_give_the_vectors_of_the_second_computation(self):
        reference = ReferenceEncoder(self.source)
        ids = word_ids(self.source, "The central bank raised interest rates again.")
        expected = reference.embed(ids)
        found = run(self.target, [ids, ids[:4]], [[(0, len(ids))], [(0, 4)]])[0, 0]
        self.assertGreaterEqual(float(found @ expected), SAME)

    def test_the_vectors_that_the_rust_tests_expect_are_those_of_the_second_computation(self):
        reference = ReferenceEncoder(self.source)
        for case in json.loads(FIXTURE.read_text()):
            vector = reference.embed(word_ids(self.source, case["text"]))
            np.testing.assert_allclose(vector, case["vector"], rtol=0, atol=1e-6)

    def test_model_json_describes_the_files_beside_it(self):
        described = json.loads((self.target / "model.json").read_text())
        self.assertEqual(described["dimension"], 384)
        self.assertEqual(described["states"], 768)
        for file, expected in described["files"].items():
            self.assertEqual(export_encoder.sha256(self.target / file), expected)


class FixtureEncoder(unittest.TestCase):
    def test_the_tiny_encoder_of_the_rust_tests_is_what_its_script_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            write_tiny_encoder.write(Path(folder))
            for file in ("model.onnx", "tokenizer.json", "config.json"):
                self.assertEqual(Path(folder, file).read_bytes(), (FIXTURE.parent / "tiny" / file).read_bytes())

    def test_the_tiny_classifiers_of_the_rust_tests_are_what_their_script_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            write_tiny_classifiers.write(Path(folder))
            for name in ("tiny-sentiment", "tiny-names", "tiny-pairs"):
                for file in ("onnx/model.onnx", "tokenizer.json", "config.json"):
                    found, expected = Path(folder, name, file), FIXTURE.parent / "classifiers" / name / file
                    self.assertEqual(found.read_bytes(), expected.read_bytes())


if __name__ == "__main__":
    unittest.main()
