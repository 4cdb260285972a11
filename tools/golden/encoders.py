"""Small encoders with random weights, of the architectures that derive from BERT: as ONNX files in the way PyTorch exports
them, and as what `bert.py` computes in float64. The two share the weights alone.
"""

from typing import NamedTuple

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import bert


class Size(NamedTuple):
    """Of an encoder."""

    hidden: int
    inner: int
    heads: int
    layers: int


SMALL = Size(16, 32, 4, 2)
EPSILON = 1e-5
OPSET = 17


def weights(seed, vocabulary, positions, token_types, head=None, size=SMALL):
    """Random float32 weights by BERT's names; a linear layer's is [inputs, outputs]. head: None, or the layers of one."""
    random = numpy.random.RandomState(seed)
    made = {}

    def matrix(name, inputs, outputs):
        made[name + ".weight"] = random.normal(0, 1.5 / inputs**0.5, (inputs, outputs))
        made[name + ".bias"] = random.normal(0, 0.2, outputs)

    def norm(name):
        made[name + ".weight"] = random.normal(1, 0.2, size.hidden)
        made[name + ".bias"] = random.normal(0, 0.2, size.hidden)

    for table, rows in (("word", vocabulary), ("position", positions), ("token_type", token_types)):
        if rows:
            made[f"embeddings.{table}_embeddings.weight"] = random.normal(0, 0.6, (rows, size.hidden))
    norm("embeddings.LayerNorm")
    for layer in range(size.layers):
        prefix = f"encoder.layer.{layer}."
        for name in bert.LINEAR_LAYERS:
            shape = {"intermediate.dense": (size.hidden, size.inner), "output.dense": (size.inner, size.hidden)}
            matrix(prefix + name, *shape.get(name, (size.hidden, size.hidden)))
        for name in bert.LAYER_NORMS:
            norm(prefix + name)
    if head:
        matrix(head[0], size.hidden, size.hidden)
        matrix(head[1], size.hidden, 1)
    return {name: value.astype(numpy.float32) for name, value in made.items()}


class _Graph:
    """Collects nodes; a value is known by its name."""

    def __init__(self, values):
        self.nodes = []
        self.initializers = {name: numpy.asarray(value) for name, value in values.items()}

    def node(self, operator, *inputs, output=None, **attributes):
        name = output or f"v{len(self.nodes)}"
        names = [self.constant(i) if not isinstance(i, str) else i for i in inputs]
        self.nodes.append(helper.make_node(operator, names, [name], **attributes))
        return name

    def constant(self, value):
        name = f"c{len(self.initializers)}"
        self.initializers[name] = numpy.asarray(value)
        return name


def onnx_file(values, padding=None, token_types=False, head=None, size=SMALL):
    """The bytes of an ONNX file. padding: the padding token's id where positions begin behind it, None where they begin at 0;
    token_types: whether it takes them; head: None, or the names of its two layers and the operator in between."""
    graph = _Graph(values)
    node = graph.node
    int64 = lambda *numbers: numpy.array(numbers, numpy.int64)

    def linear(x, name):
        return node("Add", node("MatMul", x, name + ".weight"), name + ".bias")

    def norm(x, name, output=None):
        return node("LayerNormalization", x, name + ".weight", name + ".bias", output=output, axis=-1, epsilon=EPSILON)

    x = node("Gather", "embeddings.word_embeddings.weight", "input_ids")
    if padding is None:
        length = node("Gather", node("Shape", "input_ids"), numpy.int64(1), axis=0)
        places = node("Unsqueeze", node("Range", numpy.int64(0), length, numpy.int64(1)), int64(0))
    else:
        # Transformers' create_position_ids_from_input_ids: tokens that are no padding are counted.
        counts = node("Cast", node("Not", node("Equal", "input_ids", numpy.int64(padding))), to=TensorProto.INT64)
        counted = node("Mul", node("CumSum", counts, numpy.int64(1)), counts)
        places = node("Add", counted, numpy.int64(padding))
    x = node("Add", x, node("Gather", "embeddings.position_embeddings.weight", places))
    if "embeddings.token_type_embeddings.weight" in values:
        if token_types:
            x = node("Add", x, node("Gather", "embeddings.token_type_embeddings.weight", "token_type_ids"))
        else:
            x = node("Add", x, node("Gather", "embeddings.token_type_embeddings.weight", int64(0)))
    x = norm(x, "embeddings.LayerNorm")
    unseen = node("Sub", numpy.float32(1), node("Cast", "attention_mask", to=TensorProto.FLOAT))
    mask = node("Mul", node("Unsqueeze", unseen, int64(1, 2)), numpy.finfo(numpy.float32).min)
    for layer in range(size.layers):
        prefix = f"encoder.layer.{layer}."
        heads = {}
        for name in ("query", "key", "value"):
            split = node("Reshape", linear(x, f"{prefix}attention.self.{name}"), int64(0, 0, size.heads, size.hidden // size.heads))
            heads[name] = node("Transpose", split, perm=[0, 2, 3, 1] if name == "key" else [0, 2, 1, 3])
        scores = node("Div", node("MatMul", heads["query"], heads["key"]), numpy.float32((size.hidden // size.heads) ** 0.5))
        seen = node("MatMul", node("Softmax", node("Add", scores, mask), axis=-1), heads["value"])
        context = node("Reshape", node("Transpose", seen, perm=[0, 2, 1, 3]), int64(0, 0, size.hidden))
        x = norm(node("Add", linear(context, prefix + "attention.output.dense"), x), prefix + "attention.output.LayerNorm")
        inner = linear(x, prefix + "intermediate.dense")
        half = node("Add", node("Erf", node("Div", inner, numpy.float32(2**0.5))), numpy.float32(1))
        inner = node("Mul", node("Mul", inner, half), numpy.float32(0.5))
        last = layer == size.layers - 1 and not head
        x = norm(
            node("Add", linear(inner, prefix + "output.dense"), x),
            prefix + "output.LayerNorm",
            "last_hidden_state" if last else None,
        )
    if head:
        first = node("Gather", x, numpy.int64(0), axis=1)
        pooled = node(head[2], linear(first, head[0]))
        node("Add", node("MatMul", pooled, head[1] + ".weight"), head[1] + ".bias", output="logits")
    shape = ["batch_size", "sequence_length"]
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if token_types else [])
    output = ("logits", ["batch_size", 1]) if head else ("last_hidden_state", [*shape, size.hidden])
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "random_weights_for_tests",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in names],
            [helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])],
            [numpy_helper.from_array(value, name) for name, value in graph.initializers.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="neuron-embed",
        doc_string="random weights: for tests only",
    )
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)
