"""A model directory with a tiny random BERT, in every format of weights, and replacements for the Neuron SDK."""

import gzip
import io
import json
import struct
import tarfile

import numpy
import torch

import encoder
import model_directory

CONFIG = model_directory.BertConfig(
    layers=2,
    heads=4,
    hidden_size=16,
    intermediate_size=24,
    vocabulary_size=40,
    positions=32,
    token_types=2,
    epsilon=1e-12,
)

VERSIONS = {"neuronxCc": "2.0", "torchNeuronx": "2.1", "torch": "2.2"}


def tensors(seed=5):
    """Weights by their usual names."""
    random = numpy.random.RandomState(seed)
    return {
        name: torch.from_numpy(random.randn(*shape).astype("float32"))
        for name, shape in encoder.weight_shapes(CONFIG).items()
    }


def lay_out(folder, weights="model.safetensors", **config):
    """Makes the model directory. config replaces values of config.json; None removes a value."""
    values = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": CONFIG.hidden_size,
        "intermediate_size": CONFIG.intermediate_size,
        "layer_norm_eps": CONFIG.epsilon,
        "max_position_embeddings": CONFIG.positions,
        "num_attention_heads": CONFIG.heads,
        "num_hidden_layers": CONFIG.layers,
        "pad_token_id": 0,
        "type_vocab_size": CONFIG.token_types,
        "vocab_size": CONFIG.vocabulary_size,
        **config,
    }
    write_json(folder / "config.json", {key: value for key, value in values.items() if value is not None})
    write_modules(folder, "Transformer", "Pooling", "Normalize")
    write_json(folder / "1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    writers = {"model.safetensors": write_safetensors, "pytorch_model.bin": torch_save, "onnx/model.onnx": write_onnx}
    path = folder / weights
    path.parent.mkdir(exist_ok=True)
    writers[weights](path, tensors())
    return folder


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_modules(folder, *types):
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    write_json(
        folder / "modules.json",
        [{"type": "sentence_transformers.models." + type, "path": paths.get(type, type)} for type in types],
    )


def torch_save(path, weights):
    torch.save(weights, path)


def write_safetensors(path, weights):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    names = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64"}
    for name, tensor in weights.items():
        content = tensor.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    encoded = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


def write_onnx(path, weights):
    """Writes the file as exporters do: transposed matrices with other names, which can be found only by the graph."""
    import onnx
    from onnx import helper, numpy_helper

    nodes, initializers = [], []
    for number, (name, tensor) in enumerate(weights.items()):
        stored, array = name, tensor.numpy()
        if name.endswith(tuple(f".{layer}.weight" for layer in encoder.LINEAR_LAYERS.values())):
            stored, array = f"onnx::MatMul_{number}", array.T
            bias = name[: -len("weight")] + "bias"
            nodes.append(helper.make_node("MatMul", ["x", stored], [f"product_{number}"]))
            addends = [bias, f"product_{number}"] if number % 2 else [f"product_{number}", bias]
            nodes.append(helper.make_node("Add", addends, [f"sum_{number}"]))
        initializers.append(numpy_helper.from_array(numpy.ascontiguousarray(array), stored))
    onnx.save(helper.make_model(helper.make_graph(nodes, "bert", [], [], initializers)), str(path))


def neff_bytes(inputs, outputs, members=None, gzipped=True):
    """A NEFF container that lists these tensors (bytes by name) as AWS's compiler 2.23 does."""
    variables = {
        "SB": {"type": "state-buffer", "var_id": 0},
        "value_0": {"type": "file", "file_name": "value_0.npy", "size": 4},
        **{name: {"type": "input", "size": size, "ops": []} for name, size in inputs.items()},
        **{name: {"type": "output", "size": size, "ops": []} for name, size in outputs.items()},
    }
    if members is None:
        members = {"info.json": {"tool_version": "2.0.1+abc"}, "sg00/def.json": {"var": variables}}
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, value in members.items():
            content = json.dumps(value).encode()
            entry = tarfile.TarInfo("./" + name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    payload = (gzip.compress(file.getvalue(), mtime=0) if gzipped else file.getvalue()) + b"\0" * 100
    header = bytearray(1024)
    struct.pack_into("<QQQQQ", header, 0, 2 if gzipped else 1, 1024, len(payload), 2, 0)
    return bytes(header) + payload


class StandIn:
    """Replaces torch_neuronx: records the graph as torch.jit does, and leaves a NEFF that lists its tensors.

    device: whether there is a device, which can run the traced graph. change: what the device does to a result.
    """

    def __init__(self, device=True, change=lambda result: result):
        self.device, self.change, self.calls = device, change, []

    def __call__(self, graph, example_inputs, workdir, compiler_args, target, on_cpu):
        self.calls.append({"compiler_args": compiler_args, "target": target, "on_cpu": on_cpu, "graph": graph})
        traced = torch.jit.trace(graph, example_inputs)
        result = traced(*example_inputs)
        self.leave(
            workdir,
            {f"input{i}": tensor.numel() * tensor.element_size() for i, tensor in enumerate(example_inputs)},
            {"output0": result.numel() * result.element_size()},
        )
        return None if on_cpu else lambda *inputs: self.change(traced(*inputs))

    def leave(self, workdir, inputs, outputs):
        (workdir / "graph.neff").write_bytes(neff_bytes(inputs, outputs))
