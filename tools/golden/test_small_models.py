import base64
import struct
import unittest

import bytelevel
import charsmap
import small_models
import unigram


class UnigramTest(unittest.TestCase):
    def tokenizer(self, *pieces, table=None):
        return unigram.UnigramTokenizer([("<unk>", 0.0), *pieces], 0, {"<m>": True}, table or {})

    def test_the_best_sum_of_scores_wins(self):
        tokenizer = self.tokenizer(("\u2581", -3.0), ("a", -2.0), ("b", -2.0), ("\u2581a", -3.0), ("ab", -1.5))
        self.assertEqual([1, 5], tokenizer.content("ab"))
        self.assertEqual([4], tokenizer.content("a"))

    def test_unknown_characters_in_a_row_are_one(self):
        self.assertEqual([1, 0, 2], self.tokenizer(("\u2581", -1.0), ("a", -1.0)).content("xyza"))

    def test_a_special_token_takes_the_space_before_it(self):
        tokenizer = unigram.UnigramTokenizer([("<m>", 0.0), ("\u2581a", -1.0)], 0, {"<m>": True}, {})
        self.assertEqual([1, 0, 1], tokenizer.content("a  <m>a"))

    def test_clusters_and_characters_are_normalized(self):
        tokenizer = self.tokenizer(("\u2581é", -1.0), table={"e\u0301": "é", "\uff45": "e", "\u200b": ""})
        self.assertEqual("é", tokenizer.normalize("e\u0301"))
        self.assertEqual("e\u0302", tokenizer.normalize("\u200b\uff45\u0302"))


class ByteLevelTest(unittest.TestCase):
    def test_words_are_split_as_gpt_2_does(self):
        self.assertEqual(
            ["I", "'m", " here", ",", " it", "'s", " ", " 12", "pm", "!", "\n  "],
            bytelevel.split_words("I'm here, it's  12pm!\n  "),
        )

    def test_every_byte_has_a_character_of_its_own(self):
        self.assertEqual(256, len(set(bytelevel.BYTES.values())))
        self.assertEqual("\u0120", bytelevel.BYTES[0x20])
        self.assertEqual("\u010a", bytelevel.BYTES[0x0A])

    def test_the_first_merge_of_the_list_comes_first(self):
        vocabulary = {token: number for number, token in enumerate(["a", "b", "c", "ab", "bc", "abc"])}
        tokenizer = bytelevel.ByteLevelTokenizer(vocabulary, [("b", "c"), ("a", "bc"), ("a", "b")], {"<m>": False})
        self.assertEqual([5, 3], tokenizer.content("abcab"))


class CharsmapTest(unittest.TestCase):
    def test_every_key_is_found_and_nothing_else(self):
        table = charsmap.compatibility_table()
        data = base64.b64decode(charsmap.encode(table))
        size = struct.unpack_from("<I", data)[0]
        units, strings = struct.unpack_from(f"<{size // 4}I", data, 4), data[4 + size :]

        def look_up(key):
            offset = lambda unit: (unit >> 10) << ((unit & (1 << 9)) >> 6)
            at, found = offset(units[0]), None
            for byte in key.encode():
                at ^= byte
                if units[at] & (1 << 31 | 0xFF) != byte:
                    return None
                has_leaf = units[at] >> 8 & 1
                at ^= offset(units[at])
                found = strings[units[at] & 0x7FFFFFFF :].split(b"\0")[0].decode() if has_leaf else None
            return found

        for key, value in table.items():
            self.assertEqual(value, look_up(key), repr(key))
        for code in range(0x20, 0x3000):
            self.assertEqual(table.get(chr(code)), look_up(chr(code)), hex(code))


class LongestFirstTest(unittest.TestCase):
    def test_as_the_tokenizers_librarys_own_tests_have_it(self):
        cases = {
            (0, 0): (0, 0), (0, 2): (0, 2), (0, 4): (0, 4), (0, 8): (0, 7), (2, 0): (2, 0), (2, 2): (2, 2), (2, 4): (2, 4),
            (2, 8): (2, 5), (4, 0): (4, 0), (4, 2): (4, 2), (4, 4): (3, 4), (4, 8): (3, 4), (8, 0): (7, 0), (8, 2): (5, 2),
            (8, 4): (4, 3), (8, 8): (3, 4),
        }
        for lengths, kept in cases.items():
            self.assertEqual(kept, small_models.longest_first(*lengths, 7), lengths)


if __name__ == "__main__":
    unittest.main()
