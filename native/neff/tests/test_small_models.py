"""XLM-R, RoBERTa, DistilBERT and cross-encoders: compares the project's small models with the independent reference, in
float32 and bfloat16, plain and packed, and tests the compilation up to the manifest."""

import base64
import contextlib
import io
import json
import pathlib
import shutil
import tempfile
import unittest

import numpy
import torch

import compile_neff
import device_check
import encoder
import golden
import model_directory
import packed_encoder
import tiny
import weights
from recipe import Shape
from test_golden import LEAST_COSINE, Float32Sums

FOLDER = golden.ROOT / "java-api/src/test/resources/io/github/neuronembed/small"
MODELS = ("bert-reranker", "distilbert", "roberta", "xlm-roberta", "xlm-roberta-reranker")
# Logits are about 1.
GREATEST_DIFFERENCE = {torch.float32: 1e-4, torch.bfloat16: 0.1}
LENGTHS = (48, 128, 512)
PACKED = Shape(length=512, batch=2, texts=4)


class Small:
    """A small model and the reference's results: for each text its tokens and vector. A logit is a vector of one."""

    def __init__(self, name):
        self.model = model_directory.open_directory(FOLDER / name)
        self.config = self.model.config
        self.tensors = weights.read(self.model.weights, self.config)
        with open(FOLDER / name / "golden.jsonl", encoding="ascii") as file:
            self.texts = [json.loads(line) for line in file]

    def expected(self, text):
        if "logit" in text:
            return torch.tensor([text["logit"]], dtype=torch.float64)
        return torch.from_numpy(numpy.frombuffer(base64.b64decode(text["vector"]), "<f4").copy()).double()

    def types(self, pair):
        """0 for the first side of a pair, 1 for the second."""
        return [0] * pair["first"] + [1] * (len(pair["token_ids"]) - pair["first"])


class SmallModelsTest(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)

    def each(self):
        for name in MODELS:
            small = Small(name)
            for dtype in (torch.float32, torch.bfloat16):
                with self.subTest(model=name, dtype=dtype), torch.no_grad(), Float32Sums():
                    yield name, small, dtype

    def test_plain(self):
        for name, small, dtype in self.each():
            found = []
            for shortest, length in zip((0, *LENGTHS), LENGTHS):
                texts = [text for text in small.texts if shortest < len(text["token_ids"]) <= length]
                pooling, normalize = small.model.pooling, small.model.normalize
                graph = encoder.Encoder(small.config, small.tensors, length, pooling, normalize, dtype).eval()
                for start in range(0, len(texts), 2):
                    rows = texts[start : start + 2]
                    found += zip(graph(*self.inputs(small, rows, length)), rows)
            self.assertEqual(len(found), len(small.texts))
            self.check(name, small, dtype, found, "plain")

    def inputs(self, small, rows, length):
        """The inputs of two rows; a missing row is padding."""
        inputs = torch.zeros(3 if small.config.takes_types else 2, 2, length, dtype=torch.int32)
        inputs[0] = small.config.padding or 0
        for row, text in enumerate(rows):
            ids = text["token_ids"]
            inputs[0, row, : len(ids)] = torch.tensor(ids)
            inputs[1, row, : len(ids)] = 1
            if small.config.takes_types:
                inputs[2, row, : len(ids)] = torch.tensor(small.types(text))
        return inputs

    def test_packed(self):
        for name, small, dtype in self.each():
            if small.config.takes_types:
                continue
            for mask in packed_encoder.MASKS if dtype == torch.float32 else ("added",):
                pooling, normalize = small.model.pooling, small.model.normalize
                graph = packed_encoder.PackedEncoder(
                    small.config, small.tensors, PACKED.length, PACKED.texts, pooling, normalize, dtype, mask
                ).eval()
                found = []
                for rows in self.rows(small.texts):
                    ids = [[torch.tensor(text["token_ids"]) for text in row] for row in rows]
                    vectors = graph(*device_check.packed_inputs(ids, PACKED))
                    found += [(vector, text) for row, here in zip(rows, vectors) for text, vector in zip(row, here)]
                self.check(name, small, dtype, found, f"packed {mask}")

    def rows(self, texts):
        """Executions of rows of texts."""
        rows, row = [], []
        for text in texts:
            used = sum(len(other["token_ids"]) for other in row)
            if len(row) == PACKED.texts or used + len(text["token_ids"]) > PACKED.length:
                rows, row = [*rows, row], []
            row.append(text)
        rows.append(row)
        return [rows[at : at + PACKED.batch] for at in range(0, len(rows), PACKED.batch)]

    def check(self, name, small, dtype, found, kind):
        self.assertGreaterEqual(len(found), 60)
        if small.config.head:
            worst = max(float((vector.double() - small.expected(text)).abs()) for vector, text in found)
            self.assertLessEqual(worst, GREATEST_DIFFERENCE[dtype])
        else:
            cosine = torch.nn.functional.cosine_similarity
            worst = min(float(cosine(vector.double(), small.expected(text), dim=0)) for vector, text in found)
            self.assertGreaterEqual(worst, LEAST_COSINE[dtype])
        print(f"{name} {kind} {dtype}: {len(found)} texts or pairs, worst {worst:.9f}", flush=True)

    def test_padding_is_counted_by_ids_on_either_side_and_within_a_text(self):
        small = Small("xlm-roberta")
        ids = torch.tensor(small.texts[3]["token_ids"], dtype=torch.int32)
        length = len(ids) + 4
        graph = encoder.Encoder(small.config, small.tensors, length, "mean", True).eval()
        for before in (0, 1, 4):
            inputs = torch.zeros(2, 1, length, dtype=torch.int32)
            inputs[0] = small.config.padding
            inputs[0, 0, before : before + len(ids)] = ids
            inputs[1, 0, before : before + len(ids)] = 1
            vector = graph(*inputs)[0].double()
            self.assertGreater(float(torch.dot(vector, small.expected(small.texts[3]))), 0.999999)
        # With the padding token within a text, Transformers' rule gives the positions 2, 1, 3.
        rows = small.tensors["embeddings.position_embeddings.weight"]
        rows = rows + small.tensors["embeddings.token_type_embeddings.weight"][0]
        counts = graph.not_padding(torch.tensor([[5, 1, 7]]))
        positions = graph.counted(torch.matmul(counts, torch.ones(3, 3).triu()), counts)
        torch.testing.assert_close(positions[0], rows[[2, 1, 3]])


class CompiledCrossEncoderTest(unittest.TestCase):
    """Uses a stand-in for the compiler, which returns what torch traces."""

    def setUp(self):
        torch.set_num_threads(1)
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.temp = pathlib.Path(temp.name)

    def run_main(self, name, *arguments, change=lambda result: result):
        model = self.temp / name
        if not model.exists():
            shutil.copytree(FOLDER / name, model)
        err = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
            code = compile_neff.main(
                [str(model), *arguments],
                trace=tiny.StandIn(change=change),
                versions=lambda: tiny.VERSIONS,
                device=lambda: True,
            )
        manifest = model / "neuron/manifest.json"
        return code, err.getvalue(), json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else None

    def test_the_manifest_of_a_cross_encoder(self):
        code, err, manifest = self.run_main("bert-reranker", "--shapes", "2x32", "--precision", "fp32")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(manifest["source"]["pooling"], "scores")
        entry = manifest["models"][0]
        self.assertEqual([i["role"] for i in entry["inputs"]], ["input_ids", "attention_mask", "token_type_ids"])
        self.assertEqual((entry["output"]["kind"], entry["output"]["hiddenSize"]), ("pooled", 1))
        self.assertLess(entry["checked"]["greatestDifference"], 1e-4)

    def test_packed_scores_are_compiled_and_compared(self):
        for precision in ("fp32", "bf16"):
            code, err, manifest = self.run_main("xlm-roberta-reranker", "--shapes", "1x64p4", "--precision", precision)
            self.assertEqual((code, err), (0, ""))
            self.assertEqual(manifest["models"][0]["packing"]["texts"], 4)

    def test_wrong_scores_are_refused(self):
        code, err, manifest = self.run_main(
            "xlm-roberta-reranker", "--shapes", "1x32", "--precision", "fp32", change=lambda result: result + 0.01
        )
        self.assertEqual((code, manifest), (1, None))
        self.assertRegex(err, "gives other scores than the model: the greatest difference of scores is 0.0[01]")

    def test_a_refused_option_gives_one_sentence(self):
        for arguments, pattern in (
            (["--shapes", "1x64p4"], "1x64p4 is packed and has no token types"),
            (["--shapes", "1x32", "--output", "raw"], "do not use --output raw"),
            (["--shapes", "1x32", "--pooling", "cls"], "do not use --pooling"),
        ):
            code, err, _ = self.run_main("bert-reranker", *arguments)
            self.assertEqual((code, err.count("\n")), (1, 1))
            self.assertRegex(err, pattern)


if __name__ == "__main__":
    unittest.main()
