"""A SentencePiece Unigram tokenizer, written from its description and the standard library alone.

It checks the tokenizer that the project ships, so the two share no code. The rules are those of an XLM-R
`tokenizer.json`: a Precompiled normalizer, WhitespaceSplit and Metaspace, a Unigram model.

1. Cut the special tokens that the raw text contains literally ("<mask>") out of it; they keep their id. Each part between
   them goes through the steps below. A special token with `lstrip` includes the white space before it.
2. Normalize by the table. A cluster is a character with the marks on it. If it has fewer than 6 bytes and is in the table,
   replace the cluster. Otherwise replace each of its characters that is in the table.
3. Split at white space, and put U+2581 before each word.
4. Split a word into the pieces with the greatest sum of scores. A character that is not a piece is unknown; its score is 10
   below the smallest score. Adjacent unknown characters are one token. If sums are equal, the longest last piece wins.
"""

import json
import re
import unicodedata

SPACE = "\u2581"
UNKNOWN_PENALTY = 10.0
MOST_CLUSTER_BYTES = 6


def clusters(text):
    """Splits a text into base characters, each with the marks that follow it."""
    found = []
    for char in text:
        joins = unicodedata.category(char) in ("Mn", "Me", "Mc") or char == "\u200d" or (char == "\n" and found[-1:] == ["\r"])
        if joins and found and found[-1] not in ("\n", "\r"):
            found[-1] += char
        elif joins and char == "\n":
            found[-1] += char
        else:
            found.append(char)
    return found


class UnigramTokenizer:
    """Turns a text into token ids; immutable."""

    def __init__(self, pieces, unknown, special_tokens, table):
        """pieces: list of (piece, score); special_tokens: dict from each token that is matched in raw text to whether it
        includes the white space before it; table: dict of the normalizer's replacements."""
        self._ids = {piece: number for number, (piece, _) in enumerate(pieces)}
        self._scores = dict(pieces)
        self._unknown = unknown
        self._unknown_score = min(self._scores.values()) - UNKNOWN_PENALTY
        self._longest = max(map(len, self._scores))
        self._table = table
        self._specials = frozenset(special_tokens)
        alternatives = "|".join(
            (r"\s*" if strips else "") + "(?:" + re.escape(token) + ")"
            for token, strips in sorted(special_tokens.items(), key=lambda item: -len(item[0]))
        )
        self._special_pattern = re.compile(f"({alternatives})")

    @classmethod
    def from_json(cls, data, table):
        """Reads pieces and special tokens from a tokenizer.json's text; ValueError if it has other rules."""
        config = json.loads(data)
        pre_tokenizers = [part["type"] for part in config["pre_tokenizer"]["pretokenizers"]]
        found = (config["model"]["type"], config["normalizer"]["type"], pre_tokenizers)
        if found != ("Unigram", "Precompiled", ["WhitespaceSplit", "Metaspace"]):
            raise ValueError(f"tokenizer.json asks for {found}")
        special_tokens = {token["content"]: token["lstrip"] for token in config["added_tokens"]}
        return cls([tuple(piece) for piece in config["model"]["vocab"]], config["model"]["unk_id"], special_tokens, table)

    def normalize(self, text):
        """Step 2 of the module's description."""
        parts = []
        for cluster in clusters(text):
            if len(cluster.encode()) < MOST_CLUSTER_BYTES and cluster in self._table:
                parts.append(self._table[cluster])
            else:
                parts += [self._table.get(char, char) for char in cluster]
        return "".join(parts)

    def content(self, text):
        """The ids of a text, without the special tokens around it."""
        ids = []
        for part in self._special_pattern.split(text):
            if part.strip() in self._specials:
                ids.append(self._ids[part.strip()])
            else:
                for word in self.normalize(part).split():
                    ids += self._word(SPACE + word)
        return ids

    def _word(self, word):
        best = [(0.0, 0, None)] + [None] * len(word)
        for start in range(len(word)):
            score = best[start][0]
            known = False
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                piece = word[start:end]
                if piece in self._scores:
                    known = known or end == start + 1
                    if best[end] is None or score + self._scores[piece] > best[end][0]:
                        best[end] = (score + self._scores[piece], start, self._ids[piece])
            if not known and (best[start + 1] is None or score + self._unknown_score > best[start + 1][0]):
                best[start + 1] = (score + self._unknown_score, start, self._unknown)
        ids, end = [], len(word)
        while end:
            _, start, number = best[end]
            if not (number == self._unknown and ids and ids[-1] == self._unknown):
                ids.append(number)
            end = start
        return ids[::-1]
