"""A byte-level BPE tokenizer, written from its description and the standard library alone.

It checks the tokenizer that the project ships, so the two share no code. The rules are those of a RoBERTa
`tokenizer.json`: no normalizer, the byte-level pre-tokenizer without a space added before a text, a BPE model.

1. Cut the special tokens that the text contains literally out of it, as in `unigram.py`.
2. Split the text. A word is a contraction ('s, 't, 're, 've, 'm, 'll, 'd), or a run of letters, digits or other
   characters with the space before it, or a run of white space. The last space of a run belongs to the next word.
3. Write each byte of a word as one character: printable Latin-1 as it is, the others from U+0100 on.
4. Merge the pair of neighbours in a word that is first in the list of merges. Repeat until no pair is in the list.
"""

import json
import re
import unicodedata

CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")


def byte_characters():
    """The character that represents each byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    characters, others = {byte: chr(byte) for byte in printable}, 0
    for byte in range(256):
        if byte not in characters:
            characters[byte] = chr(256 + others)
            others += 1
    return characters


BYTES = byte_characters()


def _kind(char):
    if char.isspace():
        return "space"
    return {"L": "letter", "N": "digit"}.get(unicodedata.category(char)[0], "other")


def split_words(text):
    """Step 2 of the module's description."""
    words, at = [], 0
    while at < len(text):
        contraction = next((c for c in CONTRACTIONS if text.startswith(c, at)), None)
        if contraction:
            words.append(contraction)
            at += len(contraction)
            continue
        start = at + 1 if text[at] == " " and at + 1 < len(text) and _kind(text[at + 1]) != "space" else at
        kind, end = _kind(text[start]), start
        while end < len(text) and _kind(text[end]) == kind:
            end += 1
        if kind == "space" and end < len(text) and end - start > 1:
            end -= 1
        words.append(text[at:end])
        at = end
    return words


class ByteLevelTokenizer:
    """Turns a text into token ids; immutable."""

    def __init__(self, vocabulary, merges, special_tokens):
        """vocabulary: dict of token to id; merges: pairs in order; special_tokens: as in UnigramTokenizer."""
        self._vocabulary = vocabulary
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._specials = frozenset(special_tokens)
        alternatives = "|".join(
            (r"\s*" if strips else "") + "(?:" + re.escape(token) + ")" for token, strips in special_tokens.items()
        )
        self._special_pattern = re.compile(f"({alternatives})")

    @classmethod
    def from_json(cls, data):
        """Reads all from a tokenizer.json's text; ValueError if it has other rules."""
        config = json.loads(data)
        pre_tokenizer = config["pre_tokenizer"]
        if (config["model"]["type"], config["normalizer"]) != ("BPE", None) or pre_tokenizer["add_prefix_space"]:
            raise ValueError("tokenizer.json asks for other rules than a RoBERTa's")
        merges = [tuple(merge.split(" ")) for merge in config["model"]["merges"]]
        special_tokens = {token["content"]: token["lstrip"] for token in config["added_tokens"]}
        return cls(config["model"]["vocab"], merges, special_tokens)

    def content(self, text):
        """The ids of a text, without the special tokens around it."""
        ids = []
        for part in self._special_pattern.split(text):
            if part.strip() in self._specials:
                ids.append(self._vocabulary[part.strip()])
            else:
                for word in split_words(part):
                    ids += [self._vocabulary[token] for token in self._merge([BYTES[b] for b in word.encode()])]
        return ids

    def _merge(self, tokens):
        while True:
            ranked = [(self._ranks[pair], at) for at, pair in enumerate(zip(tokens, tokens[1:])) if pair in self._ranks]
            if not ranked:
                return tokens
            at = min(ranked)[1]
            tokens = [*tokens[:at], tokens[at] + tokens[at + 1], *tokens[at + 2 :]]
