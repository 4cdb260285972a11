"""A BERT WordPiece tokenizer, written from its description and the standard library alone.

It checks the tokenizer that the project ships, so the two share no code. The rules are those of a `tokenizer.json` with
BertNormalizer, BertPreTokenizer and WordPiece:

1. Cut the special tokens that the raw text contains literally ("[MASK]", exact case) out of it; they keep their id. Each
   part between them goes through the steps below.
2. Clean: drop U+FFFD and the characters of the general categories Cc, Cf and Co, except tab, line feed and carriage
   return; turn white space into a space.
3. Put spaces around CJK ideographs. Then, if the file asks for lower case, decompose (NFD), drop non-spacing marks (Mn)
   and convert each character separately (so a Greek sigma at the end of a word has its usual form).
4. Split at spaces, and around every punctuation character, which is one word.
5. Match the longest entry first within a word. A word of more than 100 characters, or with a part that no entry matches,
   is one [UNK].

Character categories are those of Python's Unicode database (14.0 in Python 3.11). The tokenizers library has older tables
(about Unicode 8), so the two differ in newer marks, punctuation and format characters.
"""

import json
import re
import unicodedata

MAX_WORD_CHARS = 100

# Blocks in which each ideograph is a word. The fourth extension block starts at U+2B920 as in the tokenizers library. In
# the original BERT code it starts at U+2B820.
_CJK_RANGES = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def _is_dropped(char):
    if char in "\t\n\r":
        return False
    # Unassigned code points (Cn) stay, as in the tokenizers library; the original BERT code drops them.
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cf", "Co")


def _is_space(char):
    return char in "\t\n\r" or unicodedata.category(char)[0] == "Z"


def _is_cjk(char):
    return any(first <= ord(char) <= last for first, last in _CJK_RANGES)


def _is_punctuation(char):
    # The first four ranges are ASCII punctuation. Unicode classifies some of it ("$", "+", "^") as symbols.
    return (
        "!" <= char <= "/"
        or ":" <= char <= "@"
        or "[" <= char <= "`"
        or "{" <= char <= "~"
        or unicodedata.category(char)[0] == "P"
    )


def normalize(text, lowercase=True):
    """Steps 2 and 3 of the module's description; without lowercase, case and accents stay."""
    cleaned = "".join(" " if _is_space(c) else c for c in text if not _is_dropped(c))
    spaced = "".join(f" {c} " if _is_cjk(c) else c for c in cleaned)
    if not lowercase:
        return spaced
    decomposed = unicodedata.normalize("NFD", spaced)
    return "".join(c.lower() for c in decomposed if unicodedata.category(c) != "Mn")


def split_words(normalized):
    """Step 4: the words of a normalised text, each punctuation character a word."""
    words = []
    for chunk in normalized.split():
        word = ""
        for char in chunk:
            if _is_punctuation(char):
                if word:
                    words.append(word)
                words.append(char)
                word = ""
            else:
                word += char
        if word:
            words.append(word)
    return words


class WordPieceTokenizer:
    """Turns a text into token ids; immutable."""

    def __init__(self, vocabulary, special_tokens, lowercase=True):
        """vocabulary: dict of entry to id, including special tokens; special_tokens: the ones matched in raw text."""
        self._lowercase = lowercase
        self._vocabulary = vocabulary
        self._special_tokens = frozenset(special_tokens)
        alternatives = "|".join(re.escape(t) for t in sorted(special_tokens, key=len, reverse=True))
        self._special_pattern = re.compile(f"({alternatives})")

    @classmethod
    def from_json(cls, data):
        """Reads vocabulary and special tokens from a tokenizer.json's bytes; ValueError if it has other rules."""
        config = json.loads(data)
        model, normalizer = config["model"], config["normalizer"]
        expected = (
            ("model.type", model.get("type", "WordPiece"), "WordPiece"),
            ("model.continuing_subword_prefix", model["continuing_subword_prefix"], "##"),
            ("model.max_input_chars_per_word", model["max_input_chars_per_word"], MAX_WORD_CHARS),
            ("model.unk_token", model["unk_token"], "[UNK]"),
            ("normalizer.type", normalizer["type"], "BertNormalizer"),
            ("normalizer.clean_text", normalizer["clean_text"], True),
            ("normalizer.handle_chinese_chars", normalizer["handle_chinese_chars"], True),
            # None means the same as lowercase.
            ("normalizer.strip_accents", normalizer["strip_accents"] in (None, normalizer["lowercase"]), True),
            ("pre_tokenizer.type", config["pre_tokenizer"]["type"], "BertPreTokenizer"),
            (
                "post_processor.single",
                [next(iter(part.values()))["id"] for part in config["post_processor"]["single"]],
                ["[CLS]", "A", "[SEP]"],
            ),
        )
        for name, found, wanted in expected:
            if found != wanted:
                raise ValueError(f"tokenizer.json: {name} is {found!r}; this tokenizer only knows {wanted!r}")
        for token in config["added_tokens"]:
            if token["normalized"] or token["single_word"] or token["lstrip"] or token["rstrip"]:
                raise ValueError(f"tokenizer.json: added token {token['content']!r} is not matched as plain raw text")
        special_tokens = [token["content"] for token in config["added_tokens"]]
        return cls(model["vocab"], special_tokens, normalizer["lowercase"])

    def tokenize(self, text):
        """All tokens of a text, without [CLS] and [SEP] around them."""
        tokens = []
        for piece in self._special_pattern.split(text):
            if piece in self._special_tokens:
                tokens.append(piece)
            else:
                for word in split_words(normalize(piece, self._lowercase)):
                    tokens.extend(self._word_pieces(word))
        return tokens

    def encode(self, text, max_tokens):
        """Returns (ids, truncated): [CLS] tokens [SEP], at most max_tokens in all; it cuts off the end of the text."""
        tokens = self.tokenize(text)
        kept = tokens[: max_tokens - 2]
        ids = [self._vocabulary[token] for token in ["[CLS]", *kept, "[SEP]"]]
        return ids, len(kept) < len(tokens)

    def _word_pieces(self, word):
        if len(word) > MAX_WORD_CHARS:
            return ["[UNK]"]
        pieces = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            end = len(word)
            while end > start and prefix + word[start:end] not in self._vocabulary:
                end -= 1
            if end == start:
                return ["[UNK]"]
            pieces.append(prefix + word[start:end])
            start = end
        return pieces
