"""The graph that is compiled. Its inputs are token ids and a mask, its outputs vectors or scores.

An encoder of the BERT family (BERT, XLM-R, RoBERTa, DistilBERT) in plain torch (1.13 and newer). So this project
defines the mapping of the weights itself and can test it without the Neuron SDK. These points differ from the textbook,
for the device:

- The weights have the graph's number format. Layer norms, softmax, pooling and the L2 norm are computed in float32,
  because the rounding errors of bfloat16 (eight bits) would add up over the layers.
- If token types are constant, their vector is added to the positions beforehand. Only the needed positions are kept.
- Positions that depend on the ids (RoBERTa's) are counted by a product with a matrix of zeros and ones, in float32, and
  then looked up.
- CLS pooling needs only the first position of the last layer, so that layer computes no other.
"""

import math

import torch
from torch import nn
from torch.nn import functional

# Added to the score of a masked position. It is finite, so that a fully masked row gives numbers, not NaN. It is so low
# that exp() gives 0 in float32.
MASKED = -10000.0

# The floor of torch.nn.functional.normalize: a zero vector stays zero.
SMALLEST_NORM = 1e-12

LINEAR_LAYERS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
}
# The two layers of a cross-encoder's head and the activation between them, by the head's name in model_directory.
HEADS = {
    "bert": ("pooler.dense", "classifier", torch.tanh),
    "roberta": ("classifier.dense", "classifier.out_proj", torch.tanh),
    "distilbert": ("pre_classifier", "classifier", torch.relu),
}
LAYER_NORMS = {"attended_norm": "attention.output.LayerNorm", "output_norm": "output.LayerNorm"}


def weight_shapes(config):
    """Name and shape of every weight of the encoder and its head. The names are those of Hugging Face's BertModel."""
    hidden, inner = config.hidden_size, config.intermediate_size
    shapes = {
        "embeddings.word_embeddings.weight": (config.vocabulary_size, hidden),
        "embeddings.position_embeddings.weight": (config.first_position + config.positions, hidden),
    }
    if config.token_types:
        shapes["embeddings.token_type_embeddings.weight"] = (config.token_types, hidden)
    norms = ["embeddings.LayerNorm"]
    for layer in range(config.layers):
        prefix = f"encoder.layer.{layer}."
        for name in LINEAR_LAYERS.values():
            outputs, inputs = {"intermediate.dense": (inner, hidden), "output.dense": (hidden, inner)}.get(
                name, (hidden, hidden)
            )
            shapes[f"{prefix}{name}.weight"] = (outputs, inputs)
            shapes[f"{prefix}{name}.bias"] = (outputs,)
        norms += [prefix + name for name in LAYER_NORMS.values()]
    for norm in norms:
        shapes[norm + ".weight"] = shapes[norm + ".bias"] = (hidden,)
    if config.head:
        dense, output, _ = HEADS[config.head]
        shapes.update({dense + ".weight": (hidden, hidden), dense + ".bias": (hidden,)})
        shapes.update({output + ".weight": (1, hidden), output + ".bias": (1,)})
    return shapes


class Encoder(nn.Module):
    """Maps ids and mask (1 for a token, 0 for padding), int32 [B, S], to vectors, float32 [B, hidden]. Without pooling
    the result is [B, S, hidden]; with the head of a cross-encoder it is scores [B, 1]. A cross-encoder that
    distinguishes the sides of a pair by token types takes them as a third input, int32 [B, S], 0 or 1.

    weights: dict that maps the names of weight_shapes to float32 tensors.
    pooling: "cls", "mean", "scores" with a head, or None for the vector of every position. These vectors are then in
    the graph's number format.
    normalize: whether a pooled vector is scaled to length 1 (L2).
    """

    def __init__(self, config, weights, sequence_length, pooling, normalize, dtype=torch.float32):
        super().__init__()
        self.pooling, self.normalize, self.dtype, self.padding = pooling, normalize, dtype, config.padding
        self.words = nn.Parameter(weights["embeddings.word_embeddings.weight"].to(dtype), requires_grad=False)
        positions = weights["embeddings.position_embeddings.weight"][: config.first_position + sequence_length]
        if config.token_types:
            types = weights["embeddings.token_type_embeddings.weight"]
            positions = positions + types[0]
            if config.takes_types:
                self.second_type = nn.Parameter(types[1] - types[0], requires_grad=False)
        self.positions = nn.Parameter(positions, requires_grad=False)
        if config.padding is not None:
            # For each token: 1 for itself and for the tokens before it.
            self.register_buffer("before", torch.ones(sequence_length, sequence_length).triu())
        self.norm = _Norm(weights, "embeddings.LayerNorm", config.epsilon)
        self.layers = nn.ModuleList(
            _Layer(weights, f"encoder.layer.{layer}.", config, dtype) for layer in range(config.layers)
        )
        self.head = _Head(weights, config.head) if config.head else None

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        positions = self.positions
        if self.padding is not None:
            counts = self.not_padding(input_ids)
            positions = self.counted(torch.matmul(counts, self.before), counts)
        x = self.embedded(input_ids, positions, token_type_ids)
        mask = AddedMask(attention_mask.float()[:, None, None, :])
        first = self.pooling in ("cls", "scores")
        for layer in self.layers[:-1]:
            x = layer(x, x, mask)
        # The last layer's queries: every position, or only the one that pooling uses.
        x = self.layers[-1](x[:, :1] if first else x, x, mask)
        if self.pooling is None:
            return x
        x = x.float()
        if first:
            x = x[:, 0]
        else:
            tokens = attention_mask.float()[:, :, None]
            x = (x * tokens).sum(dim=1) / tokens.sum(dim=1).clamp(min=1.0)
        return self.finished(x)

    def not_padding(self, input_ids):
        """1 where an id is not the padding token's, else 0."""
        return (input_ids.float() - self.padding).abs().clamp(max=1.0)

    def counted(self, count, counts):
        """The vectors of positions that begin after the padding token's id; padding itself has the position of this id.
        count: for each token, the number of tokens up to it that are not padding."""
        return functional.embedding((count * counts + self.padding).to(torch.int32), self.positions)

    def embedded(self, input_ids, positions, token_type_ids=None):
        x = functional.embedding(input_ids, self.words).float() + positions
        if token_type_ids is not None:
            x = x + token_type_ids.float()[:, :, None] * self.second_type
        return self.norm(x).to(self.dtype)

    def finished(self, pooled):
        if self.head is not None:
            return self.head(pooled)
        if not self.normalize:
            return pooled
        return pooled / pooled.pow(2).sum(dim=-1, keepdim=True).sqrt().clamp(min=SMALLEST_NORM)


class _Head(nn.Module):
    """The score of a pair, computed from the vector of its first position. It is small, so it is always in float32."""

    def __init__(self, weights, name):
        super().__init__()
        dense, output, self.activation = HEADS[name]
        self.dense, self.output = (_Linear(weights, layer, torch.float32) for layer in (dense, output))

    def forward(self, x):
        return self.output(self.activation(self.dense(x)))


class AddedMask:
    """Hides positions by adding a bias to their scores.

    seen: float32, 1 where a query (second to last dimension) sees a position (last dimension), else 0.
    """

    def __init__(self, seen):
        self.bias = (1.0 - seen) * MASKED

    def scores(self, query, key, scale):
        """The float32 scores of query and key, each [B, heads, positions, head size]."""
        return torch.matmul(query, key.transpose(-1, -2)).float() * scale + self.bias


class _Norm(nn.Module):
    """Layer norm of float32 values."""

    def __init__(self, weights, name, epsilon):
        super().__init__()
        self.weight = nn.Parameter(weights[name + ".weight"], requires_grad=False)
        self.bias = nn.Parameter(weights[name + ".bias"], requires_grad=False)
        self.epsilon = epsilon

    def forward(self, x):
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


class _Linear(nn.Module):
    def __init__(self, weights, name, dtype):
        super().__init__()
        self.weight = nn.Parameter(weights[name + ".weight"].to(dtype), requires_grad=False)
        self.bias = nn.Parameter(weights[name + ".bias"].to(dtype), requires_grad=False)

    def forward(self, x):
        return functional.linear(x, self.weight, self.bias)


class _Layer(nn.Module):
    """One encoder layer. x: the positions that it computes; context: the positions that these attend to, if the mask
    permits it."""

    def __init__(self, weights, prefix, config, dtype):
        super().__init__()
        self.heads, self.dtype = config.heads, dtype
        self.scale = 1 / math.sqrt(config.hidden_size // config.heads)
        for attribute, name in LINEAR_LAYERS.items():
            setattr(self, attribute, _Linear(weights, prefix + name, dtype))
        for attribute, name in LAYER_NORMS.items():
            setattr(self, attribute, _Norm(weights, prefix + name, config.epsilon))

    def forward(self, x, context, mask):
        attended = self.attended(self._attention(x, context, mask))
        x = self.attended_norm(attended.float() + x.float()).to(self.dtype)
        output = self.output(functional.gelu(self.intermediate(x)))
        return self.output_norm(output.float() + x.float()).to(self.dtype)

    def _attention(self, x, context, mask):
        query = self._split(self.query(x))
        key = self._split(self.key(context))
        value = self._split(self.value(context))
        scores = mask.scores(query, key, self.scale)
        attended = torch.matmul(functional.softmax(scores, dim=-1).to(self.dtype), value)
        return attended.transpose(1, 2).reshape(x.shape)

    def _split(self, x):
        """[B, positions, hidden] to [B, heads, positions, head size]."""
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)
