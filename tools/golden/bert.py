"""A BERT encoder's forward pass in numpy, float64, for one text at a time; weights from an ONNX file.

It is simple and slow on purpose. One text without padding needs no attention mask. Nothing is fused, approximated or
computed in lower precision. From the ONNX graph it takes only the weights and two scalars, and executes no operators.
"""

import math
import re

import numpy
import onnx
from onnx import numpy_helper

LINEAR_LAYERS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
LAYER_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")

# MPNet's table of the number that is added to a score for a distance, [buckets, heads].
RELATIVE_BIAS = "encoder.relative_attention_bias.weight"
_BUCKETS, _FARTHEST = 32, 128

_erf = numpy.frompyfunc(math.erf, 1, 1)


def gelu(x):
    """The exact Gaussian error linear unit, not its tanh approximation."""
    return 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0)).astype(numpy.float64))


def layer_norm(x, weight, bias, epsilon):
    """Normalises the last axis with the biased variance."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / numpy.sqrt(variance + epsilon) * weight + bias


def softmax(x):
    """Over the last axis."""
    exponentials = numpy.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def distance_bucket(distance):
    """MPNet's bucket of the distance from a token to another, negative if the other is later. Each short distance has its
    own bucket; long distances share buckets by their logarithm."""
    half = _BUCKETS // 2
    exact = half // 2
    far = abs(distance)
    if far >= exact:
        far = min(half - 1, exact + int(math.log(far / exact) / math.log(_FARTHEST / exact) * (half - exact)))
    return far + (half if distance < 0 else 0)


class BertEncoder:
    """The encoder of one model; immutable."""

    def __init__(self, weights, heads, epsilon, first_position=0):
        """weights: dict of the usual BERT name to array; a linear layer's weight is [inputs, outputs]. The model has token
        types only if there is a table of them (DistilBERT has none). With a projection of embeddings, these have another
        size (ELECTRA). With a relative attention bias, a number that depends on the distance of the two tokens is added
        to each score (MPNet). first_position: the position of a text's first token; for RoBERTa and derived models it is
        the padding token's id plus 1."""
        self._weights = {name: numpy.asarray(value, numpy.float64) for name, value in weights.items()}
        self._heads = heads
        self._epsilon = epsilon
        self._first_position = first_position
        self.layers = 1 + max(int(m.group(1)) for m in map(re.compile(r"encoder\.layer\.(\d+)\.").match, weights) if m)
        self.hidden_size = self._weights["encoder.layer.0.output.LayerNorm.weight"].shape[0]

    def hidden_states(self, ids, types=None):
        """The last hidden state of one text, float64 [len(ids), hidden_size]. All positions attend to each other. types:
        the token type of each id; 0 by default."""
        w = self._weights
        positions = slice(self._first_position, self._first_position + len(ids))
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][positions]
        if "embeddings.token_type_embeddings.weight" in w:
            x = x + w["embeddings.token_type_embeddings.weight"][types or [0] * len(ids)]
        x = self._norm(x, "embeddings.LayerNorm")
        if "embeddings_project.weight" in w:
            x = self._linear(x, "embeddings_project")
        for layer in range(self.layers):
            prefix = f"encoder.layer.{layer}."
            attended = self._linear(self._attention(x, prefix), prefix + "attention.output.dense")
            x = self._norm(attended + x, prefix + "attention.output.LayerNorm")
            inner = gelu(self._linear(x, prefix + "intermediate.dense"))
            x = self._norm(self._linear(inner, prefix + "output.dense") + x, prefix + "output.LayerNorm")
        return x

    def embed(self, ids, mean=False):
        """The text's vector, float64 [hidden_size], L2-normalised: the first position's ([CLS]) hidden state, or the mean
        over all positions, including special tokens."""
        states = self.hidden_states(ids)
        pooled = states.mean(axis=0) if mean else states[0]
        return pooled / numpy.sqrt(pooled @ pooled)

    def logit(self, ids, types, head):
        """A pair's score before any sigmoid: two layers over the first position, with an activation between them.

        head: the names of the layers and of the activation. BertForSequenceClassification has a pooler, tanh and a
        classifier. RobertaForSequenceClassification has the same under other names. DistilBERT's activation is ReLU."""
        first, second, activation = head
        pooled = self._linear(self.hidden_states(ids, types)[0], first)
        pooled = numpy.tanh(pooled) if activation == "Tanh" else numpy.maximum(pooled, 0)
        return float(self._linear(pooled, second)[0])

    def _attention(self, x, prefix):
        query, key, value = (
            # [positions, hidden] to [heads, positions, head size]
            self._linear(x, f"{prefix}attention.self.{name}").reshape(len(x), self._heads, -1).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        if RELATIVE_BIAS in self._weights:
            distances = [[distance_bucket(at - seen) for seen in range(len(x))] for at in range(len(x))]
            scores = scores + self._weights[RELATIVE_BIAS][distances].transpose(2, 0, 1)
        return (softmax(scores) @ value).transpose(1, 0, 2).reshape(x.shape)

    def _linear(self, x, name):
        return x @ self._weights[name + ".weight"] + self._weights[name + ".bias"]

    def _norm(self, x, name):
        return layer_norm(x, self._weights[name + ".weight"], self._weights[name + ".bias"], self._epsilon)


def read_onnx(data):
    """Returns the BertEncoder with the weights of an ONNX file's bytes; ValueError if it is not such a graph.

    The exporter kept the names of embeddings, biases and layer norms but renamed the matrices ("onnx::MatMul_1525").
    So this function finds the matrix of a linear layer by the graph: the layer's bias is added to the product with
    it. Head size and epsilon come from the scalars by which the graph divides and which it adds.
    """
    graph = onnx.load_model_from_string(data).graph
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    producers = {output: node for node in graph.node for output in node.output}

    def scalar(name):
        node = producers.get(name)
        if node is None or node.op_type != "Constant":
            return None
        value = numpy_helper.to_array(node.attribute[0].t)
        return float(value) if value.size == 1 else None

    def operands(node):
        """The node's two inputs in any order, as (operator that computes the first, the other as a constant scalar)."""
        for computed, constant in (node.input, reversed(node.input)):
            if computed in producers and scalar(constant) is not None:
                yield producers[computed].op_type, scalar(constant)

    matrices, epsilons, score_divisors = {}, [], []
    for node in graph.node:
        if node.op_type == "Add":
            for bias, product in (node.input, reversed(node.input)):
                if bias in initializers and product in producers and producers[product].op_type == "MatMul":
                    matrices[bias] = producers[product].input[1]
            epsilons += [value for operator, value in operands(node) if operator == "ReduceMean"]
        elif node.op_type == "Div":
            score_divisors += [value for operator, value in operands(node) if operator == "MatMul"]

    layers = sum(node.op_type == "Softmax" for node in graph.node)
    # The usual name of each weight, and the initializer that contains it.
    tables = [f"embeddings.{table}_embeddings.weight" for table in ("word", "position", "token_type")]
    wanted = dict(zip(tables, tables))
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        norms += [f"encoder.layer.{layer}.{name}" for name in LAYER_NORMS]
        for name in LINEAR_LAYERS:
            bias = f"encoder.layer.{layer}.{name}.bias"
            wanted[bias] = bias
            wanted[f"encoder.layer.{layer}.{name}.weight"] = matrices.get(bias)
    wanted.update((f"{norm}.{part}", f"{norm}.{part}") for norm in norms for part in ("weight", "bias"))

    # Some exporters keep a list of all positions, which is not needed: the rows of the embedding have the same order.
    positions = initializers.pop("embeddings.position_ids", None)
    if positions is not None:
        table = numpy_helper.to_array(positions).ravel()
        if not numpy.array_equal(table, numpy.arange(len(table))):
            raise ValueError("the graph's positions are not 0, 1, 2, ...")

    missing = [name for name, source in wanted.items() if source not in initializers]
    unused = set(initializers) - set(wanted.values())
    if missing or unused or len(set(wanted.values())) != len(wanted):
        raise ValueError(f"not a BERT encoder graph: without {missing[:5]}, unexplained {sorted(unused)[:5]}")
    if sum(node.op_type == "Erf" for node in graph.node) != layers:
        raise ValueError("the graph's activation is not the exact GELU")
    if len(epsilons) != len(norms) or len(set(epsilons)) != 1:
        raise ValueError(f"layer norms without a common epsilon: {epsilons}")
    if len(score_divisors) != layers or len(set(score_divisors)) != 1:
        raise ValueError(f"attention scores without a common scale: {score_divisors}")

    weights = {name: numpy_helper.to_array(initializers[source]) for name, source in wanted.items()}
    hidden = weights["embeddings.LayerNorm.weight"].shape[0]
    inner = weights["encoder.layer.0.intermediate.dense.bias"].shape[0]
    heads = hidden / score_divisors[0] ** 2
    if abs(heads - round(heads)) > 1e-4:
        raise ValueError(f"hidden size {hidden} is no multiple of the head size {score_divisors[0] ** 2}")
    for layer in range(layers):
        for name in LINEAR_LAYERS:
            shape = {"intermediate.dense": (hidden, inner), "output.dense": (inner, hidden)}.get(name, (hidden, hidden))
            found = weights[f"encoder.layer.{layer}.{name}.weight"].shape
            if found != shape:
                raise ValueError(f"encoder.layer.{layer}.{name}.weight has shape {found}, not {shape}")
    return BertEncoder(weights, round(heads), epsilons[0])
