"""Compiles one shape, checks the result, and puts it into its folder."""

import pathlib
import shutil
import tempfile

import torch

import device_check
import files
import neff
from failure import Failure
from recipe import DTYPES, Shape

DTYPE_NAMES = {torch.bfloat16: "bfloat16", torch.float32: "float32"}
# torch_neuronx.trace names a tensor by its position in the results.
OUTPUT = "output0"


def compile_shape(recipe, tensors, shape, folder, trace, workdir, on_cpu):
    """Compiles one shape, checks it and copies it to its folder. Returns its entry for the manifest."""
    graph = recipe.graph(tensors, shape, DTYPES[recipe.precision])
    examples = recipe.examples(shape)
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
                f"{shape} of {recipe.model.folder} could not be compiled ({type(e).__name__}: {line}):"
                f" {'see the compiler log in ' + str(work) if kept else 'use --workdir to keep the compiler log'}."
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
        files.place(folder / name, lambda file: shutil.copyfile(compiled, file))
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
        print(f"{shape}: the file does not list its tensors in a known form, so only the loader will check them")
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
        "sha256": files.sha256(folder / name),
        "key": recipe.key(shape),
        "compilerVersion": content.compiler_version,
        "checked": {"tensors": content.inputs is not None, measure.key: None if checked is None else round(checked, 6)},
    }


def _only_neff(work, shape):
    found = sorted(work.rglob("*.neff"))
    if len(found) != 1:
        raise Failure(
            f"The compiler wrote {len(found)} NEFF files for {shape} instead of one: look for errors in its output; a"
            " graph that it splits into several files cannot be used."
        )
    return found[0]


def _check_tensors(content, recipe, shape):
    if content.inputs is None:
        return
    inputs = {name: elements * 4 for name, (_, elements) in recipe.inputs(shape).items()}
    expected = (inputs, {OUTPUT: recipe.output_bytes(shape)})
    if (content.inputs, content.outputs) != expected:
        raise Failure(
            f"The compiled {shape} has the inputs {_some(content.inputs)} and the outputs {_some(content.outputs)}"
            f" (bytes) instead of {expected[0]} and {expected[1]}: this version of the SDK names or arranges tensors"
            " differently, or it did not put the weights into the file."
        )


def _some(sizes):
    return sizes if len(sizes) <= 4 else f"{dict(list(sizes.items())[:4])} and {len(sizes) - 4} more"
