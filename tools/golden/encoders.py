"""Small encoders with random weights, in the architectures that derive from BERT, as ONNX files. `bert.py` computes their
expected results in float64; the two share only the weights.
"""

from typing import NamedTuple, Optional

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import bert


class Size(NamedTuple):
    """The sizes of an encoder."""

    hidden: int
    inner: int
    heads: int
    layers: int


SMALL = Size(16, 32, 4, 2)
EPSILON = 1e-5


def weights(seed, vocabulary, positions, token_types, head=None, size=SMALL, embedding=None, relative=False):
    """Random float32 weights by BERT's names; a linear layer's weight is [inputs, outputs]. head: the layers of a head, or
    None; embedding: the size of embeddings before a projection (ELECTRA); relative: whether to add MPNet's bias."""
    random = numpy.random.RandomState(seed)
    made = {}

    def matrix(name, inputs, outputs):
        made[name + ".weight"] = random.normal(0, 1.5 / inputs**0.5, (inputs, outputs))
        made[name + ".bias"] = random.normal(0, 0.2, outputs)

    def norm(name, width=size.hidden):
        made[name + ".weight"] = random.normal(1, 0.2, width)
        made[name + ".bias"] = random.normal(0, 0.2, width)

    for table, rows in (("word", vocabulary), ("position", positions), ("token_type", token_types)):
        if rows:
            made[f"embeddings.{table}_embeddings.weight"] = random.normal(0, 0.6, (rows, embedding or size.hidden))
    norm("embeddings.LayerNorm", embedding or size.hidden)
    if embedding:
        matrix("embeddings_project", embedding, size.hidden)
    if relative:
        made[bert.RELATIVE_BIAS] = random.normal(0, 1, (32, size.heads))
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


class Encoder(NamedTuple):
    """The content of an ONNX file. padding: the padding token's id if positions start right after it, None if they start
    at 0; takes_types: whether token types are an input; head: None, or its two layers and the operator between them."""

    values: dict
    padding: Optional[int] = None
    takes_types: bool = False
    head: Optional[tuple] = None
    size: Size = SMALL


class Export:
    """Writes an encoder in the operators of PyTorch's first exporter. `exporters.py` has the other exporters.

    A value is identified by its name; node() adds the node that computes it."""

    opset = 17

    def __init__(self, encoder):
        self.encoder, self.size = encoder, encoder.size
        self.head_size = self.size.hidden // self.size.heads
        self.nodes = []
        self.initializers = {name: numpy.asarray(value) for name, value in encoder.values.items()}

    def node(self, operator, *inputs, output=None, **attributes):
        name = output or f"v{len(self.nodes)}"
        names = [self.constant(i) if not isinstance(i, str) else i for i in inputs]
        self.nodes.append(helper.make_node(operator, names, [name], **attributes))
        return name

    def constant(self, value):
        name = f"c{len(self.initializers)}"
        self.initializers[name] = numpy.asarray(value)
        return name

    def linear(self, x, name):
        return self.node("Add", self.node("MatMul", x, name + ".weight"), name + ".bias")

    def first_linear(self, x, name, output=None):
        """A linear layer for the first tokens' vectors, which have one axis less."""
        return self.node("Add", self.node("MatMul", x, name + ".weight"), name + ".bias", output=output)

    def norm(self, x, name, output=None):
        return self.node(
            "LayerNormalization", x, name + ".weight", name + ".bias", output=output, axis=-1, epsilon=EPSILON
        )

    def gelu(self, x):
        half = self.node("Add", self.node("Erf", self.node("Div", x, numpy.float32(2**0.5))), numpy.float32(1))
        return self.node("Mul", self.node("Mul", x, half), numpy.float32(0.5))

    def positions(self):
        if self.encoder.padding is None:
            length = self.node("Gather", self.node("Shape", "input_ids"), numpy.int64(1), axis=0)
            return self.node("Unsqueeze", self.node("Range", numpy.int64(0), length, numpy.int64(1)), int64(0))
        # Transformers' create_position_ids_from_input_ids: it counts the tokens that are not padding.
        padding = numpy.int64(self.encoder.padding)
        counts = self.node("Cast", self.node("Not", self.node("Equal", "input_ids", padding)), to=TensorProto.INT64)
        return self.node("Add", self.node("Mul", self.node("CumSum", counts, numpy.int64(1)), counts), padding)

    def first_type(self):
        """Constant token types, for a model without that input."""
        return self.constant(int64(0))

    def embeddings(self):
        x = self.node("Gather", "embeddings.word_embeddings.weight", "input_ids")
        x = self.node("Add", x, self.node("Gather", "embeddings.position_embeddings.weight", self.positions()))
        table = "embeddings.token_type_embeddings.weight"
        if table in self.encoder.values:
            types = "token_type_ids" if self.encoder.takes_types else self.first_type()
            x = self.node("Add", x, self.node("Gather", table, types))
        x = self.norm(x, "embeddings.LayerNorm")
        return self.linear(x, "embeddings_project") if "embeddings_project.weight" in self.encoder.values else x

    def mask(self):
        unseen = self.node("Sub", numpy.float32(1), self.node("Cast", "attention_mask", to=TensorProto.FLOAT))
        mask = self.node("Mul", self.node("Unsqueeze", unseen, int64(1, 2)), numpy.finfo(numpy.float32).min)
        return self.node("Add", mask, self.bias()) if bert.RELATIVE_BIAS in self.encoder.values else mask

    def bias(self):
        """The numbers that distances add to scores, [1, heads, queries, keys], from a table of the distances' buckets."""
        longest = len(self.encoder.values["embeddings.position_embeddings.weight"])
        distances = numpy.arange(1 - longest, longest)
        far = numpy.maximum(numpy.abs(distances), 1)
        shared = 8 + (numpy.log(far / 8) / numpy.log(16) * 8).astype(numpy.int64)
        buckets = numpy.where(numpy.abs(distances) < 8, numpy.abs(distances), numpy.minimum(shared, 15)) + 16 * (distances < 0)
        length = self.node("Gather", self.node("Shape", "input_ids"), numpy.int64(1), axis=0)
        places = self.node("Range", numpy.int64(0), length, numpy.int64(1))
        columns = self.node("Unsqueeze", places, int64(1))
        distances = self.node("Add", self.node("Sub", columns, places), numpy.int64(longest - 1))
        biases = self.node("Gather", bert.RELATIVE_BIAS, self.node("Gather", buckets, distances))
        return self.node("Unsqueeze", self.node("Transpose", biases, perm=[2, 0, 1]), int64(0))

    def split(self, x, perm):
        whole = self.node("Reshape", x, int64(0, 0, self.size.heads, self.head_size))
        return self.node("Transpose", whole, perm=perm)

    def attention(self, x, prefix, mask):
        query, key, value = (
            self.split(self.linear(x, f"{prefix}attention.self.{name}"), perm)
            for name, perm in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
        )
        scores = self.node("Div", self.node("MatMul", query, key), numpy.float32(self.head_size**0.5))
        probabilities = self.node("Softmax", self.node("Add", scores, mask), axis=-1)
        return self.merged(self.node("MatMul", probabilities, value))

    def merged(self, heads):
        return self.node("Reshape", self.node("Transpose", heads, perm=[0, 2, 1, 3]), int64(0, 0, self.size.hidden))

    def layer(self, x, prefix, mask, output):
        context = self.linear(self.attention(x, prefix, mask), prefix + "attention.output.dense")
        x = self.norm(self.node("Add", context, x), prefix + "attention.output.LayerNorm")
        inner = self.gelu(self.linear(x, prefix + "intermediate.dense"))
        inner = self.linear(inner, prefix + "output.dense")
        return self.norm(self.node("Add", inner, x), prefix + "output.LayerNorm", output)

    def file(self):
        """The bytes of the file."""
        head = self.encoder.head
        x = self.embeddings()
        mask = self.mask()
        for layer in range(self.size.layers):
            last = layer == self.size.layers - 1 and not head
            x = self.layer(x, f"encoder.layer.{layer}.", mask, "last_hidden_state" if last else None)
        if head:
            first = self.node("Gather", x, numpy.int64(0), axis=1)
            self.first_linear(self.node(head[2], self.first_linear(first, head[0])), head[1], "logits")
        shape = ["batch_size", "sequence_length"]
        names = ["input_ids", "attention_mask"] + (["token_type_ids"] if self.encoder.takes_types else [])
        output = ("logits", ["batch_size", 1]) if head else ("last_hidden_state", [*shape, self.size.hidden])
        model = helper.make_model(
            helper.make_graph(
                self.nodes,
                "random_weights_for_tests",
                [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in names],
                [helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])],
                [numpy_helper.from_array(value, name) for name, value in self.initializers.items()],
            ),
            opset_imports=[helper.make_opsetid("", self.opset)],
            producer_name="neuron-embed",
            doc_string="random weights: for tests only",
        )
        model.ir_version = 8
        if self.opset <= onnx.defs.onnx_opset_version():
            onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)


def int64(*numbers):
    return numpy.array(numbers, numpy.int64)
