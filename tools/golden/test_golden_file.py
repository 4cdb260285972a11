"""What must hold of the golden file without the model at hand; `make_golden.py --check` does the rest."""

import json
import math
import unittest

import make_golden
import texts


class GoldenFileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(make_golden.DEFAULT_OUTPUT, encoding="ascii") as file:
            cls.header, *cls.lines = [json.loads(line) for line in file]

    def test_holds_the_texts_of_this_folder(self):
        stored = [(line["id"], line["type"], line["text"]) for line in self.lines]
        self.assertEqual(stored, [(golden.id, golden.type, golden.text) for golden in texts.TEXTS])
        self.assertEqual(len({line["id"] for line in self.lines}), len(self.lines))
        self.assertEqual(self.header["texts"], len(self.lines))

    def test_token_counts_fit(self):
        for line in self.lines:
            with self.subTest(line["id"]):
                self.assertEqual(line["tokens"], len(line["token_ids"]))
                self.assertLessEqual(line["tokens"], self.header["max_tokens"])
                if line["truncated"]:
                    self.assertEqual(line["tokens"], self.header["max_tokens"])

    def test_vectors_have_the_dimension_and_length_one(self):
        for line in self.lines:
            with self.subTest(line["id"]):
                self.assertEqual(len(line["vector"]), self.header["dimension"])
                self.assertAlmostEqual(math.sqrt(sum(x * x for x in line["vector"])), 1.0, places=7)

    def test_same_ids_same_vector_and_only_then(self):
        by_ids = {}
        for line in self.lines:
            by_ids.setdefault(tuple(line["token_ids"]), set()).add(tuple(line["vector"]))
        self.assertTrue(all(len(vectors) == 1 for vectors in by_ids.values()))
        self.assertEqual(len(set.union(*by_ids.values())), len(by_ids))


if __name__ == "__main__":
    unittest.main()
