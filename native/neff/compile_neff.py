#!/usr/bin/env python3
"""Compiles an embedding model or a cross-encoder of the BERT family for NeuronCores. The input is a model directory and
shapes; the output is NEFF files and their manifest.

Needs torch-neuronx of the AWS Neuron SDK; README.md in this folder says how to install it. Exit codes: 0 done,
1 failed, 2 wrong usage.
"""

import argparse
import pathlib
import re
import shlex
import sys

import neuron_sdk
from failure import Failure

try:
    import torch  # noqa: F401  # the other modules need it
except ImportError:
    sys.exit(f"compile_neff: {neuron_sdk.missing_package('torch')}")

import compilation
import files
import manifest
import model_directory
import packed_encoder
import weights
from recipe import DTYPES, Recipe, Shape

# The poolings that a compiled graph can compute.
POOLINGS = ("cls", "mean")
DEFAULT_SHAPES = "1x32,1x128,4x128,1x256,32x256,1x512"


def main(arguments=None, trace=neuron_sdk.trace, versions=neuron_sdk.versions, device=neuron_sdk.has_device):
    """The program. Tests replace the functions of the SDK."""
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
    _check_output(options, model)
    for shape in options.shapes:
        _check_shape(shape, options, model)
    installed = versions()
    compiler_args = neuron_sdk.compiler_arguments(options.target, installed["neuronxCc"])
    recipe = Recipe(
        model=model,
        weights_sha256=files.sha256(model.weights),
        output=options.output,
        precision=options.precision,
        packed_mask=options.packed_mask,
        compiler={**installed, "target": options.target, "arguments": compiler_args + options.compiler_args},
    )
    folder = model.folder / "neuron"
    folder.mkdir(exist_ok=True)
    entries = manifest.usable_entries(folder, recipe)
    wanted = [shape for shape in options.shapes if options.force or shape not in entries]
    for shape in options.shapes:
        if shape not in wanted:
            print(f"{shape}: {folder / recipe.file_name(shape)} is up to date")
    tensors = weights.read(model.weights, model.config) if wanted else None
    for shape in wanted:
        print(f"{shape}: compiling", flush=True)
        on_cpu = options.cpu or not device()
        entries[shape] = compilation.compile_shape(recipe, tensors, shape, folder, trace, options.workdir, on_cpu)
        # Write it after each shape, so that the compiled ones are not lost if the next one fails.
        manifest.write(folder, recipe, entries)
    manifest.write(folder, recipe, entries)
    print(f"{folder / 'manifest.json'}: {', '.join(str(shape) for shape in sorted(entries))}")


def _check_output(options, model):
    if options.output == "raw" and model.config.head:
        raise Failure(f"{model.folder} is a cross-encoder, and its head is part of the graph: do not use --output raw.")
    if options.output == "pooled" and not model.config.head and model.pooling not in POOLINGS:
        raise Failure(
            f"{model.folder} has the pooling {model.pooling}, but a compiled model can only do"
            f" {' or '.join(POOLINGS)}: use --output raw, so that the host does the pooling."
        )


def _check_shape(shape, options, model):
    config = model.config
    if shape.length > config.positions:
        raise Failure(
            f"{model.folder} has {config.positions} positions, so the shape {shape} is too long: remove it from"
            " --shapes."
        )
    if shape.texts and options.output != "pooled":
        raise Failure(f"The shape {shape} is packed, and a packed model does the pooling: do not use --output raw.")
    if shape.texts and config.takes_types:
        raise Failure(
            f"The shape {shape} is packed and has no token types, but {model.folder} needs them to distinguish the two"
            " sides of a pair: remove the shape from --shapes."
        )
    if shape.texts and options.packed_mask == "folded" and not packed_encoder.folds(config, shape.texts):
        raise Failure(
            f"The shape {shape} has too many texts per row for --packed-mask folded: its texts, the"
            f" {config.hidden_size // config.heads} values of a head of {model.folder} and 2 more are more than"
            f" {packed_encoder.ARRAY_ROWS}."
        )


def _shapes(text):
    shapes = []
    for part in text.split(","):
        match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})(?:p([1-9][0-9]{0,4}))?", part.strip())
        shape = match and Shape(*(int(number or 0) for number in match.group(2, 1, 3)))
        if not match or shape.texts == 1 or shape.length < 2 * max(1, shape.texts):
            raise argparse.ArgumentTypeError(
                f"{part.strip()!r} is not a shape: write rows x tokens, for example 4x128; for packed rows, add p and"
                " the maximum number of texts in a row (at least two), for example 1x256p32; a text has at least two"
                " tokens"
            )
        if shape in shapes:
            raise argparse.ArgumentTypeError(f"the shape {shape} occurs twice")
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
        description="Compiles an embedding model or a cross-encoder of the BERT family for NeuronCores. Writes"
        " neuron/*.neff and neuron/manifest.json into the model directory.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage.",
    )
    parser.add_argument("model", type=pathlib.Path, help="model directory in the Hugging Face layout")
    parser.add_argument(
        "--shapes",
        type=_shapes,
        default=DEFAULT_SHAPES,
        metavar="BxS,BxSpK,...",
        help="rows x tokens of each compiled model; pK: a row holds up to K texts (default: %(default)s)",
    )
    parser.add_argument(
        "--packed-mask",
        choices=packed_encoder.MASKS,
        default="added",
        help="how to separate the texts of a packed row: with a mask that is added to the scores, or folded into the"
        " product of query and key (default: %(default)s)",
    )
    parser.add_argument(
        "--precision",
        choices=sorted(DTYPES),
        default="bf16",
        help="number format of the weights (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        choices=["pooled", "raw"],
        default="pooled",
        help="pooled: one final vector per text; raw: one vector per token (default: %(default)s)",
    )
    parser.add_argument(
        "--pooling", choices=POOLINGS, help="pooling to use instead of the one that the model directory states"
    )
    parser.add_argument(
        "--weights",
        type=pathlib.Path,
        metavar="FILE",
        help="file of the weights (default: model.safetensors, pytorch_model.bin or onnx/model.onnx in the model"
        " directory, the first that exists)",
    )
    parser.add_argument(
        "--revision",
        metavar="COMMIT",
        help="commit of the model's repository, for the manifest (default: the one that the hub's tools stored)",
    )
    parser.add_argument(
        "--target",
        choices=["inf2", "trn1", "trn2"],
        default="inf2",
        help="chip that runs the models; none has been tested (default: %(default)s)",
    )
    parser.add_argument(
        "--compiler-args",
        type=_words,
        default=[],
        metavar="ARGUMENTS",
        help="additional arguments of neuronx-cc, for example --compiler-args='--optlevel 3'",
    )
    parser.add_argument(
        "--cpu",
        action="store_true",
        help="do not use a Neuron device: vectors are not compared (default on a machine without a device)",
    )
    parser.add_argument(
        "--workdir",
        type=pathlib.Path,
        metavar="FOLDER",
        help="folder in which to keep the compiler's own files (default: they are deleted)",
    )
    parser.add_argument("--force", action="store_true", help="also compile shapes that are up to date")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
