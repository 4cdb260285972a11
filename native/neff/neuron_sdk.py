"""The parts of the AWS Neuron SDK that this program uses: versions, the compiler's arguments, tracing, the device."""

import importlib.metadata
import os
import pathlib
import re
import sys

from failure import Failure

# By AWS's release notes of SDK 2.32 (2026-08-17), its images and those of later releases have no such environment.
ENVIRONMENTS = (
    "run this in an environment of AWS Neuron SDK 2.31 or before, such as aws_neuronx_venv_pytorch_2_9 of its Deep"
    " Learning AMI, or in its container pytorch-inference-neuronx"
)
# The last torch-neuronx on PyTorch/XLA; it has torch_neuronx.trace. 2.10 and later are TorchNeuron, for Trn2 and Trn3.
LAST_XLA = (2, 9)
# The first neuronx-cc with flags for integers, the one of SDK 2.32. AWS announced other defaults for the next one.
INTEGER_FLAGS = (2, 27)


def missing_package(package):
    """The message for a package that is not installed."""
    return f"The Python package {package} is not installed in {sys.executable}: {ENVIRONMENTS}."


def versions():
    """The versions of the installed SDK, by package."""
    found = {}
    for key, package in (("neuronxCc", "neuronx-cc"), ("torchNeuronx", "torch-neuronx"), ("torch", "torch")):
        try:
            found[key] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            raise Failure(missing_package(package)) from None
    if _release(found["torchNeuronx"]) > LAST_XLA:
        raise Failure(
            f"torch-neuronx {found['torchNeuronx']} of {sys.executable} is TorchNeuron, which is only for Trn2 and"
            f" Trn3, but this program needs torch-neuronx 2.9, which uses PyTorch/XLA: {ENVIRONMENTS}."
        )
    return found


def compiler_arguments(target, compiler_version):
    """The arguments of neuronx-cc. They set every option whose default has changed or will change.

    On Trn2 the runtime's default for a logical core is two physical cores, and the file has to state the same number.
    The only integers are token ids and numbers computed from them. All are below 2^24, so a conversion to float32 is
    exact. Compilers before 2.27 convert them by default; later ones need an argument for it.
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


def trace(graph, example_inputs, workdir, compiler_args, target, on_cpu):
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


def has_device():
    return any(pathlib.Path("/dev").glob("neuron[0-9]*"))
