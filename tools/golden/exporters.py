"""The encoders of `encoders.py` in the form of other exporters and other releases of Transformers."""

import numpy
from onnx import TensorProto

from encoders import EPSILON, Export, int64

LEAST = numpy.finfo(numpy.float32).min


class WrittenNorms(Export):
    """Writes norms in single operators, in an operator set where ReduceMean takes its axes as an input. Has a list of
    positions. Replaces the scores of hidden tokens instead of adding to them, as DistilBERT does."""

    opset = 18

    def norm(self, x, name, output=None):
        centred = self.node("Sub", x, self.node("ReduceMean", x, int64(-1)))
        variance = self.node("ReduceMean", self.node("Pow", centred, numpy.float32(2)), int64(-1))
        deviation = self.node("Sqrt", self.node("Add", variance, numpy.float32(EPSILON)))
        scaled = self.node("Mul", self.node("Div", centred, deviation), name + ".weight")
        return self.node("Add", scaled, name + ".bias", output=output)

    def positions(self):
        table = numpy.arange(len(self.encoder.values["embeddings.position_embeddings.weight"]))[None]
        length = self.node("Gather", self.node("Shape", "input_ids"), numpy.int64(1), axis=0)
        length = self.node("Unsqueeze", length, int64(0))
        return self.node("Slice", table, int64(0), length, int64(1), int64(1))

    def gelu(self, x):
        erf = self.node("Erf", self.node("Mul", x, numpy.float32(0.5**0.5)))
        return self.node("Mul", self.node("Mul", x, numpy.float32(0.5)), self.node("Add", numpy.float32(1), erf))

    def mask(self):
        return self.node("Equal", "attention_mask", numpy.int64(0))

    def attention(self, x, prefix, mask):
        names = ("query", "key", "value")
        query, key, value = (
            self.split(self.linear(x, f"{prefix}attention.self.{name}"), [0, 2, 1, 3]) for name in names
        )
        query = self.node("Div", query, numpy.float32(self.head_size**0.5))
        scores = self.node("MatMul", query, self.node("Transpose", key, perm=[0, 1, 3, 2]))
        sizes = [self.node("Gather", self.node("Shape", "input_ids"), numpy.int64(axis), axis=0) for axis in (0, 1)]
        rows, tokens = (self.node("Unsqueeze", size, int64(0)) for size in sizes)
        hidden = self.node("Reshape", mask, self.node("Concat", rows, int64(1), int64(1), tokens, axis=0))
        hidden = self.node("Expand", hidden, self.node("Shape", scores))
        scores = self.node("Where", hidden, numpy.float32(LEAST), scores)
        return self.merged(self.node("MatMul", self.node("Softmax", scores, axis=-1), value))


class ScaledDotProduct(Export):
    """PyTorch's scaled_dot_product_attention from its first exporter: query and key are each scaled by the root of the
    usual scale, and the mask is expanded to all queries."""

    opset = 19

    def mask(self):
        shape = self.node("Shape", "attention_mask")
        rows, tokens = (
            self.node("Unsqueeze", self.node("Gather", shape, numpy.int64(axis), axis=0), int64(0)) for axis in (0, 1)
        )
        wanted = self.node("Concat", rows, int64(1), tokens, tokens, axis=0)
        ones = self.node("ConstantOfShape", int64(4))
        self.nodes[-1].attribute.append(_tensor(int64(1)))
        kept = self.node("Equal", wanted, self.node("Mul", ones, numpy.int64(-1)))
        wanted = self.node("Where", kept, ones, wanted)
        all_queries = self.node("Expand", self.node("Unsqueeze", "attention_mask", int64(1, 2)), wanted)
        unseen = self.node("Sub", numpy.float32(1), self.node("Cast", all_queries, to=TensorProto.FLOAT))
        return self.node("Where", self.node("Cast", unseen, to=TensorProto.BOOL), numpy.float32(LEAST), unseen)

    def attention(self, x, prefix, mask):
        projected = {name: self.linear(x, f"{prefix}attention.self.{name}") for name in ("query", "key", "value")}
        query, key, value = (self.split(projected[name], [0, 2, 1, 3]) for name in ("query", "key", "value"))
        size = self.node("Slice", self.node("Shape", query), int64(-1), int64(2**63 - 1))
        scale = self.node("Sqrt", self.node("Cast", size, to=TensorProto.FLOAT))
        scale = self.node("Sqrt", self.node("Div", numpy.float32([1]), scale))
        turned = self.turned(key)
        scores = self.node("MatMul", self.node("Mul", query, scale), self.node("Mul", turned, scale))
        return self.merged(self.node("MatMul", self.probabilities(self.node("Add", scores, mask)), value))

    def turned(self, key):
        return self.node("Transpose", key, perm=[0, 1, 3, 2])

    def probabilities(self, scores):
        return self.node("Softmax", scores, axis=-1)


class Dynamo(ScaledDotProduct):
    """PyTorch's exporter that uses torch.export: sizes from a part of a shape, three axes where it transposes the key,
    weights that the graph transposes, Gemm for the head, and a boolean mask."""

    opset = 20

    def sizes(self, value, *rest):
        parts = [self.node("Shape", value, start=axis, end=axis + 1) for axis in (0, 1)]
        return self.node("Concat", *parts, *(int64(size) for size in rest), axis=0)

    def linear(self, x, name):
        if name.endswith("intermediate.dense"):
            self.initializers[name + ".weight"] = self.encoder.values[name + ".weight"].T.copy()
            weight = self.node("Transpose", name + ".weight", perm=[1, 0])
            return self.node("Add", self.node("MatMul", x, weight), name + ".bias")
        return super().linear(x, name)

    def first_linear(self, x, name, output=None):
        self.initializers[name + ".weight"] = self.encoder.values[name + ".weight"].T.copy()
        return self.node("Gemm", x, name + ".weight", name + ".bias", output=output, transB=1)

    def gelu(self, x):
        if self.opset >= 20:
            return self.node("Gelu", x, approximate="none")
        erf = self.node("Erf", self.node("Div", x, numpy.float32(2**0.5)))
        return self.node("Mul", x, self.node("Mul", numpy.float32(0.5), self.node("Add", erf, numpy.float32(1))))

    def positions(self):
        if self.encoder.padding is None:
            table = numpy.arange(len(self.encoder.values["embeddings.position_embeddings.weight"]))[None]
            length = self.node("Shape", "input_ids", start=1, end=2)
            return self.node("Slice", table, int64(0), length, int64(1), int64(1))
        padding = numpy.int64(self.encoder.padding)
        counts = self.node("Not", self.node("Equal", "input_ids", padding))
        counts = self.node("Cast", counts, to=TensorProto.INT32)
        count = self.node("Cast", self.node("CumSum", counts, numpy.int64(1)), to=TensorProto.INT32)
        count = self.node("Mul", self.node("Add", count, numpy.int32(0)), counts)
        return self.node("Add", self.node("Cast", count, to=TensorProto.INT64), padding)

    def first_type(self):
        return self.node("Expand", int64(0)[None], self.sizes("input_ids"))

    def mask(self):
        seen = self.node("Unsqueeze", self.node("Cast", "attention_mask", to=TensorProto.BOOL), int64(1, 2))
        parts = [self.node("Shape", "input_ids", start=axis, end=axis + 1) for axis in (0, 1)]
        seen = self.node("Expand", seen, self.node("Concat", parts[0], int64(1), parts[1], parts[1], axis=0))
        return self.node("Where", seen, numpy.float32(0), numpy.float32(-numpy.inf))

    def split(self, x, perm):
        whole = self.node("Reshape", x, self.sizes(x, -1, self.head_size))
        return self.node("Transpose", whole, perm=perm)

    def turned(self, key):
        shape = self.node("Shape", key)
        last = self.node("Slice", shape, int64(-1), int64(2**63 - 1))
        tokens = self.node("Slice", shape, int64(-2), int64(-1))
        leading = self.node("Slice", shape, int64(-(2**63)), int64(-2))
        three = self.node("Reshape", key, self.node("Concat", int64(-1), tokens, last, axis=0))
        three = self.node("Transpose", three, perm=[0, 2, 1])
        return self.node("Reshape", three, self.node("Concat", leading, last, tokens, axis=0))

    def probabilities(self, scores):
        all_scores = self.node("Softmax", scores, axis=-1)
        return self.node("Where", self.node("IsNaN", all_scores), numpy.float32(0), all_scores)

    def merged(self, heads):
        together = self.node("Transpose", heads, perm=[0, 2, 1, 3])
        return self.node("Reshape", together, self.sizes("input_ids", self.size.hidden))


class OlderDynamo(Dynamo):
    """With the operator set of PyTorch 2.6 to 2.8."""

    opset = 18


class NewestDynamo(Dynamo):
    """With the newest operator set that the project supports."""

    opset = 21


def _tensor(value):
    from onnx import helper, numpy_helper

    return helper.make_attribute("value", numpy_helper.from_array(value))
