import unittest

import numpy

import bert

HIDDEN, INNER, HEADS, VOCABULARY = 4, 6, 2, 9


def random_weights(layers=2):
    random = numpy.random.RandomState(7)
    sizes = {name: (HIDDEN, HIDDEN) for name in bert.LINEAR_LAYERS}
    sizes.update({"intermediate.dense": (HIDDEN, INNER), "output.dense": (INNER, HIDDEN)})
    weights = {
        "embeddings.word_embeddings.weight": random.randn(VOCABULARY, HIDDEN),
        "embeddings.position_embeddings.weight": random.randn(8, HIDDEN),
        "embeddings.token_type_embeddings.weight": random.randn(2, HIDDEN),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        norms += [f"encoder.layer.{layer}.{name}" for name in bert.LAYER_NORMS]
        for name, (inputs, outputs) in sizes.items():
            weights[f"encoder.layer.{layer}.{name}.weight"] = random.randn(inputs, outputs)
            weights[f"encoder.layer.{layer}.{name}.bias"] = random.randn(outputs)
    for norm in norms:
        weights[norm + ".weight"] = random.randn(HIDDEN)
        weights[norm + ".bias"] = random.randn(HIDDEN)
    return weights


class PiecesTest(unittest.TestCase):
    def test_gelu_is_x_times_the_normal_distribution(self):
        # Phi(1) = 0.8413447460685429, Phi(-2) = 0.02275013194817921; the tanh form differs in the fourth digit.
        numpy.testing.assert_allclose(
            bert.gelu(numpy.array([0.0, 1.0, -2.0])), [0.0, 0.8413447460685429, -0.04550026389635842], rtol=1e-14
        )

    def test_layer_norm_uses_the_biased_variance(self):
        # Mean 2, variance 2/3.
        normed = bert.layer_norm(
            numpy.array([1.0, 2.0, 3.0]), numpy.array([1.0, 5.0, 2.0]), numpy.array([0.0, 7.0, 0.5]), 0.0
        )
        numpy.testing.assert_allclose(normed, [-(1.5**0.5), 7.0, 2 * 1.5**0.5 + 0.5], rtol=1e-14)

    def test_softmax_does_not_overflow(self):
        numpy.testing.assert_allclose(
            bert.softmax(numpy.array([[1000.0, 1000.0], [0.0, numpy.log(3.0)]])), [[0.5, 0.5], [0.25, 0.75]], rtol=1e-14
        )


class EncoderTest(unittest.TestCase):
    def test_attention_agrees_with_its_definition_position_by_position(self):
        weights = random_weights()
        encoder = bert.BertEncoder(weights, HEADS, 1e-12)
        x = numpy.random.RandomState(3).randn(5, HIDDEN)
        name = "encoder.layer.1.attention.self."
        query, key, value = (
            x @ weights[f"{name}{part}.weight"] + weights[f"{name}{part}.bias"] for part in ("query", "key", "value")
        )
        size = HIDDEN // HEADS
        expected = numpy.zeros((5, HIDDEN))
        for head in range(HEADS):
            columns = slice(head * size, (head + 1) * size)
            for i in range(5):
                shares = [numpy.exp(numpy.dot(query[i, columns], key[j, columns]) / size**0.5) for j in range(5)]
                for j in range(5):
                    expected[i, columns] += shares[j] / sum(shares) * value[j, columns]
        numpy.testing.assert_allclose(encoder._attention(x, "encoder.layer.1."), expected, rtol=1e-12)

    def test_the_vector_is_the_first_position_and_has_length_one(self):
        encoder = bert.BertEncoder(random_weights(), HEADS, 1e-12)
        first = encoder.hidden_states([2, 5, 8, 5])[0]
        vector = encoder.embed([2, 5, 8, 5])
        self.assertAlmostEqual(numpy.linalg.norm(vector), 1.0, places=14)
        self.assertAlmostEqual(vector @ first, numpy.linalg.norm(first), places=12)

    def test_order_counts(self):
        encoder = bert.BertEncoder(random_weights(), HEADS, 1e-12)
        self.assertGreater(numpy.abs(encoder.embed([2, 5, 8]) - encoder.embed([2, 8, 5])).max(), 1e-3)

    def test_every_weight_counts(self):
        weights = random_weights()
        vector = bert.BertEncoder(weights, HEADS, 1e-12).embed([2, 5, 8])
        for name in weights:
            if name.endswith("key.bias"):
                continue  # It adds the same number to every score of a row, which does not change the softmax.
            changed = dict(weights)
            changed[name] = weights[name] * 1.5
            other = bert.BertEncoder(changed, HEADS, 1e-12).embed([2, 5, 8])
            self.assertGreater(numpy.abs(other - vector).max(), 1e-9, name)


class ReadOnnxTest(unittest.TestCase):
    def test_refuses_a_graph_that_is_no_encoder(self):
        graph = bert.onnx.helper.make_graph([], "empty", [], [])
        with self.assertRaisesRegex(ValueError, "not a BERT encoder graph"):
            bert.read_onnx(bert.onnx.helper.make_model(graph).SerializeToString())


if __name__ == "__main__":
    unittest.main()
