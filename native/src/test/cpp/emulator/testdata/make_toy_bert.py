#!/usr/bin/env python3
"""Writes toy_bert.onnx and toy_bert.txt beside this file.

The model has the interface of an exported BERT and a few thousand weights: token, position and type
embeddings, one attention layer with a mask, a residual, a layer norm. Both axes are dynamic.
Outputs: last_hidden_state [batch, length, 16]; sentence_embedding [batch, 16], its first token
normalised. toy_bert.txt holds texts (ids and types) and their sentence embeddings, computed here in
float64 without ONNX Runtime.

Needs Debian's python3-onnx. The result does not depend on the machine.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VOCABULARY, POSITIONS, HIDDEN = 100, 64, 16
FOLDER = pathlib.Path(__file__).parent

state = 12345


def weights(*shape, scale):
    """Deterministic float32 values in [-scale, scale)."""
    global state
    values = np.empty(int(np.prod(shape)), dtype=np.float64)
    for i in range(values.size):
        state = (state * 1103515245 + 12345) % 2**31
        values[i] = (state / 2**30 - 1.0) * scale
    return values.reshape(shape).astype(np.float32)


W = {
    "words": weights(VOCABULARY, HIDDEN, scale=1.0),
    "positions": weights(POSITIONS, HIDDEN, scale=0.3),
    "types": weights(2, HIDDEN, scale=0.3),
    "query": weights(HIDDEN, HIDDEN, scale=0.5),
    "key": weights(HIDDEN, HIDDEN, scale=0.5),
    "value": weights(HIDDEN, HIDDEN, scale=0.5),
    "gamma": 1.0 + weights(HIDDEN, scale=0.2),
    "beta": weights(HIDDEN, scale=0.2),
}


def forward(ids, mask, types):
    """The model in float64; all arguments [batch, length]."""
    x = W["words"].astype(np.float64)[ids] + W["types"][types] + W["positions"][: ids.shape[1]]
    scores = (x @ W["query"]) @ (x @ W["key"]).transpose(0, 2, 1) / 4.0
    scores = scores + (1.0 - mask[:, None, :]) * -10000.0
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    y = x + scores @ (x @ W["value"])
    y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-12)
    y = y * W["gamma"] + W["beta"]
    first = y[:, 0]
    return y, first / np.linalg.norm(first, axis=-1, keepdims=True)


def build():
    constants = {
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "axis1": np.array([1], np.int64),
        "float_one": np.array(1, np.float32),
        "masked": np.array(-10000, np.float32),
        "quarter": np.array(0.25, np.float32),
    }
    node = helper.make_node
    nodes = [
        node("Shape", ["input_ids"], ["shape"]),
        node("Gather", ["shape", "one"], ["length"]),
        node("Range", ["zero", "length", "one"], ["range"]),
        node("Gather", ["words", "input_ids"], ["word"]),
        node("Gather", ["types", "token_type_ids"], ["type"]),
        node("Gather", ["positions", "range"], ["position"]),
        node("Add", ["word", "type"], ["word_type"]),
        node("Add", ["word_type", "position"], ["x"]),
        node("MatMul", ["x", "query"], ["q"]),
        node("MatMul", ["x", "key"], ["k"]),
        node("MatMul", ["x", "value"], ["v"]),
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["qk"]),
        node("Mul", ["qk", "quarter"], ["scaled"]),
        node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["mask", "axis1"], ["mask3"]),
        node("Sub", ["float_one", "mask3"], ["hidden"]),
        node("Mul", ["hidden", "masked"], ["penalty"]),
        node("Add", ["scaled", "penalty"], ["scores"]),
        node("Softmax", ["scores"], ["probabilities"], axis=-1),
        node("MatMul", ["probabilities", "v"], ["context"]),
        node("Add", ["x", "context"], ["residual"]),
        node("LayerNormalization", ["residual", "gamma", "beta"], ["last_hidden_state"],
             axis=-1, epsilon=1e-12),
        node("Gather", ["last_hidden_state", "zero"], ["first"], axis=1),
        node("LpNormalization", ["first"], ["sentence_embedding"], axis=-1, p=2),
    ]
    ids = lambda name: helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
    graph = helper.make_graph(
        nodes, "toy_bert",
        [ids("input_ids"), ids("attention_mask"), ids("token_type_ids")],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT,
                                       ["batch", "length", HIDDEN]),
         helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT,
                                       ["batch", HIDDEN])],
        [numpy_helper.from_array(value, name) for name, value in {**W, **constants}.items()])
    model = helper.make_model(graph, producer_name="make_toy_bert.py",
                              opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


onnx.save(build(), FOLDER / "toy_bert.onnx")
texts = [[1, 7, 9, 2], [1, 42, 2], [1, 5, 6, 7, 8, 90, 91, 2], [3]]
with open(FOLDER / "toy_bert.txt", "w") as file:
    file.write("# ids; sentence embedding. Written by make_toy_bert.py\n")
    for text in texts:
        ids = np.array([text])
        vector = forward(ids, np.ones_like(ids, dtype=np.float64), np.zeros_like(ids))[1][0]
        file.write(" ".join(map(str, text)) + "; " + " ".join(f"{v:.9f}" for v in vector) + "\n")
