"""Compares the graphs with the real weights to the golden vectors, in every default shape and in packed shapes."""

import pathlib
import random
import tempfile
import unittest

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

import device_check
import encoder
import golden
import model_directory
import packed_encoder
import weights
from recipe import Shape

# The limits that the project promises for any backend.
LEAST_COSINE = {torch.float32: 0.99999, torch.bfloat16: 0.999}

# Packed shapes: rows, tokens, texts.
PACKED = [(1, 64, 8), (2, 128, 16), (1, 256, 32)]

# The number of texts for each shape. It is limited, because one core of a CPU needs half a second for 512 tokens.
TEXTS = {(1, 32): 47, (1, 128): 20, (4, 128): 40, (1, 256): 12, (32, 256): 32, (1, 512): 12}


class Float32Sums(TorchFunctionMode):
    """Sums the products of bfloat16 values in float32, as a NeuronCore does.

    On processors without bfloat16 instructions, torch 1.13 sums them in bfloat16: the cosine falls to 0.997 for 512
    tokens, and a test takes minutes.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func not in (functional.linear, torch.matmul) or args[0].dtype != torch.bfloat16:
            return func(*args, **(kwargs or {}))
        return func(*(arg.float() for arg in args)).to(torch.bfloat16)


@unittest.skipUnless(golden.JAR, "NEURON_EMBED_MODEL_JAR is not set; check.sh sets it")
class GoldenVectorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(1)
        temp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temp.cleanup)
        cls.model = model_directory.open_directory(golden.lay_out(pathlib.Path(temp.name) / "bge-small-en-v1.5"))
        cls.weights = weights.read(cls.model.weights, cls.model.config)
        cls.texts = sorted(golden.texts(), key=lambda text: len(text["token_ids"]))

    def test_float32(self):
        self.compare(torch.float32)

    def test_bfloat16(self):
        self.compare(torch.bfloat16)

    def test_packed_float32(self):
        self.compare_packed(torch.float32)

    def test_packed_bfloat16(self):
        self.compare_packed(torch.bfloat16)

    def compare_packed(self, dtype):
        """Compares each text in two packings, with a graph that was traced with a third one."""
        for (batch, length, texts), mask in zip(PACKED, ("added", "folded", "added")):
            shape = Shape(length=length, batch=batch, texts=texts)
            with self.subTest(shape=str(shape), mask=mask):
                config, pooling, normalize = self.model.config, self.model.pooling, self.model.normalize
                graph = packed_encoder.PackedEncoder(
                    config, self.weights, length, texts, pooling, normalize, dtype, mask
                ).eval()
                rows = self.rows(shape)
                worst = []
                with torch.no_grad(), Float32Sums():
                    graph = torch.jit.trace(graph, shape.examples())
                    for company in (rows, [row[::-1] for row in rows[::-1]]):
                        ids = [[torch.tensor(text["token_ids"]) for text in row] for row in company]
                        vectors = graph(*device_check.packed_inputs(ids, shape))
                        self.assertEqual(tuple(vectors.shape), (batch, texts, config.hidden_size))
                        for row, here in zip(company, vectors):
                            for text, vector in zip(row, here):
                                expected = torch.tensor(text["vector"], dtype=torch.float64)
                                worst.append(float(torch.dot(vector.double(), expected)))
                print(f"{shape} {mask} {dtype}: {len(worst) // 2} texts, least cosine {min(worst):.9f}", flush=True)
                self.assertGreater(len(worst), 4 * batch)
                self.assertGreaterEqual(min(worst), LEAST_COSINE[dtype])

    def rows(self, shape):
        """Fills the rows of an execution with texts of all lengths."""
        fitting = [text for text in self.texts if len(text["token_ids"]) <= shape.length]
        random.Random(shape.length).shuffle(fitting)
        rows = [[] for _ in range(shape.batch)]
        for text in fitting:
            for row in rows:
                used = sum(len(other["token_ids"]) for other in row)
                if len(row) < shape.texts and used + len(text["token_ids"]) <= shape.length:
                    row.append(text)
                    break
        return rows

    def compare(self, dtype):
        for (batch, length), count in TEXTS.items():
            with self.subTest(batch=batch, length=length):
                fitting = [text for text in self.texts if len(text["token_ids"]) <= length]
                # Choose texts of all lengths, including the longest.
                step = max(1, len(fitting) // count)
                chosen = fitting[::-1][::step][:count]
                self.assertGreaterEqual(len(chosen), min(count, 12))
                self.assertGreater(len(chosen[0]["token_ids"]), length // 2)
                worst = min(self.cosines(chosen, batch, length, dtype))
                print(f"{batch}x{length} {dtype}: {len(chosen)} texts, least cosine {worst:.9f}", flush=True)
                self.assertGreaterEqual(worst, LEAST_COSINE[dtype])

    def cosines(self, texts, batch, length, dtype):
        graph = encoder.Encoder(
            self.model.config, self.weights, length, self.model.pooling, self.model.normalize, dtype
        ).eval()
        for start in range(0, len(texts), batch):
            rows = texts[start : start + batch]
            ids = torch.zeros(batch, length, dtype=torch.int32)
            mask = torch.zeros(batch, length, dtype=torch.int32)
            for row, text in enumerate(rows):
                tokens = len(text["token_ids"])
                ids[row, :tokens] = torch.tensor(text["token_ids"])
                mask[row, :tokens] = 1
            with torch.no_grad(), Float32Sums():
                vectors = graph(ids, mask)
            self.assertEqual(vectors.dtype, torch.float32)
            self.assertEqual(tuple(vectors.shape), (batch, self.model.config.hidden_size))
            # These and the golden vectors have length 1, so the dot product is the cosine.
            torch.testing.assert_close(vectors.norm(dim=1), torch.ones(batch), atol=1e-5, rtol=0)
            for vector, text in zip(vectors, rows):
                yield float(torch.dot(vector.double(), torch.tensor(text["vector"], dtype=torch.float64)))
