"""Runs a compiled model on the device, compares it with the plain encoder in float32 on the CPU, and times it."""

import statistics
import time
from dataclasses import dataclass

import torch
from torch.nn import functional
from torch.nn.utils import rnn

from failure import Failure


@dataclass(frozen=True)
class Measure:
    """How the outputs are compared with the model's own: the measure's name and, for each precision, its limit."""

    key: str
    words: str
    limits: dict


# The project promises these limits for the vectors of any backend, compared with the model's own.
COSINE = Measure("leastCosine", "least cosine", {"bf16": 0.999, "fp32": 0.99999})
# For scores: logits of about 1 to 10. The absolute difference, or the relative one if the reference is above 1.
DIFFERENCE = Measure("greatestDifference", "greatest difference of scores", {"bf16": 0.1, "fp32": 1e-4})


def measure(recipe):
    return DIFFERENCE if recipe.model.config.head else COSINE


def check(traced, reference, recipe, shape):
    """Returns the least cosine of vectors of random tokens, or the greatest difference of scores. Fails if the limit is
    not met.

    reference: returns the plain encoder for a sequence length. Each text of a packed shape is computed twice, each time
    packed with other texts beside it, and compared with the result for the text by itself.
    """
    random = torch.Generator().manual_seed(1)
    compare = _packed if shape.texts else _plain
    with torch.no_grad():
        found = torch.cat(list(compare(traced, reference, recipe, shape, random)))
    by = measure(recipe)
    # torch's extremes are NaN if one of the numbers is, and NaN fails.
    worst = float(found.max() if by is DIFFERENCE else found.min())
    limit = by.limits[recipe.precision]
    if not (worst <= limit if by is DIFFERENCE else worst >= limit):
        raise Failure(
            f"The compiled {shape} gives other {'scores' if by is DIFFERENCE else 'vectors'} than the model: the"
            f" {by.words} is {worst:.6f}, but the limit for {recipe.precision} is {limit}; try --precision fp32 or"
            " other --compiler-args."
        )
    return worst


def median_millis(traced, inputs, warm_up=3, executions=20):
    """The median time of an execution, including PyTorch and the transfers. Use it to compare shapes with each other.

    The time of a device for a shape does not depend on the content.
    """
    times = []
    with torch.no_grad():
        for _ in range(warm_up + executions):
            start = time.perf_counter()
            traced(*inputs)
            times.append(time.perf_counter() - start)
    return statistics.median(times[warm_up:]) * 1e3


def _plain(traced, reference, recipe, shape, random):
    """Compares rows of random tokens of all lengths."""
    graph = reference(shape.length)
    # At least four rows, of which the first is as long as the shape.
    rows = max(4, shape.batch)
    lengths = [max(2, shape.length * (rows - row) // rows) for row in range(rows)]
    for start in range(0, rows - rows % shape.batch, shape.batch):
        ids = torch.randint(recipe.model.config.vocabulary_size, (shape.batch, shape.length), generator=random)
        mask = _mask(lengths[start : start + shape.batch], shape.length)
        inputs = [ids.to(torch.int32) * mask, mask]
        if recipe.model.config.takes_types:
            # The second half of the shape's positions has the second type.
            inputs.append(mask * (torch.arange(shape.length) >= shape.length // 2).to(torch.int32))
        found = _compared(traced(*inputs), graph(*inputs), recipe, shape)
        # The vectors of padding have no meaning.
        yield found if recipe.output == "pooled" else found[mask.bool()]


def _packed(traced, reference, recipe, shape, random):
    """Compares as many texts as the shape holds, of all lengths, each packed in two different ways."""
    mean = shape.length // shape.texts
    lengths = [2 + 2 * (mean - 2) * place // (shape.texts - 1) for place in range(shape.texts)]
    vocabulary = recipe.model.config.vocabulary_size
    rows = [
        [torch.randint(vocabulary, (length,), generator=random, dtype=torch.int32) for length in lengths]
        for _ in range(shape.batch)
    ]
    ids = rnn.pad_sequence([text for row in rows for text in row], batch_first=True)
    expected = reference(max(lengths))(ids, _mask(lengths * shape.batch, max(lengths)))
    expected = expected.reshape(shape.batch, shape.texts, -1)
    for packing, vectors in ((rows, expected), ([row[::-1] for row in rows[::-1]], expected.flip(0, 1))):
        yield _compared(traced(*packed_inputs(packing, shape)), vectors, recipe, shape).flatten()


def packed_inputs(rows, shape):
    """int32 ids and starts of a packed shape, for rows of texts of token ids."""
    ids = torch.zeros(shape.batch, shape.length, dtype=torch.int32)
    starts = torch.full((shape.batch, shape.texts + 1), shape.length, dtype=torch.int32)
    for row, texts in enumerate(rows):
        end = 0
        for place, text in enumerate(texts):
            starts[row, place] = end
            ids[row, end : end + len(text)] = text
            end += len(text)
        starts[row, len(texts)] = end
    return ids, starts


def _mask(lengths, length):
    return (torch.arange(length)[None, :] < torch.tensor(lengths)[:, None]).to(torch.int32)


def _compared(actual, expected, recipe, shape):
    if isinstance(actual, (tuple, list)):
        actual = actual[0]
    if actual.shape != expected.shape or actual.dtype != recipe.output_dtype():
        raise Failure(
            f"The compiled {shape} gives {actual.dtype} {list(actual.shape)} instead of {recipe.output_dtype()}"
            f" {list(expected.shape)}: report this with the versions of the SDK."
        )
    if measure(recipe) is DIFFERENCE:
        return ((actual - expected).abs() / expected.abs().clamp(min=1.0)).flatten()
    return functional.cosine_similarity(actual.double(), expected.double(), dim=-1)
