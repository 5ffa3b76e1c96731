"""Checks the export of a packed model against a second computation."""

import struct
import tempfile
import unittest
from pathlib import Path

import numpy as np

import export_encoder
import export_multilingual
from charsmap import double_array
from check_multilingual import PackedReference, graph_vector
from onnx.reference import ReferenceEvaluator
from packed_e5 import BLOCK, FLOATS, PackedError, PackedModel

HIDDEN, WIDE, LAYERS, HEADS, POSITIONS = 64, 96, 2, 4, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u2581ab", "b", "é", "<mask>"]


class Writer:
    """Writes a packed model of random weights."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.entries, self.data = [], b""

    def floats(self, name, count):
        self.append(name, FLOATS, count, self.random.normal(0.0, 0.5, count).astype("<f4").tobytes())

    def blocks(self, name, rows, columns):
        blocks = rows * columns // BLOCK
        scales = self.random.normal(0.0, 0.05, blocks).astype("<f2").view("u1").reshape(blocks, 2)
        halves = self.random.integers(0, 256, (blocks, BLOCK // 2), dtype=np.uint8)
        self.append(name, 1, rows * columns, np.concatenate([scales, halves], axis=1).tobytes())

    def append(self, name, kind, count, raw):
        self.entries.append((name, kind, count, len(self.data), len(raw)))
        self.data += raw

    def tensors(self):
        self.blocks("emb.word", len(PIECES), HIDDEN)
        for name, count in (("pos", POSITIONS * HIDDEN), ("type", 2 * HIDDEN), ("ln.w", HIDDEN), ("ln.b", HIDDEN)):
            self.floats(f"emb.{name}", count)
        for layer in range(LAYERS):
            for name, rows, columns in (*((n, HIDDEN, HIDDEN) for n in ("q", "k", "v", "ao")), ("fi", WIDE, HIDDEN), ("fo", HIDDEN, WIDE)):
                self.blocks(f"l{layer}.{name}.w", rows, columns)
                self.floats(f"l{layer}.{name}.b", rows)
            for name in ("aln.w", "aln.b", "oln.w", "oln.b"):
                self.floats(f"l{layer}.{name}", HIDDEN)

    def file(self):
        self.tensors()
        texts = [piece.encode() for piece in PIECES]
        header = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, WIDE, len(PIECES), POSITIONS, 2, 1e-12, BLOCK)
        header += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, texts)))
        header += np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes() + np.linspace(0, -8, len(PIECES)).astype("<f4").tobytes()
        normalized = struct.pack("<IBI", 0xA0, 1, 0x20)
        header += b"".join(texts) + struct.pack("<iI", 1, len(normalized)) + normalized + struct.pack("<i", len(self.entries))
        names = [entry[0].encode() for entry in self.entries]
        start = len(header) + sum(2 + len(name) + 21 for name in names)
        for name, (_, kind, count, offset, size) in zip(names, self.entries):
            header += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", kind, count, start + offset, size)
        return header + self.data


class PackedExport(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.source, self.target = Path(self.folder.name, "model.bin"), Path(self.folder.name, "target")
        self.source.write_bytes(Writer(seed=5).file())

    def export(self, *precisions):
        export_multilingual.export(self.source, self.target, "tiny", precisions)

    def vector(self, precision, ids):
        return graph_vector(ReferenceEvaluator(str(self.target / export_encoder.GRAPH_FILES[precision])), ids)

    def test_the_graph_gives_the_vectors_of_the_second_computation(self):
        self.export("fp32", "int8")
        ids = [0, 5, 6, 7, 3, 2]
        expected = PackedReference(PackedModel(self.source)).embed(ids)
        np.testing.assert_allclose(self.vector("fp32", ids), expected, atol=2e-5)
        self.assertGreater(float(self.vector("int8", ids) @ expected), 0.99)

    def test_int8_alone_describes_its_own_files_only(self):
        self.export("int8")
        described = export_multilingual.json.loads((self.target / "model.json").read_text())
        self.assertEqual(list(described["graphs"]), ["int8"])
        self.assertEqual(set(described["files"]), {file.name for file in self.target.iterdir()} - {"model.json"})
        for file, expected in described["files"].items():
            self.assertEqual(export_encoder.sha256(self.target / file), expected)

    def test_the_tokenizer_has_the_pieces_in_the_order_of_their_bytes_without_special_ones(self):
        self.export("int8")
        found = (self.target / "tokenizer.unigram").read_bytes()
        magic, version, unknown, before, after, pieces, normalized = struct.unpack_from("<8s6I", found)
        self.assertEqual((magic, version, unknown, before, after, pieces, normalized), (b"CUNIGRAM", 1, 3, 1, 1, 4, 1))
        ids = struct.unpack_from("<4I", found, 32 + 8)
        self.assertEqual([PIECES[id] for id in ids], ["b", "é", "\u2581", "\u2581ab"])

    def test_what_is_no_packed_model_is_refused(self):
        self.source.write_bytes(b"no model at all")
        with self.assertRaises(PackedError):
            self.export("int8")


class DoubleArray(unittest.TestCase):
    def test_every_key_is_found_and_no_other(self):
        pairs = [(chr(cp).encode(), cp) for cp in range(0xA0, 0x400, 7)]
        units = double_array(pairs)

        def find(key):
            position = units[0] >> 10
            for byte in key:
                position ^= byte
                unit = units[position]
                if unit & 0x800000FF != byte:
                    return None
                position ^= unit >> 10
            return units[position] & 0x7FFFFFFF if unit & 0x100 else None

        for cp in range(0xA0, 0x400):
            self.assertEqual(find(chr(cp).encode()), cp if (cp - 0xA0) % 7 == 0 else None)


if __name__ == "__main__":
    unittest.main()
