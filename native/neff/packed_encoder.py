"""The graph of a packed shape: several texts end to end in one row, a vector for each of them.

What tells the texts apart is computed from where they start, in float32 and without what is unproven on the device: no
comparison of integers, no gather but the embeddings', no one_hot. A number equals another where relu(1 - |a - b|) is 1,
and a vector is chosen by a product with a matrix of zeros and ones.
"""

import torch
from torch.nn import functional

import encoder

MASKS = ("added", "folded")

# Rows of a NeuronCore's array: a longer sum is computed in parts.
ARRAY_ROWS = 128

# Its square is what a folded mask takes from a score: exp() of it is 0 in float32, and bfloat16 holds both.
FOLDED = 16.0


def folds(config, texts):
    """Whether a folded mask for so many texts fits beside a head's values."""
    return config.hidden_size // config.heads + texts + 2 <= ARRAY_ROWS


class PackedEncoder(encoder.Encoder):
    """[B, S] int32 ids and [B, K + 1] int32 starts to float32 [B, K, hidden], or scores [B, K, 1].

    starts: where each text of a row begins, in ascending order, then where the last one ends; unused entries are S. The
    tokens behind it are a text of their own, so that each token sees one. A vector without a text is finite, and means
    nothing.

    pooling: "cls", "mean" or, with a head, "scores". mask: "added" to the scores of attention, or "folded" into the
    products that they are.
    """

    def __init__(self, config, weights, sequence_length, texts, pooling, normalize, dtype=torch.float32, mask="added"):
        super().__init__(config, weights, sequence_length, pooling, normalize, dtype)
        self.mask = mask
        self.register_buffer("index", torch.arange(sequence_length).float())
        # Texts are counted from 1; the last number is that of the padding behind a full row's texts.
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
        """Of each token the vector of its position in its text, whose number and start are given."""
        if self.padding is None:
            return functional.embedding((self.index - start).to(torch.int32), self.positions)
        counts = self.not_padding(input_ids)
        before = _equal(text[:, :, None], text[:, None, :]) * self.before
        return self.counted(torch.matmul(counts[:, None], before)[:, 0], counts)

    def _mask(self, queries, keys):
        """Of the numbers of the queries' and of the keys' texts."""
        if self.mask == "added":
            return encoder.AddedMask(_equal(queries[:, None, :, None], keys[:, None, None, :]))
        return FoldedMask(_equal(queries[:, :, None], self.numbers), _equal(keys[:, :, None], self.numbers), self.dtype)


def _equal(a, b):
    """1 where whole numbers are equal, else 0."""
    return functional.relu(1.0 - (a - b).abs())


class FoldedMask:
    """Hides positions within the product of query and key, each of which it makes longer.

    queries, keys: for each of them 1 at the place of its text, else 0.
    """

    def __init__(self, queries, keys, dtype):
        self.queries, self.keys, self.dtype = queries, keys, dtype

    def scores(self, query, key, scale):
        # FOLDED squared where both are of one text, less FOLDED squared: the same numbers, so that nothing is left.
        size = FOLDED / scale
        query = torch.cat((query, self._part(query, self.queries, size, size)), dim=-1)
        key = torch.cat((key, self._part(key, self.keys, FOLDED, -FOLDED)), dim=-1)
        return torch.matmul(query, key.transpose(-1, -2)).float() * scale

    def _part(self, heads, texts, size, constant):
        part = torch.cat((texts * size, torch.full_like(texts[:, :, :1], constant)), dim=-1).to(self.dtype)
        return part[:, None].expand(-1, heads.shape[1], -1, -1)
