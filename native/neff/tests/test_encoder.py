import importlib.util
import math
import unittest

import numpy
import torch

import encoder
import golden
import tiny

# The independent reference of the golden vectors: float64, one text at a time, no padding, no mask.
_spec = importlib.util.spec_from_file_location("golden_bert", golden.ROOT / "tools/golden/bert.py")
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

LENGTHS = [9, 2, 5]
LENGTH = 12


def graph(pooling="cls", normalize=True, dtype=torch.float32, weights=None):
    return encoder.Encoder(tiny.CONFIG, weights or tiny.tensors(), LENGTH, pooling, normalize, dtype).eval()


def batch():
    ids = torch.randint(
        tiny.CONFIG.vocabulary_size,
        (len(LENGTHS), LENGTH),
        generator=torch.Generator().manual_seed(3),
        dtype=torch.int32,
    )
    mask = (torch.arange(LENGTH)[None, :] < torch.tensor(LENGTHS)[:, None]).to(torch.int32)
    return ids, mask


def hidden_states(ids):
    """The reference's, of one text without padding."""
    layers = tuple(f".{name}.weight" for name in encoder.LINEAR_LAYERS.values())
    weights = {name: w.numpy().T if name.endswith(layers) else w.numpy() for name, w in tiny.tensors().items()}
    return reference.BertEncoder(weights, tiny.CONFIG.heads, tiny.CONFIG.epsilon).hidden_states(ids.numpy())


class EncoderTest(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        self.ids, self.mask = batch()
        self.reference = [hidden_states(self.ids[row, :length]) for row, length in enumerate(LENGTHS)]

    def run_graph(self, **options):
        return graph(**options)(self.ids, self.mask)

    def test_cls_pooling_is_the_first_position_over_its_norm(self):
        vectors = self.run_graph()
        self.assertEqual(vectors.dtype, torch.float32)
        for vector, states in zip(vectors.numpy(), self.reference):
            numpy.testing.assert_allclose(vector, states[0] / numpy.linalg.norm(states[0]), atol=1e-5)

    def test_mean_pooling_leaves_padding_out(self):
        for vector, states in zip(self.run_graph(pooling="mean").numpy(), self.reference):
            mean = states.mean(axis=0)
            numpy.testing.assert_allclose(vector, mean / numpy.linalg.norm(mean), atol=1e-5)

    def test_unnormalised_vectors_keep_their_length(self):
        for vector, states in zip(self.run_graph(normalize=False).numpy(), self.reference):
            numpy.testing.assert_allclose(vector, states[0], atol=1e-5)

    def test_unpooled_output_is_every_position(self):
        output = self.run_graph(pooling=None)
        self.assertEqual(tuple(output.shape), (len(LENGTHS), LENGTH, tiny.CONFIG.hidden_size))
        for row, states in zip(output.numpy(), self.reference):
            numpy.testing.assert_allclose(row[: len(states)], states, atol=1e-5)

    def test_padding_and_company_change_nothing(self):
        expected = self.run_graph()
        other = self.ids.clone()
        other[self.mask == 0] = 7
        other[1:] = 11
        torch.testing.assert_close(graph()(other, self.mask)[0], expected[0], atol=1e-6, rtol=0)

    def test_a_row_that_is_masked_throughout_gives_numbers(self):
        self.mask[1] = 0
        for pooling in ("cls", "mean"):
            self.assertTrue(torch.isfinite(self.run_graph(pooling=pooling)).all())

    def test_a_zero_vector_stays_zero(self):
        weights = tiny.tensors()
        for part in ("weight", "bias"):
            name = f"encoder.layer.{tiny.CONFIG.layers - 1}.output.LayerNorm.{part}"
            weights[name] = torch.zeros_like(weights[name])
        self.assertEqual(float(self.run_graph(weights=weights).abs().max()), 0.0)

    def test_bfloat16_weights_take_half_the_room(self):
        def matrices(dtype):
            return sum(p.numel() * p.element_size() for p in graph(dtype=dtype).parameters() if p.dim() == 2)

        positions = LENGTH * tiny.CONFIG.hidden_size * 4
        self.assertEqual(2 * (matrices(torch.bfloat16) - positions), matrices(torch.float32) - positions)

    def test_bfloat16_is_near_and_pooled_in_float32(self):
        vectors = self.run_graph(dtype=torch.bfloat16)
        self.assertEqual(vectors.dtype, torch.float32)
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(LENGTHS)), atol=1e-6, rtol=0)
        self.assertGreater(float((vectors * self.run_graph()).sum(dim=1).min()), 0.99)
        self.assertEqual(self.run_graph(pooling=None, dtype=torch.bfloat16).dtype, torch.bfloat16)

    def test_the_last_layer_computes_one_position(self):
        seen = []
        model = graph()
        for layer in model.layers:
            layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.shape[1]))
        model(self.ids, self.mask)
        self.assertEqual(seen, [LENGTH, 1])

    def test_the_graph_can_be_traced(self):
        traced = torch.jit.trace(graph(), (torch.ones_like(self.ids), torch.ones_like(self.mask)))
        torch.testing.assert_close(traced(self.ids, self.mask), self.run_graph())

    def test_the_gelu_is_the_exact_one(self):
        # The tanh form gives 0.8411919906 for 1.
        exact = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
        self.assertAlmostEqual(float(torch.nn.functional.gelu(torch.ones(1, dtype=torch.float64))), exact, places=12)


if __name__ == "__main__":
    unittest.main()
