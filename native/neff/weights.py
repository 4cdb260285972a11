"""Reads the encoder's weights from a file of the model directory: safetensors, PyTorch's own format, or ONNX."""

import json
import re
import struct

import torch

import encoder
from failure import Failure

# What a checkpoint may contain besides the encoder: heads that are not used, and a table of 0, 1, 2, ...
_UNUSED = (
    "pooler.", "cls.", "lm_head.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector.",
    "embeddings.position_ids", "embeddings.token_type_ids",
)  # fmt: skip

# The prefixes of the encoder's names in models with a head.
_PREFIXES = ("bert.", "roberta.", "distilbert.")

# DistilBERT's names for the parts of a layer.
_DISTILBERT_PARTS = {
    "attention.q_lin": "attention.self.query",
    "attention.k_lin": "attention.self.key",
    "attention.v_lin": "attention.self.value",
    "attention.out_lin": "attention.output.dense",
    "sa_layer_norm": "attention.output.LayerNorm",
    "ffn.lin1": "intermediate.dense",
    "ffn.lin2": "output.dense",
    "output_layer_norm": "output.LayerNorm",
}
_DISTILBERT_LAYER = re.compile(r"transformer\.layer\.(\d+)\.(.+)\.(weight|bias)")

_SAFETENSORS_TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_LARGEST_HEADER = 100_000_000


def read(path, config):
    """Returns the dict that encoder.Encoder takes: every weight of encoder.weight_shapes, float32."""
    readers = {".safetensors": _read_safetensors, ".bin": _read_torch, ".onnx": _read_onnx}
    reader = readers.get(path.suffix)
    if reader is None:
        raise Failure(f"{path} is not a weights file: its name must end with {', '.join(readers)}.")
    found = {_plain(name): tensor for name, tensor in reader(path).items()}
    wanted = encoder.weight_shapes(config)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise Failure(
            f"{path} does not have {len(missing)} of the {len(wanted)} weights of a BERT encoder of this size, for"
            f" example {missing[0]}: copy the file, with float weights, from the repository of config.json."
        )
    unused = [name for name in found if name not in wanted and not name.startswith(_UNUSED)]
    if unused:
        raise Failure(
            f"{path} has {len(unused)} weights that a BERT encoder of this size does not use, for example {unused[0]}:"
            " this is another kind of model, whose vectors would be wrong without these weights."
        )
    for name, shape in wanted.items():
        if tuple(found[name].shape) != shape:
            raise Failure(
                f"{path} has {name} of the shape {list(found[name].shape)}, but config.json requires {list(shape)}:"
                " copy both files from the same repository."
            )
        if not torch.isfinite(found[name]).all():
            raise Failure(f"{path} has a NaN or an infinite number in {name}: copy it from the repository again.")
    return {name: found[name].to(torch.float32).contiguous() for name in wanted}


def _plain(name):
    """Converts a name to BERT's: removes the prefix of a model with a head, and uses today's names of layer norms."""
    for prefix in _PREFIXES:
        name = name[len(prefix) :] if name.startswith(prefix) else name
    match = _DISTILBERT_LAYER.fullmatch(name)
    if match and match.group(2) in _DISTILBERT_PARTS:
        return f"encoder.layer.{match.group(1)}.{_DISTILBERT_PARTS[match.group(2)]}.{match.group(3)}"
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def _read_safetensors(path):
    """The format: a u64 length, a JSON header of that length, then the numbers; all little-endian.

    This does not use the library of that name: no Neuron package needs it, and some distributions do not have it.
    """
    data = bytearray(path.read_bytes())
    try:
        (length,) = struct.unpack_from("<Q", data)
        if length > min(_LARGEST_HEADER, len(data) - 8):
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(data[8 : 8 + length])
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            dtype = _SAFETENSORS_TYPES.get(entry["dtype"])
            # Tables of positions are integers and are not used.
            if dtype is None:
                if _plain(name).startswith(_UNUSED):
                    continue
                raise ValueError(f"{name} has the number format {entry['dtype']}")
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            count = (end - begin) // torch.empty(0, dtype=dtype).element_size()
            if not 8 + length <= begin <= end <= len(data):
                raise ValueError(f"{name} is outside of the file")
            values = torch.frombuffer(data, dtype=dtype, count=count, offset=begin) if count else torch.empty(0)
            tensors[name] = values.reshape(entry["shape"])
        return tensors
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as e:
        raise Failure(
            f"{path} is not a complete safetensors file of floats: copy it from the repository again ({e})."
        ) from e


def _read_torch(path):
    try:
        # Without weights_only, a file could run any code.
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor for name, tensor in state.items() if isinstance(tensor, torch.Tensor)}
    except Exception as e:  # torch raises any exception of its unpickler
        line = str(e).partition("\n")[0]
        raise Failure(
            f"{path} is not a complete PyTorch weights file: copy it from the repository again ({line})."
        ) from e


def _read_onnx(path):
    """The exporter keeps the names of embeddings, biases and layer norms. It renames the matrices of linear layers and
    stores them transposed. A layer's matrix is the one that is multiplied right before the layer's bias is added."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise Failure(
            f"The Python package onnx, which is needed for {path}, is not installed: install it, or copy"
            " model.safetensors from the model's repository to the model directory."
        ) from None
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as e:  # protobuf's exceptions, which differ between its versions
        raise Failure(
            f"{path} is not a complete ONNX file: copy it from the repository again ({type(e).__name__})."
        ) from e
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.initializer):
        raise Failure(f"{path} has its weights in another file: use model.safetensors of the model's repository.")

    def tensor(name):
        return torch.from_numpy(numpy_helper.to_array(initializers[name]).copy())

    heads = {layer for dense, output, _ in encoder.HEADS.values() for layer in (dense, output)}

    def is_bias(name):
        layer = _plain(name)[: -len(".bias")]
        return name in initializers and name.endswith(".bias") and (
            layer in heads or layer.endswith(tuple(f".{linear}" for linear in encoder.LINEAR_LAYERS.values()))
        )

    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    tensors = {}
    for node in graph.node:
        if node.op_type == "Gemm" and len(node.input) == 3 and is_bias(node.input[2]) and node.input[1] in initializers:
            swapped = any(attribute.name == "transB" and attribute.i == 1 for attribute in node.attribute)
            matrix = tensor(node.input[1])
            tensors[node.input[2][: -len("bias")] + "weight"] = matrix if swapped else matrix.t()
        if node.op_type != "Add":
            continue
        for bias, product in (tuple(node.input), tuple(reversed(node.input))):
            matrix = products.get(product)
            if is_bias(bias) and matrix in initializers:
                tensors[bias[: -len("bias")] + "weight"] = tensor(matrix).t()
    ours = ("embeddings.", "encoder.", *heads)
    for name, entry in initializers.items():
        if _plain(name).startswith(ours) and entry.data_type in (
            onnx.TensorProto.FLOAT,
            onnx.TensorProto.FLOAT16,
        ):
            tensors.setdefault(name, tensor(name))
    return tensors
