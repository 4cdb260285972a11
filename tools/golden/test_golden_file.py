"""Checks of the golden files that do not need a model; `make_golden.py --check` does the others."""

import json
import math
import unittest

import make_golden
import models


def golden_files():
    """Yields for each model: the model, the header, the lines."""
    for model in models.MODELS.values():
        with open(make_golden.golden_file(model), encoding="ascii") as file:
            header, *lines = [json.loads(line) for line in file]
        yield model, header, lines


class GoldenFileTest(unittest.TestCase):
    def test_holds_the_texts_of_this_folder(self):
        for model, header, lines in golden_files():
            with self.subTest(model.name):
                stored = [(line["id"], line["type"], line["text"]) for line in lines]
                self.assertEqual(stored, [(golden.id, golden.type, golden.text) for golden in model.texts])
                self.assertEqual(len({line["id"] for line in lines}), len(lines))
                self.assertGreaterEqual(len(lines), 60)
                self.assertEqual(header["texts"], len(lines))
                self.assertEqual(header["query_prefix"], model.query_prefix)
                self.assertEqual(header.get("passage_prefix", ""), model.passage_prefix)

    def test_token_counts_fit(self):
        for model, header, lines in golden_files():
            for line in lines:
                with self.subTest(f"{model.name} {line['id']}"):
                    self.assertEqual(line["tokens"], len(line["token_ids"]))
                    self.assertLessEqual(line["tokens"], header["max_tokens"])
                    if line["truncated"]:
                        self.assertEqual(line["tokens"], header["max_tokens"])

    def test_vectors_have_the_dimension_and_length_one(self):
        for model, header, lines in golden_files():
            for line in lines:
                with self.subTest(f"{model.name} {line['id']}"):
                    vector = make_golden.decode(line["vector"])
                    self.assertEqual(len(vector), header["dimension"])
                    self.assertAlmostEqual(math.sqrt(float(vector @ vector)), 1.0, places=6)

    def test_same_ids_same_vector_and_only_then(self):
        for model, _, lines in golden_files():
            with self.subTest(model.name):
                by_ids = {}
                for line in lines:
                    vector = make_golden.decode(line["vector"]).tobytes()
                    by_ids.setdefault(tuple(line["token_ids"]), set()).add(vector)
                self.assertTrue(all(len(vectors) == 1 for vectors in by_ids.values()))
                self.assertEqual(len(set.union(*by_ids.values())), len(by_ids))


if __name__ == "__main__":
    unittest.main()
