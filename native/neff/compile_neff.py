#!/usr/bin/env python3
"""Compiles an embedding model or a cross-encoder of the BERT family for NeuronCores. The input is a model directory and
shapes; the output is NEFF files and their manifest.

Needs torch-neuronx of the AWS Neuron SDK; README.md in this folder says how to install it. Exit codes: 0 done,
1 failed, 2 wrong usage.
"""

import argparse
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile

# By AWS's release notes of SDK 2.32 (2026-08-17), its images and those of later releases have no such environment.
ENVIRONMENTS = (
    "run this in an environment of AWS Neuron SDK 2.31 or before, such as aws_neuronx_venv_pytorch_2_9 of its Deep"
    " Learning AMI, or in its container pytorch-inference-neuronx"
)
try:
    import torch
except ImportError:
    sys.exit(f"compile_neff: The Python package torch is not installed in {sys.executable}: {ENVIRONMENTS}.")

import device_check
import encoder
import model_directory
import neff
import packed_encoder
import weights
from failure import Failure

# A manifest with a packed shape has its own format number, so a loader that does not support packed shapes refuses it.
FORMAT, PACKED_FORMAT = 1, 2
# The poolings that a compiled graph can compute.
POOLINGS = ("cls", "mean")
DEFAULT_SHAPES = "1x32,1x128,4x128,1x256,32x256,1x512"
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
DTYPE_NAMES = {torch.bfloat16: "bfloat16", torch.float32: "float32"}
# The last torch-neuronx on PyTorch/XLA; it has torch_neuronx.trace. 2.10 and later are TorchNeuron, for Trn2 and Trn3.
LAST_XLA = (2, 9)
# The first neuronx-cc with flags for integers, the one of SDK 2.32. AWS announced other defaults for the next one.
INTEGER_FLAGS = (2, 27)
# torch_neuronx.trace names tensors by their position in the example arguments and results.
INPUTS = {"input0": "input_ids", "input1": "attention_mask"}
# The inputs of a cross-encoder that distinguishes the two sides of a pair by token types.
TYPED_INPUTS = {**INPUTS, "input2": "token_type_ids"}
PACKED_INPUTS = {"input0": "input_ids", "input1": "starts"}
OUTPUT = "output0"


@dataclasses.dataclass(frozen=True, order=True)
class Shape:
    """Shape of a compiled model: tokens per row, rows per execution, texts per packed row (0: a row is one text)."""

    length: int
    batch: int
    texts: int = 0

    def __str__(self):
        return f"{self.batch}x{self.length}" + (f"p{self.texts}" if self.texts else "")

    def inputs(self, typed=False):
        """Returns role and number of elements of each input by tensor name. typed: whether token types are an input."""
        roles = PACKED_INPUTS if self.texts else TYPED_INPUTS if typed else INPUTS
        count = lambda role: self.texts + 1 if role == "starts" else self.length
        return {name: (role, self.batch * count(role)) for name, role in roles.items()}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that determines a compiled model, except the shape."""

    model: model_directory.ModelDirectory
    weights_sha256: str
    output: str
    precision: str
    packed_mask: str
    compiler: dict

    def key(self, shape):
        """Two compiled models with equal keys are equal."""
        parts = {
            "program": [_sha256(pathlib.Path(module.__file__)) for module in (encoder, packed_encoder, weights)]
            + [_sha256(pathlib.Path(__file__))],
            "weights": self.weights_sha256,
            "config": dataclasses.asdict(self.model.config),
            "pooling": self.model.pooling,
            "normalize": self.model.normalize,
            "output": self.output,
            "precision": self.precision,
            "compiler": self.compiler,
            "shape": str(shape),
            "mask": self.packed_mask if shape.texts else None,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def graph(self, tensors, shape, dtype):
        config, normalize = self.model.config, self.model.normalize
        if shape.texts:
            return packed_encoder.PackedEncoder(
                config, tensors, shape.length, shape.texts, self.model.pooling, normalize, dtype, self.packed_mask
            ).eval()
        pooling = self.model.pooling if self.output == "pooled" else None
        return encoder.Encoder(config, tensors, shape.length, pooling, normalize, dtype).eval()

    def inputs(self, shape):
        return shape.inputs(self.model.config.takes_types)

    def width(self):
        """The number of elements of a vector; 1 for the score of a pair."""
        return 1 if self.model.config.head else self.model.config.hidden_size

    def output_bytes(self, shape):
        vectors = shape.batch * (shape.texts or (1 if self.output == "pooled" else shape.length))
        return vectors * self.width() * torch.empty(0, dtype=self.output_dtype()).element_size()

    def output_dtype(self):
        return torch.float32 if self.output == "pooled" else DTYPES[self.precision]

    def file_name(self, shape):
        return f"{self.model.name}-{shape}.neff"


def neuron_trace(graph, example_inputs, workdir, compiler_args, target, on_cpu):
    """Compiles the graph with torch_neuronx, which writes a NEFF to workdir. Returns a function that runs the compiled
    graph on the device, or None with on_cpu.

    The weights are part of the NEFF; otherwise libnrt would need each of them as an input. on_cpu compiles without a
    device. The compiler then needs its target before it is imported (huggingface/optimum-neuron pull request 961).
    """
    options = {}
    if on_cpu:
        os.environ.setdefault("NEURON_PLATFORM_TARGET_OVERRIDE", target)
        options["cpu_backend"] = True
    import torch_neuronx

    traced = torch_neuronx.trace(
        graph,
        example_inputs,
        compiler_workdir=str(workdir),
        compiler_args=compiler_args,
        inline_weights_to_neff=True,
        **options,
    )
    return None if on_cpu else traced


def neuron_versions():
    """The versions of the installed SDK, by package."""
    versions = {}
    for key, package in (("neuronxCc", "neuronx-cc"), ("torchNeuronx", "torch-neuronx"), ("torch", "torch")):
        try:
            versions[key] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            raise Failure(
                f"The Python package {package} is not installed in {sys.executable}: {ENVIRONMENTS}."
            ) from None
    if _release(versions["torchNeuronx"]) > LAST_XLA:
        raise Failure(
            f"torch-neuronx {versions['torchNeuronx']} of {sys.executable} is TorchNeuron, for Trn2 and Trn3 alone, and"
            f" this program needs the one on PyTorch/XLA (2.9): {ENVIRONMENTS}."
        )
    return versions


def compiler_arguments(target, compiler_version):
    """The arguments of neuronx-cc. They set every option whose default has changed or will change.

    On Trn2 the runtime's default for a logical core is two physical cores, and the file has to state the same number.
    The only integers are token ids and what is computed from them. All are below 2^24, so a conversion to float32 is
    exact. Compilers before 2.27 convert them by default; from 2.27 on, an argument asks for it.
    """
    arguments = ["--target", target, "--model-type", "transformer", "--auto-cast", "none"]
    if target == "trn2":
        arguments += ["--logical-nc-config", "2"]
    if _release(compiler_version) >= INTEGER_FLAGS:
        arguments += ["--implicit-integer-downcast", "all"]
        if target == "trn2":  # the other targets always narrow 64-bit integers, and have no such flag
            arguments += ["--native-int64", "disabled"]
    return arguments


def _release(version):
    """The first two numbers of a version; (0, 0) if it does not begin with two numbers."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def has_device():
    return any(pathlib.Path("/dev").glob("neuron[0-9]*"))


def main(arguments=None, trace=neuron_trace, versions=neuron_versions, device=has_device):
    """The program. Tests replace what the SDK provides: tracing, versions, the device."""
    options = _parse(arguments)
    try:
        _run(options, trace, versions, device)
        return 0
    except Failure as e:
        print(f"compile_neff: {e}", file=sys.stderr)
    except OSError as e:
        print(f"compile_neff: {e.filename or options.model}: {e.strerror or e}.", file=sys.stderr)
    return 1


def _run(options, trace, versions, device):
    model = model_directory.open_directory(options.model, options.pooling, options.weights, options.revision)
    if model.config.head and options.output != "pooled":
        raise Failure(f"{model.folder} is a cross-encoder, whose head is in the graph: leave --output raw out.")
    if options.output == "pooled" and not model.config.head and model.pooling not in POOLINGS:
        raise Failure(
            f"{model.folder} pools by {model.pooling}, and a compiled model by {' or '.join(POOLINGS)}: --output raw"
            " leaves the pooling to the host."
        )
    for shape in options.shapes:
        if shape.length > model.config.positions:
            raise Failure(
                f"{model.folder} has {model.config.positions} positions: the shape {shape} is too long, leave it out of"
                " --shapes."
            )
        if shape.texts and options.output != "pooled":
            raise Failure(f"The shape {shape} is packed, and a packed model pools by itself: leave --output raw out.")
        if shape.texts and model.config.takes_types:
            raise Failure(
                f"The shape {shape} is packed, and {model.folder} tells the sides of a pair by token types, of which a"
                " packed row has none: leave it out of --shapes."
            )
        if shape.texts and options.packed_mask == "folded" and not packed_encoder.folds(model.config, shape.texts):
            raise Failure(
                f"The shape {shape} has too many texts a row for --packed-mask folded: with the"
                f" {model.config.hidden_size // model.config.heads} values of a head of {model.folder} and 2 more there"
                f" is room for {packed_encoder.ARRAY_ROWS} in all."
            )
    installed = versions()
    compiler_args = compiler_arguments(options.target, installed["neuronxCc"])
    recipe = Recipe(
        model=model,
        weights_sha256=_sha256(model.weights),
        output=options.output,
        precision=options.precision,
        packed_mask=options.packed_mask,
        compiler={**installed, "target": options.target, "arguments": compiler_args + options.compiler_args},
    )
    folder = model.folder / "neuron"
    folder.mkdir(exist_ok=True)
    entries = _usable_entries(folder, recipe)
    wanted = [shape for shape in options.shapes if options.force or shape not in entries]
    for shape in options.shapes:
        if shape not in wanted:
            print(f"{shape}: {folder / recipe.file_name(shape)} is up to date")
    tensors = weights.read(model.weights, model.config) if wanted else None
    for shape in wanted:
        print(f"{shape}: compiling", flush=True)
        entries[shape] = _compile(recipe, tensors, shape, folder, trace, options.workdir, options.cpu or not device())
        # Write it after each shape, so that the compiled ones are not lost if the next one fails.
        _write_manifest(folder, recipe, entries)
    _write_manifest(folder, recipe, entries)
    print(f"{folder / 'manifest.json'}: {', '.join(str(shape) for shape in sorted(entries))}")


def _compile(recipe, tensors, shape, folder, trace, workdir, on_cpu):
    """Compiles one shape, checks it and copies it to its folder. Returns its entry for the manifest."""
    graph = recipe.graph(tensors, shape, DTYPES[recipe.precision])
    examples = _examples(shape, recipe.model.config.takes_types)
    kept = workdir is not None
    if kept:
        workdir.mkdir(parents=True, exist_ok=True)
    # Always a new folder: in an old one, an old NEFF could be mistaken for the new one.
    work = pathlib.Path(tempfile.mkdtemp(prefix=f"{recipe.file_name(shape)}-", dir=workdir))
    try:
        try:
            with torch.no_grad():
                traced = trace(
                    graph, examples, work, recipe.compiler["arguments"], recipe.compiler["target"], on_cpu
                )
        except Exception as e:  # compiler and tracer may raise any exception
            line = str(e).strip().partition("\n")[0]
            raise Failure(
                f"{shape} of {recipe.model.folder} was not compiled ({type(e).__name__}: {line}):"
                f" {'the compiler log is in ' + str(work) if kept else '--workdir keeps the compiler log'}."
            ) from e
        compiled = _only_neff(work, shape)
        content = neff.read(compiled)
        _check_tensors(content, recipe, shape)
        checked = millis = None
        if traced is not None:
            checked = device_check.check(
                traced,
                lambda length: recipe.graph(tensors, Shape(length=length, batch=1), torch.float32),
                recipe,
                shape,
            )
            millis = device_check.median_millis(traced, examples)
        name = recipe.file_name(shape)
        _place(folder / name, lambda file: shutil.copyfile(compiled, file))
    finally:
        if not kept:
            shutil.rmtree(work, ignore_errors=True)
    size = (folder / name).stat().st_size
    compared = "not compared, no Neuron device used"
    measure = device_check.measure(recipe)
    if checked is not None:
        compared = f"{measure.words} {checked:.6f} against float32, median execution {millis:.3f} ms in PyTorch"
    print(f"{shape}: {folder / name}, {size} bytes, {compared}", flush=True)
    if content.inputs is None:
        print(f"{shape}: the file does not list its tensors in a form known here; they are checked when it is loaded")
    packing = {"packing": {"texts": shape.texts, "mask": recipe.packed_mask}} if shape.texts else {}
    return {
        "file": name,
        "batch": shape.batch,
        "sequenceLength": shape.length,
        **packing,
        "inputs": [{"name": name, "role": role, "dtype": "int32"} for name, (role, _) in recipe.inputs(shape).items()],
        "output": {
            "name": OUTPUT,
            "kind": recipe.output,
            "dtype": DTYPE_NAMES[recipe.output_dtype()],
            "hiddenSize": recipe.width(),
        },
        "sizeBytes": size,
        "sha256": _sha256(folder / name),
        "key": recipe.key(shape),
        "compilerVersion": content.compiler_version,
        "checked": {"tensors": content.inputs is not None, measure.key: None if checked is None else round(checked, 6)},
    }


def _only_neff(work, shape):
    found = sorted(work.rglob("*.neff"))
    if len(found) != 1:
        raise Failure(
            f"The compiler left {len(found)} NEFF files for {shape}, and one is expected: look for errors in its"
            " output; a graph that it splits into several cannot be used."
        )
    return found[0]


def _check_tensors(content, recipe, shape):
    if content.inputs is None:
        return
    inputs = {name: elements * 4 for name, (_, elements) in recipe.inputs(shape).items()}
    expected = (inputs, {OUTPUT: recipe.output_bytes(shape)})
    if (content.inputs, content.outputs) != expected:
        raise Failure(
            f"The compiled {shape} has the inputs {_some(content.inputs)} and outputs {_some(content.outputs)} (bytes),"
            f" not {expected[0]} and {expected[1]}: this version of the SDK names or lays out tensors differently, or"
            " did not put the weights into the file."
        )


def _some(sizes):
    return sizes if len(sizes) <= 4 else f"{dict(list(sizes.items())[:4])} and {len(sizes) - 4} more"


def _examples(shape, typed=False):
    """The example inputs for tracing."""
    ids = torch.ones(shape.batch, shape.length, dtype=torch.int32)
    if not shape.texts:
        return tuple(ids.clone() for _ in shape.inputs(typed))
    starts = torch.arange(shape.texts + 1) * (shape.length // shape.texts)
    return ids, starts.to(torch.int32).repeat(shape.batch, 1)


def _usable_entries(folder, recipe):
    """The entries of the manifest that this recipe would produce again and whose files are undamaged, by shape."""
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    try:
        models = model_directory.read_json(path, dict)["models"]
        usable = {}
        for entry in models:
            texts = entry["packing"]["texts"] if "packing" in entry else 0
            shape = Shape(batch=entry["batch"], length=entry["sequenceLength"], texts=texts)
            file = folder / recipe.file_name(shape)
            if (
                entry.get("key") == recipe.key(shape)
                and entry["file"] == file.name
                and file.is_file()
                and entry["sha256"] == _sha256(file)
            ):
                usable[shape] = entry
    except (Failure, KeyError, TypeError, AttributeError):
        print(f"{path} is damaged, and is written anew")
        return {}
    if len(usable) < len(models):
        print(
            f"{path}: {len(models) - len(usable)} of {len(models)} models were made of other weights, options or"
            " versions, or are damaged, and leave the manifest"
        )
    return usable


def _write_manifest(folder, recipe, entries):
    model = recipe.model
    weights_file = model.weights
    if weights_file.is_relative_to(model.folder):
        weights_file = weights_file.relative_to(model.folder)
    manifest = {
        "format": PACKED_FORMAT if any(shape.texts for shape in entries) else FORMAT,
        "emulated": False,
        "model": model.name,
        "source": {
            "revision": model.revision,
            "weights": str(weights_file),
            "sha256": recipe.weights_sha256,
            "pooling": model.pooling,
            "normalize": model.normalize,
        },
        "precision": recipe.precision,
        "compiler": recipe.compiler,
        "models": [entries[shape] for shape in sorted(entries)],
    }
    text = json.dumps(manifest, indent=2) + "\n"
    _place(folder / "manifest.json", lambda file: file.write_text(text, encoding="utf-8"))


def _place(path, write):
    """Writes a file that appears under its name only when it is complete and on the disk."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".partial", dir=path.parent)
    os.close(handle)
    partial = pathlib.Path(name)
    try:
        write(partial)
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        # A temporary file has a mode with which no other user can read it.
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _shapes(text):
    shapes = []
    for part in text.split(","):
        match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})(?:p([1-9][0-9]{0,4}))?", part.strip())
        shape = match and Shape(*(int(number or 0) for number in match.group(2, 1, 3)))
        if not match or shape.texts == 1 or shape.length < 2 * max(1, shape.texts):
            raise argparse.ArgumentTypeError(
                f"{part.strip()!r} is not a shape: give rows x tokens, for example 4x128, and p texts if a row is to"
                " hold two or more, for example 1x256p32; a text has at least two tokens"
            )
        if shape in shapes:
            raise argparse.ArgumentTypeError(f"the shape {shape} stands there twice")
        shapes.append(shape)
    return shapes


def _words(text):
    try:
        return shlex.split(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be split into arguments ({e})") from e


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="compile_neff.py",
        description="Compiles an embedding model or a cross-encoder of the BERT family for NeuronCores: writes"
        " neuron/*.neff and neuron/manifest.json"
        " into its directory.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage.",
    )
    parser.add_argument("model", type=pathlib.Path, help="model directory in the Hugging Face layout")
    parser.add_argument(
        "--shapes",
        type=_shapes,
        default=DEFAULT_SHAPES,
        metavar="BxS,BxSpK,...",
        help="rows x tokens of each compiled model, with pK for rows that hold up to K texts (default: %(default)s)",
    )
    parser.add_argument(
        "--packed-mask",
        choices=packed_encoder.MASKS,
        default="added",
        help="how the texts of a packed row are kept apart: by a mask added to the scores, or folded into the product"
        " of query and key (default: %(default)s)",
    )
    parser.add_argument(
        "--precision", choices=sorted(DTYPES), default="bf16", help="the weights' number format (default: %(default)s)"
    )
    parser.add_argument(
        "--output",
        choices=["pooled", "raw"],
        default="pooled",
        help="one finished vector a row, or one for every token (default: %(default)s)",
    )
    parser.add_argument("--pooling", choices=POOLINGS, help="in place of what the model directory states")
    parser.add_argument(
        "--weights",
        type=pathlib.Path,
        metavar="FILE",
        help="default: the first of model.safetensors, pytorch_model.bin, onnx/model.onnx in the model directory",
    )
    parser.add_argument(
        "--revision",
        metavar="COMMIT",
        help="of the model's repository, for the manifest; found where the hub's tools leave it",
    )
    parser.add_argument(
        "--target",
        choices=["inf2", "trn1", "trn2"],
        default="inf2",
        help="what the models run on; none was tried (default: %(default)s)",
    )
    parser.add_argument(
        "--compiler-args",
        type=_words,
        default=[],
        metavar="ARGUMENTS",
        help="more arguments of neuronx-cc, for example --compiler-args='--optlevel 3'",
    )
    parser.add_argument(
        "--cpu",
        action="store_true",
        help="compile without a Neuron device, as is done where there is none; compares no vectors",
    )
    parser.add_argument(
        "--workdir",
        type=pathlib.Path,
        metavar="FOLDER",
        help="where the compiler's own files are kept (default: they are not)",
    )
    parser.add_argument("--force", action="store_true", help="compile what is up to date as well")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
