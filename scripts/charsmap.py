"""Builds what `Precompiled` in a tokenizer.json holds: the size of a trie, a double array over
UTF-8 bytes as Darts-clone lays it out, and the replacements, each ended by a zero byte."""

import base64
import struct
from collections import deque

# An array ends at a multiple of so many units.
UNITS = 256
HAS_LEAF = 1 << 8
IS_LEAF = 1 << 31
# Greater distances to the children of a node have another form, which no map so far needed.
FARTHEST = 1 << 21


class _Node:
    __slots__ = ("children", "value")

    def __init__(self):
        self.children, self.value = {}, None


def _trie(pairs):
    root = _Node()
    for key, value in pairs:
        node = root
        for byte in key:
            node = node.children.setdefault(byte, _Node())
        node.value = value
    return root


class _Array:
    """The units that are taken, and those that are the start of a node's children."""

    def __init__(self):
        self.used, self.bases, self.first_free = {0}, set(), 1

    def place(self, labels):
        """The start of a place for children with these labels."""
        while self.first_free in self.used:
            self.first_free += 1
        at = self.first_free
        while True:
            base = at ^ labels[0]
            if base and base not in self.bases and all((base ^ label) not in self.used for label in labels):
                self.bases.add(base)
                self.used.update(base ^ label for label in labels)
                return base
            at += 1


def double_array(pairs):
    """`pairs`: UTF-8 bytes without a zero, and a value of at most 31 bits."""
    units, array = {}, _Array()
    queue = deque([(0, _trie(pairs), 0)])
    while queue:
        position, node, label = queue.popleft()
        labels = sorted(node.children)
        is_leaf = node.value is not None
        start = array.place(([0] if is_leaf else []) + labels)
        offset = position ^ start
        if offset >= FARTHEST:
            raise ValueError("the map of characters is too large")
        units[position] = offset << 10 | (HAS_LEAF if is_leaf else 0) | label
        if is_leaf:
            units[start] = IS_LEAF | node.value
        queue.extend((start ^ each, node.children[each], each) for each in labels)
    size = (max(array.used) // UNITS + 1) * UNITS
    return [units.get(at, 0) for at in range(size)]


def charsmap(replacements):
    """The map in base64. `replacements`: code point to text."""
    blob, places, pairs = b"", {}, []
    for code_point, text in sorted(replacements.items()):
        if code_point == 0:
            continue
        if text not in places:
            places[text] = len(blob)
            blob += text.encode() + b"\0"
        pairs.append((chr(code_point).encode(), places[text]))
    units = double_array(pairs)
    array = struct.pack(f"<{len(units)}I", *units)
    return base64.b64encode(struct.pack("<I", len(array)) + array + blob).decode()
