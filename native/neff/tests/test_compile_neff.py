import contextlib
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import torch

import compile_neff
import device_check
import encoder
import neuron_sdk
import packed_encoder
import sample_manifest
import tiny
from failure import Failure
from recipe import Shape

HIDDEN = tiny.CONFIG.hidden_size


class CompileTest(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.temp = pathlib.Path(temp.name)
        self.model = tiny.lay_out(self.temp / "tiny")
        self.neuron = self.model / "neuron"
        self.stand_in = tiny.StandIn()
        self.versions = dict(tiny.VERSIONS)

    def run_main(self, *arguments, shapes="1x8"):
        """Returns (exit code, standard output, standard error)."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = compile_neff.main(
                [str(self.model), "--shapes", shapes, *arguments],
                trace=self.stand_in,
                versions=lambda: self.versions,
                device=lambda: self.stand_in.device,
            )
        return code, out.getvalue(), err.getvalue()

    def compile(self, *arguments, shapes="1x8"):
        code, out, err = self.run_main(*arguments, shapes=shapes)
        self.assertEqual((code, err), (0, ""))
        return out

    def assert_fails(self, pattern, *arguments, shapes="1x8"):
        code, _, err = self.run_main(*arguments, shapes=shapes)
        self.assertEqual(code, 1)
        self.assertRegex(err, pattern)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertEqual(list(self.neuron.glob("*.partial")) + list(self.neuron.glob(".*.partial")), [])

    def manifest(self):
        return json.loads((self.neuron / "manifest.json").read_text(encoding="utf-8"))

    def shapes(self):
        return [(entry["batch"], entry["sequenceLength"]) for entry in self.manifest()["models"]]


class PackedTest(CompileTest):
    def test_the_manifest_has_another_format_if_a_shape_is_packed(self):
        self.compile("--precision", "fp32", shapes="1x8,2x16p4")
        self.assertEqual(self.manifest()["format"], 2)
        plain, packed = self.manifest()["models"]
        self.assertNotIn("packing", plain)
        self.assertEqual(packed["file"], "tiny-2x16p4.neff")
        self.assertEqual(packed["packing"], {"texts": 4, "mask": "added"})
        self.assertEqual([entry["role"] for entry in packed["inputs"]], ["input_ids", "starts"])
        self.assertEqual(packed["output"]["kind"], "pooled")
        self.assertGreaterEqual(packed["checked"]["leastCosine"], 0.99999)
        self.assertEqual(
            (self.neuron / "tiny-2x16p4.neff").read_bytes(),
            tiny.neff_bytes({"input0": 2 * 16 * 4, "input1": 2 * 5 * 4}, {"output0": 2 * 4 * HIDDEN * 4}),
        )
        self.compile("--precision", "fp32", shapes="1x8,2x16p4")
        self.assertEqual(len(self.stand_in.calls), 2, "a packed shape is up to date, too")

    def test_the_chosen_mask_affects_only_packed_shapes(self):
        self.compile(shapes="1x8,1x16p4")
        self.compile("--packed-mask", "folded", shapes="1x8,1x16p4")
        masks = [getattr(call["graph"], "mask", None) for call in self.stand_in.calls]
        self.assertEqual(masks, [None, "added", "folded"])
        self.assertEqual(self.manifest()["models"][1]["packing"]["mask"], "folded")

    def test_texts_that_affect_each_other_are_refused(self):
        # This device gives each text the vector of the neighbouring text.
        for change in (
            lambda result: torch.cat([result[:, 1:], result[:, :1]], dim=1),
            lambda result: result + 0.1 * result.flip(1),
            lambda result: result[:, :1].expand_as(result),
        ):
            with self.subTest():
                self.stand_in = tiny.StandIn(change=change)
                self.assert_fails("1x16p4 gives other vectors", "--precision", "fp32", shapes="1x16p4")

    def test_both_packings_are_compared(self):
        calls = []

        def change(result):
            calls.append(result)
            return result if len(calls) == 1 else result.flip(1)

        self.stand_in = tiny.StandIn(change=change)
        self.assert_fails("gives other vectors", "--precision", "fp32", shapes="1x16p4")
        self.assertEqual(len(calls), 2)

    def test_packed_shapes_that_are_refused(self):
        self.assert_fails("1x16p4 is packed, .* do not use --output raw", "--output", "raw", shapes="1x16p4")
        with mock.patch.object(packed_encoder, "ARRAY_ROWS", 9):
            self.assert_fails("1x16p4 has too many texts", "--packed-mask", "folded", shapes="1x16p4")
        self.compile("--packed-mask", "folded", shapes="1x16p3,1x16p4")


class ManifestTest(CompileTest):
    def test_describes_the_compiled_models(self):
        out = self.compile("--precision", "fp32", "--compiler-args=--optlevel 3", shapes="4x16,1x8")
        manifest = self.manifest()
        self.assertEqual((manifest["format"], manifest["emulated"], manifest["model"]), (1, False, "tiny"))
        weights = (self.model / "model.safetensors").read_bytes()
        self.assertEqual(
            manifest["source"],
            {
                "revision": None,
                "weights": "model.safetensors",
                "sha256": hashlib.sha256(weights).hexdigest(),
                "pooling": "cls",
                "normalize": True,
            },
        )
        self.assertEqual(manifest["precision"], "fp32")
        arguments = ["--target", "inf2", "--model-type", "transformer", "--auto-cast", "none", "--optlevel", "3"]
        self.assertEqual(manifest["compiler"], {**tiny.VERSIONS, "target": "inf2", "arguments": arguments})
        # Shorter ones come before longer ones, in any order of the option.
        self.assertEqual(self.shapes(), [(1, 8), (4, 16)])
        entry = manifest["models"][1]
        self.assertEqual(entry["file"], "tiny-4x16.neff")
        self.assertEqual(
            entry["inputs"],
            [
                {"name": "input0", "role": "input_ids", "dtype": "int32"},
                {"name": "input1", "role": "attention_mask", "dtype": "int32"},
            ],
        )
        self.assertEqual(
            entry["output"], {"name": "output0", "kind": "pooled", "dtype": "float32", "hiddenSize": HIDDEN}
        )
        content = (self.neuron / "tiny-4x16.neff").read_bytes()
        self.assertEqual((entry["sha256"], entry["sizeBytes"]), (hashlib.sha256(content).hexdigest(), len(content)))
        self.assertEqual(entry["compilerVersion"], "2.0.1+abc")
        self.assertEqual(entry["checked"]["tensors"], True)
        self.assertGreaterEqual(entry["checked"]["leastCosine"], 0.99999)
        self.assertRegex(out, r"least cosine 1\.000000 against float32, median execution \d+\.\d{3} ms in PyTorch")
        self.assertEqual(os.stat(self.neuron / "tiny-4x16.neff").st_mode & 0o777, 0o644)
        self.assertEqual(sorted(os.listdir(self.neuron)), ["manifest.json", "tiny-1x8.neff", "tiny-4x16.neff"])

    def test_raw_outputs_have_the_weights_number_format(self):
        self.compile("--output", "raw", "--precision", "bf16")
        self.assertEqual(
            self.manifest()["models"][0]["output"],
            {"name": "output0", "kind": "raw", "dtype": "bfloat16", "hiddenSize": HIDDEN},
        )

    def test_equals_the_manifest_of_the_java_tests(self):
        def without_digits(text):
            # Hashes and the last digits of a cosine differ between versions of torch, but their types do not.
            manifest = json.loads(text)
            for entry in manifest["models"]:
                entry["key"], entry["sha256"] = len(entry["key"]), len(entry["sha256"])
                entry["checked"]["leastCosine"] = entry["checked"]["leastCosine"] >= 0.99999
                entry["sizeBytes"] = entry["sizeBytes"] > 1024
            return manifest

        folder = self.temp / "sample"
        folder.mkdir()
        made = sample_manifest.make(folder)
        stored = sample_manifest.FILE.read_text(encoding="utf-8")
        self.assertEqual(
            without_digits(made), without_digits(stored), "run tests/sample_manifest.py, and the Java tests"
        )


class TracingTest(CompileTest):
    def test_the_graph_has_the_chosen_shape_and_precision(self):
        self.compile(shapes="4x16")
        (call,) = self.stand_in.calls
        self.assertFalse(call["on_cpu"])
        self.assertEqual(call["graph"].dtype, torch.bfloat16)
        self.assertFalse(call["graph"].training)
        self.assertEqual(call["graph"].positions.shape[0], 16)
        self.assertEqual(
            (self.neuron / "tiny-4x16.neff").read_bytes(),
            tiny.neff_bytes({"input0": 4 * 16 * 4, "input1": 4 * 16 * 4}, {"output0": 4 * HIDDEN * 4}),
        )

    def test_other_poolings_are_left_to_the_host(self):
        tiny.write_json(self.model / "1_Pooling/config.json", {"pooling_mode": ["max", "cls"]})
        self.assert_fails(r"has the pooling max\+cls, but a compiled model can only do cls or mean: use --output raw")
        self.compile("--output", "raw")
        self.assertIsNone(self.stand_in.calls[0]["graph"].pooling)

    def test_pooling_comes_from_the_model_directory(self):
        tiny.write_json(self.model / "1_Pooling/config.json", {"pooling_mode_mean_tokens": True})
        self.compile()
        self.assertEqual(self.stand_in.calls[0]["graph"].pooling, "mean")
        self.assertEqual(self.manifest()["source"]["pooling"], "mean")

    def test_without_a_device_it_compiles_on_the_cpu_and_compares_nothing(self):
        for arguments, device in (([], False), (["--cpu"], True)):
            with self.subTest(arguments=arguments):
                self.stand_in = tiny.StandIn(device=device)
                out = self.compile("--force", *arguments)
                self.assertTrue(self.stand_in.calls[0]["on_cpu"])
                self.assertIn("not compared, no Neuron device used", out)
                self.assertIsNone(self.manifest()["models"][0]["checked"]["leastCosine"])

    def test_torch_neuronx_must_inline_the_weights(self):
        module = mock.Mock()
        environment = {key: value for key, value in os.environ.items() if key != "NEURON_PLATFORM_TARGET_OVERRIDE"}
        with mock.patch.dict(sys.modules, torch_neuronx=module), mock.patch.dict(os.environ, environment, clear=True):
            traced = neuron_sdk.trace("graph", ("ids", "mask"), self.temp, ["--a"], "inf2", on_cpu=False)
            self.assertIs(traced, module.trace.return_value)
            module.trace.assert_called_once_with(
                "graph",
                ("ids", "mask"),
                compiler_workdir=str(self.temp),
                compiler_args=["--a"],
                inline_weights_to_neff=True,
            )
            self.assertNotIn("NEURON_PLATFORM_TARGET_OVERRIDE", os.environ)
            self.assertIsNone(neuron_sdk.trace("g", (), self.temp, [], "inf2", on_cpu=True))
            self.assertTrue(module.trace.call_args.kwargs["cpu_backend"])
            self.assertEqual(os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"], "inf2")

    def test_the_compilers_files_are_kept_only_with_workdir(self):
        self.compile("--workdir", str(self.temp / "work"))
        self.compile("--workdir", str(self.temp / "work"), "--force")
        kept = sorted((self.temp / "work").iterdir())
        self.assertEqual([folder.name.rpartition("-")[0] for folder in kept], ["tiny-1x8.neff"] * 2)
        self.assertEqual([os.listdir(folder) for folder in kept], [["graph.neff"]] * 2)
        with mock.patch.object(tempfile, "tempdir", str(self.temp / "system")):
            (self.temp / "system").mkdir()
            self.compile("--force")
            self.assertEqual(os.listdir(self.temp / "system"), [])


class CompilerArgumentsTest(CompileTest):
    PINNED = ["--model-type", "transformer", "--auto-cast", "none"]
    DOWNCAST = ["--implicit-integer-downcast", "all"]

    def test_integer_flags_depend_on_the_compiler_version(self):
        for version, flags in (
            ("2.26.6360.0", []),
            ("2.27.5334.0+abc", self.DOWNCAST),
            ("2.28.7631.0", self.DOWNCAST),
            ("3.0", self.DOWNCAST),
            ("unknown", []),
        ):
            for target in ("inf2", "trn1"):
                with self.subTest(version=version, target=target):
                    arguments = neuron_sdk.compiler_arguments(target, version)
                    self.assertEqual(arguments, ["--target", target, *self.PINNED, *flags])

    def test_trn2_has_flags_for_logical_cores_and_64_bit_integers(self):
        cores = ["--target", "trn2", *self.PINNED, "--logical-nc-config", "2"]
        self.assertEqual(neuron_sdk.compiler_arguments("trn2", "2.26.6360.0"), cores)
        self.assertEqual(
            neuron_sdk.compiler_arguments("trn2", "2.28.7631.0"),
            [*cores, *self.DOWNCAST, "--native-int64", "disabled"],
        )

    def test_the_compiler_and_the_manifest_get_the_arguments(self):
        self.versions["neuronxCc"] = "2.28.7631.0"
        self.compile("--target", "trn2", "--compiler-args=--logical-nc-config 1", "--cpu")
        (call,) = self.stand_in.calls
        self.assertEqual(call["target"], "trn2")
        expected = neuron_sdk.compiler_arguments("trn2", "2.28.7631.0") + ["--logical-nc-config", "1"]
        self.assertEqual(call["compiler_args"], expected, "the user's arguments come last and have priority")
        self.assertEqual(self.manifest()["compiler"]["target"], "trn2")
        self.assertEqual(self.manifest()["compiler"]["arguments"], expected)


class ReuseTest(CompileTest):
    def compiled(self, *arguments, shapes="1x8"):
        """Returns the shapes that a run compiles."""
        before = len(self.stand_in.calls)
        out = self.compile(*arguments, shapes=shapes)
        self.assertEqual(out.count(": compiling\n"), len(self.stand_in.calls) - before)
        return [line.partition(":")[0] for line in out.splitlines() if line.endswith(": compiling")]

    def test_a_shape_that_is_up_to_date_is_not_compiled_again(self):
        self.assertEqual(self.compiled(shapes="1x8,4x16"), ["1x8", "4x16"])
        before = (self.neuron / "manifest.json").read_bytes()
        self.assertEqual(self.compiled(shapes="1x8,4x16"), [])
        self.assertEqual((self.neuron / "manifest.json").read_bytes(), before)
        self.assertEqual(self.compiled("--force", shapes="1x8"), ["1x8"])
        self.assertEqual(self.shapes(), [(1, 8), (4, 16)])

    def test_other_shapes_of_the_same_model_stay(self):
        self.compile(shapes="1x8")
        self.assertEqual(self.compiled(shapes="2x8"), ["2x8"])
        self.assertEqual(self.shapes(), [(1, 8), (2, 8)])

    def test_a_change_of_anything_compiles_again(self):
        self.compile()

        def other_weights():
            tiny.write_safetensors(self.model / "model.safetensors", tiny.tensors(seed=6))

        def other_config():
            tiny.lay_out(self.model, layer_norm_eps=1e-7)

        def other_compiler():
            self.versions["neuronxCc"] = "3.0"

        def damaged_file():
            (self.neuron / "tiny-1x8.neff").write_bytes(b"other")

        def missing_file():
            (self.neuron / "tiny-1x8.neff").unlink()

        for change, arguments in (
            (other_weights, []),
            (other_config, []),
            (other_compiler, []),
            (damaged_file, []),
            (missing_file, []),
            (lambda: None, ["--pooling", "mean"]),
            (lambda: None, ["--precision", "fp32"]),
            (lambda: None, ["--output", "raw"]),
            (lambda: None, ["--compiler-args=-O1"]),
            (lambda: None, ["--target", "trn1"]),
        ):
            with self.subTest(change=change.__name__, arguments=arguments):
                change()
                self.assertEqual(self.compiled(*arguments), ["1x8"])
                self.assertEqual(self.compiled(*arguments), [])

    def test_a_change_of_the_graph_compiles_again(self):
        self.compile()
        changed = self.temp / "encoder.py"
        changed.write_bytes(pathlib.Path(encoder.__file__).read_bytes() + b"\n")
        with mock.patch.object(encoder, "__file__", str(changed)):
            self.assertEqual(self.compiled(), ["1x8"])

    def test_models_of_another_kind_leave_the_manifest(self):
        self.compile(shapes="1x8,4x16")
        out = self.compile("--precision", "fp32", shapes="1x8")
        self.assertIn("removed 2 of 2 models, which have other weights, options or versions", out)
        self.assertEqual(self.shapes(), [(1, 8)])

    def test_a_damaged_manifest_is_written_anew(self):
        self.compile()
        for text in ("{", "[]", "{}", '{"models": [1]}', '{"models": [{}]}', '{"models": 3}'):
            with self.subTest(text=text):
                (self.neuron / "manifest.json").write_text(text, encoding="utf-8")
                self.assertIn("manifest.json is damaged", self.compile())
                self.assertEqual(self.shapes(), [(1, 8)])

    def test_compiled_shapes_survive_a_later_failure(self):
        compile_one = self.stand_in.leave

        def leave(workdir, inputs, outputs):
            if inputs["input0"] == 4 * 16 * 4:
                raise RuntimeError("out of memory")
            compile_one(workdir, inputs, outputs)

        self.stand_in.leave = leave
        self.assert_fails(r"4x16 of .* could not be compiled \(RuntimeError: out of memory\)", shapes="1x8,4x16")
        self.assertEqual(self.shapes(), [(1, 8)])
        self.stand_in.leave = compile_one
        self.assertEqual(self.compiled(shapes="1x8,4x16"), ["4x16"])


class ChecksTest(CompileTest):
    def leave_tensors(self, inputs, outputs):
        def leave(workdir, *_):
            (workdir / "graph.neff").write_bytes(tiny.neff_bytes(inputs, outputs))

        self.stand_in.leave = leave

    def assert_nothing_placed(self):
        self.assertEqual(os.listdir(self.neuron), [])

    def test_other_tensors_are_refused(self):
        ids, vectors = {"input0": 32, "input1": 32}, {"output0": 64}
        for inputs, outputs in (
            ({"input0": 64, "input1": 64}, vectors),  # int64
            ({"input0": 32}, vectors),
            ({"ids": 32, "mask": 32}, vectors),
            ({**ids, **{f"input{i}": 4096 for i in range(2, 40)}}, vectors),  # weights that were not inlined
            (ids, {"output0": 32}),
            (ids, {"result": 64}),
            (ids, {**vectors, "output1": 64}),
        ):
            with self.subTest(inputs=list(inputs)[:3], outputs=outputs):
                self.leave_tensors(inputs, outputs)
                self.assert_fails("The compiled 1x8 has the inputs")
                self.assert_nothing_placed()

    def test_a_file_that_lists_no_tensors_is_accepted_with_a_message(self):
        def leave(workdir, *_):
            (workdir / "graph.neff").write_bytes(tiny.neff_bytes({}, {}, members={"neff.json": {}}))

        self.stand_in.leave = leave
        self.assertIn("does not list its tensors", self.compile())
        self.assertFalse(self.manifest()["models"][0]["checked"]["tensors"])

    def test_exactly_one_complete_neff_is_expected(self):
        def nothing(workdir, *_):
            (workdir / "log.txt").touch()

        def two(workdir, *_):
            for name in ("a.neff", "b.neff"):
                (workdir / name).write_bytes(tiny.neff_bytes({}, {}))

        def garbage(workdir, *_):
            (workdir / "graph.neff").write_bytes(b"garbage")

        for leave, pattern in (
            (nothing, "wrote 0 NEFF files"),
            (two, "wrote 2 NEFF files"),
            (garbage, "not a complete NEFF"),
        ):
            with self.subTest(leave=leave.__name__):
                self.stand_in.leave = leave
                self.assert_fails(pattern)
                self.assert_nothing_placed()

    def test_a_neff_below_the_workdir_is_found(self):
        def leave(workdir, inputs, outputs):
            (workdir / "neff").mkdir()
            (workdir / "neff/graph_0.neff").write_bytes(tiny.neff_bytes(inputs, outputs))

        self.stand_in.leave = leave
        self.compile()
        self.assertEqual(self.shapes(), [(1, 8)])

    def test_wrong_vectors_are_refused(self):
        for change in (
            lambda result: result.flip(1),
            lambda result: result * float("nan"),
            lambda result: result + 0.05 * torch.arange(HIDDEN) / HIDDEN,
        ):
            with self.subTest():
                self.stand_in = tiny.StandIn(change=change)
                self.assert_fails("gives other vectors than the model: the least cosine is", "--precision", "fp32")
                self.assert_nothing_placed()

    def test_one_wrong_row_of_a_batch_is_enough(self):
        def swap(result):
            return torch.cat([result[:2], result[3:], result[2:3]])

        self.stand_in = tiny.StandIn(change=swap)
        self.assert_fails("gives other vectors", shapes="4x8")

    def test_another_type_or_shape_is_refused(self):
        for change in (lambda result: result.double(), lambda result: result[:, :4], lambda result: result[None]):
            with self.subTest():
                self.stand_in = tiny.StandIn(change=change)
                self.assert_fails("The compiled 1x8 gives torch.float")

    def test_a_result_in_a_tuple_is_compared(self):
        self.stand_in = tiny.StandIn(change=lambda result: (result,))
        self.compile()
        self.stand_in = tiny.StandIn(change=lambda result: [-result])
        self.assert_fails("gives other vectors", "--force")

    def test_padding_of_raw_outputs_is_not_compared(self):
        # The first row is as long as the shape, the last is the shortest: only its two tokens have a meaning.
        def change(result):
            changed = result.clone()
            changed[3, 2:] = 1.0
            return changed

        self.stand_in = tiny.StandIn(change=change)
        self.compile("--output", "raw", "--precision", "fp32", shapes="4x8")
        self.stand_in = tiny.StandIn(change=lambda result: change(result.roll(-1, dims=0)).roll(1, dims=0))
        self.assert_fails("gives other vectors", "--output", "raw", "--precision", "fp32", "--force", shapes="4x8")

    def test_every_row_is_compared_for_each_batch(self):
        for batch, rows in ((1, 4), (3, 3), (4, 4), (5, 5)):
            with self.subTest(batch=batch):
                seen = []
                recipe = mock.Mock(output="pooled", precision="fp32")
                recipe.model.config = tiny.CONFIG
                recipe.output_dtype.return_value = torch.float32
                weights = tiny.tensors()
                reference = encoder.Encoder(tiny.CONFIG, weights, 16, "cls", True).eval()

                def traced(ids, mask):
                    self.assertEqual(tuple(ids.shape), (batch, 16))
                    self.assertEqual((ids.dtype, mask.dtype), (torch.int32, torch.int32))
                    seen.extend(mask.sum(dim=1).tolist())
                    return reference(ids, mask)

                shape = Shape(batch=batch, length=16)
                device_check.check(traced, lambda length: reference, recipe, shape)
                self.assertEqual(len(seen), rows)
                self.assertEqual(seen[0], 16)
                self.assertEqual(len(set(seen)), rows)


class UsageTest(CompileTest):
    def assert_wrong_usage(self, pattern, *arguments):
        err = io.StringIO()
        with contextlib.redirect_stderr(err), self.assertRaises(SystemExit) as ended:
            compile_neff.main(list(arguments), trace=self.stand_in, versions=lambda: self.versions)
        self.assertEqual(ended.exception.code, 2)
        self.assertRegex(err.getvalue(), pattern)

    def test_wrong_usage(self):
        self.assert_wrong_usage("arguments are required: model")
        wrong = ("", "4", "4x", "0x8", "1x0", "1x1", "4X8", "4x8,", "-1x8", "1x8;2x8", "100000x8")
        for shapes in (*wrong, "1x8p", "1x8p0", "1x8p1", "1x8p5", "1x8p2p2"):
            with self.subTest(shapes=shapes):
                self.assert_wrong_usage("is not a shape: write rows x tokens", "m", f"--shapes={shapes}")
        self.assert_wrong_usage("the shape 1x8 occurs twice", "m", "--shapes", "1x8,2x8,1x8")
        self.assert_wrong_usage("invalid choice: 'int8'", "m", "--precision", "int8")
        self.assert_wrong_usage("invalid choice: 'max'", "m", "--pooling", "max")
        self.assert_wrong_usage("cannot be split into arguments", "m", "--compiler-args='a")

    def test_the_default_shapes_are_those_of_the_tests_on_real_weights(self):
        import test_golden

        shapes = {(shape.batch, shape.length) for shape in compile_neff._parse(["m"]).shapes}
        self.assertEqual(shapes, set(test_golden.TEXTS))

    def test_a_shape_longer_than_the_model(self):
        self.assert_fails("has 32 positions, so the shape 1x33 is too long", shapes="1x8,1x33")
        self.assertFalse(self.neuron.exists())

    def test_an_unsupported_model_gives_one_sentence(self):
        tiny.lay_out(self.model, model_type="mpnet")
        self.assert_fails('compile_neff: .*config.json has the model_type "mpnet"')

    def test_a_folder_that_cannot_be_written_gives_one_sentence(self):
        self.neuron.write_text("a file", encoding="utf-8")
        code, _, err = self.run_main()
        self.assertEqual(code, 1)
        self.assertRegex(err, "neuron: File exists.\n$")

    def test_a_missing_sdk_gives_one_sentence(self):
        # torch itself may have no package metadata either.
        with mock.patch.object(neuron_sdk.importlib.metadata, "version", side_effect=_not_found):
            with self.assertRaisesRegex(Failure, "package neuronx-cc is not installed in "):
                neuron_sdk.versions()
        with mock.patch.object(neuron_sdk.importlib.metadata, "version", side_effect=lambda package: package + " 1"):
            self.assertEqual(
                neuron_sdk.versions(),
                {"neuronxCc": "neuronx-cc 1", "torchNeuronx": "torch-neuronx 1", "torch": "torch 1"},
            )

    def test_the_message_names_environments_with_the_sdk(self):
        with mock.patch.object(neuron_sdk.importlib.metadata, "version", side_effect=_not_found):
            with self.assertRaisesRegex(Failure, "SDK 2.31 or before, such as aws_neuronx_venv_pytorch_2_9 of"):
                neuron_sdk.versions()

    def test_torch_neuron_of_the_same_package_name_is_refused(self):
        for version, taken in (("2.9.0.2.15.32035+abc", True), ("2.13.3.0", False), ("2.14.3.0", False)):
            installed = {"neuronx-cc": "2.28.7631.0", "torch-neuronx": version, "torch": "2.9.0"}
            with mock.patch.object(neuron_sdk.importlib.metadata, "version", side_effect=installed.get):
                if taken:
                    self.assertEqual(neuron_sdk.versions()["torchNeuronx"], version)
                    continue
                with self.assertRaisesRegex(Failure, f"torch-neuronx {version} of .* is TorchNeuron, .*SDK 2.31"):
                    neuron_sdk.versions()

    def test_a_python_without_torch_gives_one_sentence(self):
        program = pathlib.Path(compile_neff.__file__)
        # -S: Python starts without the folders of installed packages.
        ended = subprocess.run(
            [sys.executable, "-S", "-E", str(program), "x"], capture_output=True, text=True, check=False
        )
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr, "^compile_neff: The Python package torch is not installed in .*\n$")


def _not_found(package):
    raise neuron_sdk.importlib.metadata.PackageNotFoundError(package)


if __name__ == "__main__":
    unittest.main()
