import json
import unittest

import wordpiece

ENTRIES = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] ing em ##bed ##ding river mask [ ] . ! a ##b cafe \u65e5 \u03c3 ##\u03c3".split()
)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def tokenizer():
    return wordpiece.WordPieceTokenizer({entry: id for id, entry in enumerate(ENTRIES)}, SPECIAL)


class NormalizeTest(unittest.TestCase):
    def test_drops_control_and_format_characters_within_a_word(self):
        self.assertEqual(wordpiece.normalize("ri\u0000v\u200de\u00adr\ufffd\ue000"), "river")

    def test_every_white_space_becomes_a_space(self):
        self.assertEqual(wordpiece.normalize("a\tb\nc\u00a0d\u3000e\u2028f"), "a b c d e f")

    def test_vertical_tab_and_next_line_are_control_characters(self):
        self.assertEqual(wordpiece.normalize("a\u000bb\u0085c"), "abc")

    def test_keeps_unassigned_code_points(self):
        self.assertEqual(wordpiece.normalize("a\u0378b"), "a\u0378b")

    def test_strips_accents_and_lower_cases(self):
        self.assertEqual(wordpiece.normalize("CAF\u00c9 cafe\u0301 \u0130"), "cafe cafe i")

    def test_keeps_case_and_accents_where_the_file_does(self):
        self.assertEqual(wordpiece.normalize("CAF\u00c9\u0000 \u65e5", lowercase=False), "CAF\u00c9  \u65e5 ")

    def test_lower_cases_each_character_by_itself(self):
        self.assertEqual(wordpiece.normalize("\u03a3\u03a3"), "\u03c3\u03c3")

    def test_sets_cjk_ideographs_apart_also_beyond_the_basic_plane(self):
        self.assertEqual(wordpiece.normalize("a\u65e5\U00020bb7b").split(), ["a", "\u65e5", "\U00020bb7", "b"])


class SplitWordsTest(unittest.TestCase):
    def test_punctuation_and_ascii_symbols_stand_alone(self):
        self.assertEqual(
            wordpiece.split_words("don't $5+ \u2014x\u20ac"), ["don", "'", "t", "$", "5", "+", "\u2014", "x\u20ac"]
        )


class WordPieceTokenizerTest(unittest.TestCase):
    def test_longest_match_first(self):
        self.assertEqual(tokenizer().tokenize("Embedding river."), ["em", "##bed", "##ding", "river", "."])

    def test_a_word_with_an_unknown_part_is_one_unknown_token(self):
        self.assertEqual(tokenizer().tokenize("embedx river"), ["[UNK]", "river"])

    def test_a_word_may_have_100_characters(self):
        self.assertEqual(len(tokenizer().tokenize("a" + "b" * 99)), 100)
        self.assertEqual(tokenizer().tokenize("a" + "b" * 100), ["[UNK]"])

    def test_characters_are_counted_after_normalisation(self):
        self.assertEqual(len(tokenizer().tokenize("a" + "b\u0301" * 99)), 100)

    def test_special_tokens_match_in_raw_text_and_exact_case(self):
        self.assertEqual(tokenizer().tokenize("river[MASK]river"), ["river", "[MASK]", "river"])
        self.assertEqual(tokenizer().tokenize("[mask]"), ["[", "mask", "]"])
        self.assertEqual(tokenizer().tokenize("[MA\u0000SK]"), ["[", "mask", "]"])

    def test_truncation_keeps_the_special_tokens(self):
        cls, sep, river = ENTRIES.index("[CLS]"), ENTRIES.index("[SEP]"), ENTRIES.index("river")
        self.assertEqual(tokenizer().encode("", 4), ([cls, sep], False))
        self.assertEqual(tokenizer().encode("river river", 4), ([cls, river, river, sep], False))
        self.assertEqual(tokenizer().encode("river river a", 4), ([cls, river, river, sep], True))

    def test_from_json_refuses_other_rules(self):
        config = {
            "added_tokens": [
                {"content": token, "normalized": False, "single_word": False, "lstrip": False, "rstrip": False}
                for token in SPECIAL
            ],
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "single": [
                    {"SpecialToken": {"id": "[CLS]"}},
                    {"Sequence": {"id": "A"}},
                    {"SpecialToken": {"id": "[SEP]"}},
                ]
            },
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": {entry: id for id, entry in enumerate(ENTRIES)},
            },
        }
        read = wordpiece.WordPieceTokenizer.from_json(json.dumps(config))
        self.assertEqual(read.encode("Embedding[SEP]", 512), tokenizer().encode("Embedding[SEP]", 512))
        config["normalizer"]["clean_text"] = False
        with self.assertRaisesRegex(ValueError, "normalizer.clean_text is False"):
            wordpiece.WordPieceTokenizer.from_json(json.dumps(config))


if __name__ == "__main__":
    unittest.main()
