"""A shape of a compiled model, and everything else that determines the model."""

import dataclasses
import hashlib
import json

import torch

import encoder
import files
import model_directory
import neuron_sdk
import packed_encoder
import weights

DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
# torch_neuronx.trace names tensors by their position in the example arguments and results.
INPUTS = {"input0": "input_ids", "input1": "attention_mask"}
# The inputs of a cross-encoder that distinguishes the two sides of a pair by token types.
TYPED_INPUTS = {**INPUTS, "input2": "token_type_ids"}
PACKED_INPUTS = {"input0": "input_ids", "input1": "starts"}


@dataclasses.dataclass(frozen=True, order=True)
class Shape:
    """Shape of a compiled model: tokens per row, rows per execution, texts per packed row (0: a row is one text)."""

    length: int
    batch: int
    texts: int = 0

    def __str__(self):
        return f"{self.batch}x{self.length}" + (f"p{self.texts}" if self.texts else "")

    def inputs(self, typed=False):
        """Returns role and number of elements of each input by tensor name. typed: whether token types are an input."""
        roles = PACKED_INPUTS if self.texts else TYPED_INPUTS if typed else INPUTS
        count = lambda role: self.texts + 1 if role == "starts" else self.length
        return {name: (role, self.batch * count(role)) for name, role in roles.items()}

    def examples(self, typed=False):
        """Returns the example inputs for tracing."""
        ids = torch.ones(self.batch, self.length, dtype=torch.int32)
        if not self.texts:
            return tuple(ids.clone() for _ in self.inputs(typed))
        starts = torch.arange(self.texts + 1) * (self.length // self.texts)
        return ids, starts.to(torch.int32).repeat(self.batch, 1)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that determines a compiled model, except the shape."""

    model: model_directory.ModelDirectory
    weights_sha256: str
    output: str
    precision: str
    packed_mask: str
    compiler: dict

    def key(self, shape):
        """Two compiled models with equal keys are equal."""
        program = [module.__file__ for module in (encoder, packed_encoder, weights, neuron_sdk)] + [__file__]
        parts = {
            "program": [files.sha256(file) for file in program],
            "weights": self.weights_sha256,
            "config": dataclasses.asdict(self.model.config),
            "pooling": self.model.pooling,
            "normalize": self.model.normalize,
            "output": self.output,
            "precision": self.precision,
            "compiler": self.compiler,
            "shape": str(shape),
            "mask": self.packed_mask if shape.texts else None,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def graph(self, tensors, shape, dtype):
        config, normalize = self.model.config, self.model.normalize
        if shape.texts:
            return packed_encoder.PackedEncoder(
                config, tensors, shape.length, shape.texts, self.model.pooling, normalize, dtype, self.packed_mask
            ).eval()
        pooling = self.model.pooling if self.output == "pooled" else None
        return encoder.Encoder(config, tensors, shape.length, pooling, normalize, dtype).eval()

    def inputs(self, shape):
        return shape.inputs(self.model.config.takes_types)

    def examples(self, shape):
        return shape.examples(self.model.config.takes_types)

    def width(self):
        """The number of elements of a vector; 1 for the score of a pair."""
        return 1 if self.model.config.head else self.model.config.hidden_size

    def output_bytes(self, shape):
        vectors = shape.batch * (shape.texts or (1 if self.output == "pooled" else shape.length))
        return vectors * self.width() * torch.empty(0, dtype=self.output_dtype()).element_size()

    def output_dtype(self):
        return torch.float32 if self.output == "pooled" else DTYPES[self.precision]

    def file_name(self, shape):
        return f"{self.model.name}-{shape}.neff"
