import unittest

import torch

import device_check
import encoder
import packed_encoder
import tiny
from recipe import Shape

SHAPE = Shape(length=24, batch=1, texts=5)

# Lengths of the texts in a row: with padding after them, one that fills the row, with all tokens and texts in use, with
# all texts in use, only one text.
ROWS = ([5, 7, 2, 9], [24], [4, 5, 5, 5, 5], [2, 2, 2, 2, 2], [3])


def tokens(lengths, seed=1):
    random = torch.Generator().manual_seed(seed)
    return [torch.randint(1, 40, (length,), generator=random, dtype=torch.int32) for length in lengths]


class PackedEncoderTest(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        self.weights = tiny.tensors()

    def graph(self, mask="added", pooling="cls", normalize=True, dtype=torch.float32, shape=SHAPE):
        return packed_encoder.PackedEncoder(
            tiny.CONFIG, self.weights, shape.length, shape.texts, pooling, normalize, dtype, mask
        ).eval()

    def alone(self, text, pooling="cls", normalize=True):
        ids = text[None]
        return encoder.Encoder(tiny.CONFIG, self.weights, len(text), pooling, normalize)(ids, torch.ones_like(ids))[0]

    def check(self, texts, vectors, tolerance=1e-5, **options):
        self.assertTrue(torch.isfinite(vectors).all())
        for text, vector in zip(texts, vectors):
            torch.testing.assert_close(vector, self.alone(text, **options), atol=tolerance, rtol=0)

    def test_texts_have_the_vectors_that_they_have_alone(self):
        for mask in packed_encoder.MASKS:
            for pooling in ("cls", "mean"):
                for normalize in (True, False):
                    graph = self.graph(mask, pooling, normalize)
                    for lengths in ROWS:
                        with self.subTest(mask=mask, pooling=pooling, normalize=normalize, lengths=lengths):
                            texts = tokens(lengths)
                            vectors = graph(*device_check.packed_inputs([texts], SHAPE))
                            self.assertEqual(vectors.dtype, torch.float32)
                            self.check(texts, vectors[0], pooling=pooling, normalize=normalize)

    def test_rows_do_not_see_each_other(self):
        shape = Shape(length=24, batch=3, texts=2)
        texts = tokens([9, 15, 3, 4, 12, 12])
        inputs = device_check.packed_inputs([texts[:2], texts[2:4], texts[4:]], shape)
        for mask in packed_encoder.MASKS:
            vectors = self.graph(mask, shape=shape)(*inputs)
            self.check(texts, vectors.reshape(6, -1))

    def test_a_row_without_texts_gives_numbers(self):
        ids = torch.zeros(1, 24, dtype=torch.int32)
        for mask in packed_encoder.MASKS:
            for pooling in ("cls", "mean"):
                for starts in ([0, 24, 24, 24, 24, 24], [24] * 6, [0] * 6):
                    vectors = self.graph(mask, pooling)(ids, torch.tensor([starts], dtype=torch.int32))
                    self.assertTrue(torch.isfinite(vectors).all())

    def test_bfloat16_is_near_and_pooled_in_float32(self):
        for mask in packed_encoder.MASKS:
            texts = tokens(ROWS[0])
            vectors = self.graph(mask, dtype=torch.bfloat16)(*device_check.packed_inputs([texts], SHAPE))[0]
            self.assertEqual(vectors.dtype, torch.float32)
            for text, vector in zip(texts, vectors):
                self.assertGreater(float(torch.dot(vector, self.alone(text))), 0.99)

    def test_the_graph_can_be_traced(self):
        for mask in packed_encoder.MASKS:
            graph = self.graph(mask)
            traced = torch.jit.trace(graph, SHAPE.examples())
            inputs = device_check.packed_inputs([tokens(ROWS[0])], SHAPE)
            torch.testing.assert_close(traced(*inputs), graph(*inputs))

    def test_no_operator_is_unproven_on_the_device(self):
        for mask in packed_encoder.MASKS:
            for pooling in ("cls", "mean"):
                traced = torch.jit.trace(self.graph(mask, pooling), SHAPE.examples())
                used = {node.kind() for node in traced.inlined_graph.nodes()}
                unproven = {"gather", "index", "index_select", "one_hot", "scatter", "eq", "ne", "ge", "le", "gt", "lt"}
                self.assertEqual(used & {f"aten::{name}" for name in unproven}, set())
                embeddings = [node for node in traced.inlined_graph.nodes() if node.kind() == "aten::embedding"]
                self.assertEqual(len(embeddings), 2)

    def test_the_last_layer_computes_the_first_tokens(self):
        seen = []
        model = self.graph()
        for layer in model.layers:
            layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.shape[1]))
        model(*device_check.packed_inputs([tokens(ROWS[0])], SHAPE))
        self.assertEqual(seen, [24, 5])

    def test_a_folded_mask_has_room_in_the_array(self):
        # Heads of 4 values.
        self.assertTrue(packed_encoder.folds(tiny.CONFIG, 122))
        self.assertFalse(packed_encoder.folds(tiny.CONFIG, 123))


if __name__ == "__main__":
    unittest.main()
