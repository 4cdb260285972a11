"""Vocabularies for small models, made from texts. They have words, parts of words and single characters."""

import collections
import math

import bytelevel
import unigram
import wordpiece


def _parts(words, longest):
    """The number of occurrences of each part of a word, from words with their counts."""
    counts = collections.Counter()
    for word, count in words.items():
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + longest) + 1):
                counts[word[start:end]] += count
    return counts


def unigram_pieces(texts, table, special_tokens, size):
    """(piece, score) of a Unigram model: the special tokens, then characters and the parts that save the most tokens."""
    normalizer = unigram.UnigramTokenizer([("x", 0.0)], 0, {"<none>": False}, table)
    words = collections.Counter(unigram.SPACE + w for text in texts for w in normalizer.normalize(text).split())
    counts = _parts(words, 9)
    characters = [part for part, count in counts.most_common() if len(part) == 1][: size // 2]
    longer = sorted((p for p in counts if len(p) > 1 and counts[p] > 1), key=lambda p: (-counts[p] * (len(p) - 1), p))
    pieces = (characters + longer)[: size - len(special_tokens)]
    total = sum(counts[piece] for piece in pieces)
    scored = sorted(((piece, round(math.log(counts[piece] / total), 6)) for piece in pieces), key=lambda p: (-p[1], p[0]))
    return [(token, 0.0) for token in special_tokens] + scored


def byte_pairs(texts, special_tokens, size):
    """(vocabulary, merges) of a byte-level BPE model."""
    words = collections.Counter(
        tuple(bytelevel.BYTES[b] for b in word.encode()) for text in texts for word in bytelevel.split_words(text)
    )
    vocabulary = [*special_tokens, *sorted(bytelevel.BYTES.values())]
    merges = []
    while len(vocabulary) < size:
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        pair = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(pair)
        vocabulary.append("".join(pair))
        merged = collections.Counter()
        for word, count in words.items():
            parts, at = [], 0
            while at < len(word):
                both = word[at : at + 2] == pair
                parts.append(word[at] + word[at + 1] if both else word[at])
                at += 2 if both else 1
            merged[tuple(parts)] += count
        words = merged
    return {token: number for number, token in enumerate(vocabulary)}, merges


def word_pieces(texts, special_tokens, size):
    """The vocabulary of a WordPiece model: characters, words, and endings of words."""
    words = collections.Counter(w for text in texts for w in wordpiece.split_words(wordpiece.normalize(text)))
    characters = [c for c, _ in collections.Counter(c for w in words for c in w).most_common()][: size // 4]
    common = [w for w, _ in sorted(words.items(), key=lambda item: (-item[1] * len(item[0]), item[0])) if len(w) > 1]
    endings = [f"##{w[-2:]}" for w in words if len(w) > 3]
    ranked = [e for e, _ in sorted(collections.Counter(endings).items(), key=lambda item: (-item[1], item[0]))]
    tokens = list(dict.fromkeys([*special_tokens, *characters, *(f"##{c}" for c in characters), *common[: size // 3], *ranked]))
    return {token: number for number, token in enumerate(tokens[:size])}
