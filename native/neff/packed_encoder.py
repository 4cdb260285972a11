"""The graph of a packed shape: several texts lie end to end in one row, and each of them gets a vector.

The graph computes which text a token belongs to from the start of each text. It does so in float32 and avoids operators
that are unproven on the device: no comparison of integers, no gather except that of the embeddings, no one_hot. Two
whole numbers are equal where relu(1 - |a - b|) is 1. A product with a matrix of zeros and ones selects a vector.
"""

import torch
from torch.nn import functional

import encoder

MASKS = ("added", "folded")

# The number of rows of a NeuronCore's array. A longer sum is computed in parts.
ARRAY_ROWS = 128

# A folded mask subtracts the square of this from a score. exp() of the result is 0 in float32, and bfloat16 represents
# the number and its square exactly.
FOLDED = 16.0


def folds(config, texts):
    """Whether a folded mask for so many texts fits into the array together with the values of a head."""
    return config.hidden_size // config.heads + texts + 2 <= ARRAY_ROWS


class PackedEncoder(encoder.Encoder):
    """Maps int32 ids [B, S] and int32 starts [B, K + 1] to float32 vectors [B, K, hidden], or to scores [B, K, 1].

    starts: the position where each text of a row begins, in ascending order, then the end of the last text. Unused
    entries are S. The tokens after the last text count as one more text, so that each token sees at least one. A vector
    without a text is finite but has no meaning.

    pooling: "cls", "mean" or, with a head, "scores". mask: "added" to the scores of attention, or "folded" into the
    products from which they are computed.
    """

    def __init__(self, config, weights, sequence_length, texts, pooling, normalize, dtype=torch.float32, mask="added"):
        super().__init__(config, weights, sequence_length, pooling, normalize, dtype)
        self.mask = mask
        self.register_buffer("index", torch.arange(sequence_length).float())
        # Texts are numbered from 1. The last number is that of the padding after the texts of a full row.
        self.register_buffer("numbers", torch.arange(1, texts + 2).float())

    def forward(self, input_ids, starts):
        starts = starts.float()[:, :, None]
        reached = (self.index - starts + 1.0).clamp(0.0, 1.0)  # [B, K + 1, S]
        text = reached.sum(dim=1)  # [B, S]: the number of a token's text
        x = self.embedded(input_ids, self._positions(input_ids, text, (reached * starts).amax(dim=1)))
        members = _equal(self.numbers[:-1, None], text[:, None, :])  # [B, K, S]
        mask = self._mask(text, text)
        for layer in self.layers[:-1]:
            x = layer(x, x, mask)
        if self.pooling != "mean":
            chosen = _equal(starts[:, :-1], self.index).to(self.dtype)  # [B, K, S]
            numbers = self.numbers[:-1].expand(members.shape[:2])
            x = self.layers[-1](torch.matmul(chosen, x), x, self._mask(numbers, text)).float()
        else:
            x = self.layers[-1](x, x, mask).float()
            x = torch.matmul(members, x) / members.sum(dim=2, keepdim=True).clamp(min=1.0)
        return self.finished(x)

    def _positions(self, input_ids, text, start):
        """For each token the vector of its position in its text. text, start: number and start of each token's text."""
        if self.padding is None:
            return functional.embedding((self.index - start).to(torch.int32), self.positions)
        counts = self.not_padding(input_ids)
        before = _equal(text[:, :, None], text[:, None, :]) * self.before
        return self.counted(torch.matmul(counts[:, None], before)[:, 0], counts)

    def _mask(self, queries, keys):
        """The mask for the text numbers of queries and keys."""
        if self.mask == "added":
            return encoder.AddedMask(_equal(queries[:, None, :, None], keys[:, None, None, :]))
        return FoldedMask(_equal(queries[:, :, None], self.numbers), _equal(keys[:, :, None], self.numbers), self.dtype)


def _equal(a, b):
    """1 where two whole numbers are equal, else 0."""
    return functional.relu(1.0 - (a - b).abs())


class FoldedMask:
    """Hides positions within the product of query and key. For this it appends elements to both.

    queries, keys: for each query or key, 1 at the index of its text, else 0.
    """

    def __init__(self, queries, keys, dtype):
        self.queries, self.keys, self.dtype = queries, keys, dtype

    def scores(self, query, key, scale):
        # For one text the elements add FOLDED squared and subtract FOLDED squared. The numbers are the same, so nothing
        # is left. For two texts they only subtract it.
        size = FOLDED / scale
        query = torch.cat((query, self._part(query, self.queries, size, size)), dim=-1)
        key = torch.cat((key, self._part(key, self.keys, FOLDED, -FOLDED)), dim=-1)
        return torch.matmul(query, key.transpose(-1, -2)).float() * scale

    def _part(self, heads, texts, size, constant):
        part = torch.cat((texts * size, torch.full_like(texts[:, :, :1], constant)), dim=-1).to(self.dtype)
        return part[:, None].expand(-1, heads.shape[1], -1, -1)
