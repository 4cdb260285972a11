"""SentencePiece's table of characters in the format of `precompiled_charsmap` of a `tokenizer.json`, made from a dict, for
test models. The trie is a double array in the units of darts-clone. The index of a node's child is the node's index XOR
its offset XOR the child's byte. The index of its value is the node's index XOR its offset.
"""

import base64
import struct
import unicodedata

BLOCK = 256
HAS_LEAF = 1 << 8
LEAF = 1 << 31


def compatibility_table():
    """A part of SentencePiece's nmt_nfkc rules: white space, dropped characters, and the NFKC forms of some blocks."""
    table = {chr(code): "" for code in (*range(1, 9), 0x0B, *range(0x0E, 0x20), 0x7F, 0x8F, 0x9F, 0xAD, 0x200B, 0x200E, 0xFEFF)}
    table.update((char, " ") for char in "\t\n\x0c\r\u0085\u00a0\u2003\u2028\u3000\ufffd")
    table["\r\n"] = " "
    for code in (*range(0xA1, 0x180), *range(0x2000, 0x2100), *range(0x2460, 0x2474), *range(0xFB00, 0xFB07), *range(0xFF01, 0xFF9F)):
        if chr(code) not in table and unicodedata.normalize("NFKC", chr(code)) != chr(code):
            table[chr(code)] = unicodedata.normalize("NFKC", chr(code))
    for base in "aceinouAEO":
        for mark in "\u0300\u0301\u0302\u0303\u0308\u0327":
            composed = unicodedata.normalize("NFC", base + mark)
            if len(composed) == 1:
                table[base + mark] = composed
    return table


class _DoubleArray:
    def __init__(self):
        self.units = [0] * BLOCK
        self._used = [False] * BLOCK
        self._used[0] = True
        self._bases = set()

    def add(self, place, node):
        """Puts the children of a node at free indexes."""
        children, value = node
        labels = sorted(children)
        base = self._free_base(place, labels, value is not None)
        offset = place ^ base
        if offset >= 1 << 21:
            raise ValueError("the table is too large for this program")
        self.units[place] |= offset << 10
        if value is not None:
            self.units[place] |= HAS_LEAF
            self.units[base] = LEAF | value
            self._used[base] = True
        for label in labels:
            self.units[base ^ label] = label
            self._used[base ^ label] = True
        for label in labels:
            self.add(base ^ label, children[label])

    def _free_base(self, place, labels, has_value):
        base = 1
        while True:
            if base + BLOCK > len(self.units):
                self.units += [0] * BLOCK
                self._used += [False] * BLOCK
            wanted = [base ^ label for label in labels] + [base]
            if base not in self._bases and not any(self._used[at] for at in wanted):
                self._bases.add(base)
                # Reserve the index even without a value, so that no other node's child is read as a value.
                self._used[base] = True
                return base
            base += 1


def encode(table):
    """The table in base64."""
    root, strings, places = ({}, None), bytearray(), {}
    for key in sorted(table):
        if table[key] not in places:
            places[table[key]] = len(strings)
            strings += table[key].encode() + b"\0"
        children, node = root[0], None
        for byte in key.encode():
            node = children.setdefault(byte, [{}, None])
            children = node[0]
        node[1] = places[table[key]]
    array = _DoubleArray()
    array.add(0, root)
    trie = struct.pack(f"<{len(array.units)}I", *array.units)
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + bytes(strings)).decode("ascii")
