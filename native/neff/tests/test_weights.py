import pathlib
import tempfile
import unittest

import torch

import tiny
import weights
from failure import Failure

FILES = ("model.safetensors", "pytorch_model.bin", "onnx/model.onnx")
WRITERS = {".safetensors": tiny.write_safetensors, ".bin": tiny.torch_save, ".onnx": tiny.write_onnx}


class WeightsTest(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = pathlib.Path(temp.name)

    def read(self, tensors, suffix=".safetensors"):
        path = self.folder / ("weights" + suffix)
        WRITERS[suffix](path, tensors)
        return weights.read(path, tiny.CONFIG)

    def assert_same(self, read, expected):
        self.assertEqual(read.keys(), expected.keys())
        for name, tensor in expected.items():
            self.assertEqual(read[name].dtype, torch.float32)
            self.assertTrue(torch.equal(read[name], tensor), name)

    def test_every_form_holds_the_same(self):
        for suffix in WRITERS:
            with self.subTest(suffix=suffix):
                self.assert_same(self.read(tiny.tensors(), suffix), tiny.tensors())

    def test_a_head_and_old_names_are_understood(self):
        renamed = {
            "bert."
            + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
            for name, tensor in tiny.tensors().items()
        }
        renamed["bert.pooler.dense.weight"] = torch.zeros(2, 2)
        renamed["bert.embeddings.position_ids"] = torch.arange(4)
        renamed["cls.predictions.bias"] = torch.zeros(2)
        for suffix in (".safetensors", ".bin"):
            with self.subTest(suffix=suffix):
                self.assert_same(self.read(renamed, suffix), tiny.tensors())

    def test_half_precision_is_widened(self):
        half = {name: tensor.half() for name, tensor in tiny.tensors().items()}
        for suffix in WRITERS:
            with self.subTest(suffix=suffix):
                self.assert_same(self.read(half, suffix), {name: tensor.float() for name, tensor in half.items()})

    def test_refuses_missing_weights(self):
        for suffix in WRITERS:
            incomplete = tiny.tensors()
            del incomplete["encoder.layer.1.output.dense.bias"]
            with self.subTest(suffix=suffix), self.assertRaisesRegex(Failure, r"does not have [12] of the 37 weights"):
                self.read(incomplete, suffix)

    def test_refuses_weights_that_would_be_left_out(self):
        # A third layer in a model of two, by its config.json.
        more = {**tiny.tensors(), "encoder.layer.2.output.dense.bias": torch.zeros(16)}
        for suffix in WRITERS:
            with self.subTest(suffix=suffix), self.assertRaisesRegex(Failure, r"has 1 weights that .*layer\.2\.output"):
                self.read(more, suffix)

    def test_refuses_other_sizes(self):
        other = {**tiny.tensors(), "embeddings.LayerNorm.bias": torch.zeros(17)}
        with self.assertRaisesRegex(Failure, r"LayerNorm.bias of the shape \[17\], but config.json requires \[16\]"):
            self.read(other)

    def test_refuses_nan(self):
        damaged = tiny.tensors()
        damaged["embeddings.LayerNorm.bias"][3] = float("nan")
        with self.assertRaisesRegex(Failure, "NaN or an infinite number in embeddings.LayerNorm.bias"):
            self.read(damaged)

    def test_refuses_integers_as_weights(self):
        quantized = {**tiny.tensors(), "embeddings.LayerNorm.bias": torch.zeros(16, dtype=torch.int64)}
        with self.assertRaisesRegex(Failure, "number format I64"):
            self.read(quantized)

    def test_refuses_files_that_are_cut_off(self):
        for suffix, writer in WRITERS.items():
            path = self.folder / ("cut" + suffix)
            writer(path, tiny.tensors())
            whole = path.read_bytes()
            for length in (0, 5, len(whole) // 2, len(whole) - 50):
                with self.subTest(suffix=suffix, length=length):
                    path.write_bytes(whole[:length])
                    with self.assertRaises(Failure) as refused:
                        weights.read(path, tiny.CONFIG)
                    self.assertIn(str(path), str(refused.exception))
                    self.assertNotIn("\n", str(refused.exception))

    def test_a_pytorch_file_runs_no_code(self):
        path = self.folder / "evil.bin"
        torch.save({"a": _Evil(self.folder / "made")}, path)
        with self.assertRaisesRegex(Failure, "not a complete PyTorch weights file"):
            weights.read(path, tiny.CONFIG)
        self.assertFalse((self.folder / "made").exists())

    def test_refuses_other_names(self):
        path = self.folder / "weights.h5"
        path.write_bytes(b"")
        with self.assertRaisesRegex(Failure, "must end with .safetensors, .bin, .onnx"):
            weights.read(path, tiny.CONFIG)


class _Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


if __name__ == "__main__":
    unittest.main()
