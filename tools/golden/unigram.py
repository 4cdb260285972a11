"""A SentencePiece Unigram tokenizer, written from its description and the standard library alone.

It exists to check the tokenizer that the project ships, so it shares no code with it. The rules are those of an XLM-R
`tokenizer.json`: a Precompiled normalizer, WhitespaceSplit and Metaspace, a Unigram model.

1. Special tokens that stand literally in the text ("<mask>") are cut out of the raw text and keep their id; what is
   between them goes through the steps below. A special token with `lstrip` takes the white space before it along.
2. Normalize: each cluster of a character and the marks on it, if it has fewer than 6 bytes and the table knows it, and
   else each of its characters, becomes what the table has for it.
3. Split at white space; each word gets U+2581 before it.
4. The pieces of a word with the greatest sum of scores. A character without a piece of its own is unknown, for a score of
   10 below the smallest; unknown characters in a row are one token. Of equal sums, the one whose last piece is longest.
"""

import json
import re
import unicodedata

SPACE = "\u2581"
UNKNOWN_PENALTY = 10.0
MOST_CLUSTER_BYTES = 6


def clusters(text):
    """A text in base characters, each with the marks that follow it."""
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
        """pieces: list of (piece, score); special_tokens: dict of those matched in raw text to whether they strip the
        white space before them; table: dict of what the normalizer replaces."""
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
        """Takes pieces and special tokens from a tokenizer.json's text; ValueError if it asks for other rules."""
        config = json.loads(data)
        pre_tokenizers = [part["type"] for part in config["pre_tokenizer"]["pretokenizers"]]
        found = (config["model"]["type"], config["normalizer"]["type"], pre_tokenizers)
        if found != ("Unigram", "Precompiled", ["WhitespaceSplit", "Metaspace"]):
            raise ValueError(f"tokenizer.json asks for {found}")
        special_tokens = {token["content"]: token["lstrip"] for token in config["added_tokens"]}
        return cls([tuple(piece) for piece in config["model"]["vocab"]], config["model"]["unk_id"], special_tokens, table)

    def normalize(self, text):
        """Step 2."""
        parts = []
        for cluster in clusters(text):
            if len(cluster.encode()) < MOST_CLUSTER_BYTES and cluster in self._table:
                parts.append(self._table[cluster])
            else:
                parts += [self._table.get(char, char) for char in cluster]
        return "".join(parts)

    def content(self, text):
        """The ids of a text, without special tokens around it."""
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
