#!/usr/bin/env python3
"""Computes with NumPy the expected results of io.github.neuronembed.vectors for 1,000 vectors.

The vectors have values outside of the int8 ranges, zeros, negative zeros, numbers that float16 must
round, and a number of elements that is not a multiple of eight. They are computed exactly from
integers, so that the Java test (VectorEncoderTest) makes the same vectors. The file contains only
the results: a SHA-256 of all vectors of a kind, and the first three of each kind.

  make_expected.py          writes the file of expected values
  make_expected.py --check  fails if the file has other content
"""

import hashlib
import io
import pathlib
import sys

import numpy as np

EXPECTED = (
    pathlib.Path(__file__).resolve().parents[2]
    / "java-api/src/test/resources/io/github/neuronembed/vectors/expected.txt"
)

VECTORS = 1000
CALIBRATION_VECTORS = 50
DIMENSION = 99
SHORTENED = 60
# An element that is the same in all vectors has an empty range.
CONSTANT_ELEMENT = 7


def splitmix64(count: int, seed: int) -> np.ndarray:
    """The first numbers of Steele, Lea and Flood's SplitMix64, as in java.util.SplittableRandom.
    Each number is computed from its index."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def ordinary(numbers: np.ndarray) -> np.ndarray:
    """Exact floats in [-0.25, 0.25) from the highest 24 bits."""
    whole = (numbers >> np.uint64(40)).astype(np.int64) - (1 << 23)
    return np.ldexp(whole.astype(np.float32), -25)


def vectors() -> np.ndarray:
    numbers = splitmix64(VECTORS * DIMENSION, seed=1)
    values = ordinary(numbers)
    kind = (numbers & np.uint64(15)).astype(np.int64)
    values = np.where(kind == 0, np.float32(0.0), values)
    values = np.where(kind == 1, np.float32(-0.0), values)
    values = np.where(kind == 2, np.ldexp(values, 7), values)  # outside of the ranges
    values = np.where(kind == 3, np.ldexp(values, -14), values)  # subnormal in float16
    return values.astype(np.float32).reshape(VECTORS, DIMENSION)


def calibration() -> np.ndarray:
    values = ordinary(splitmix64(CALIBRATION_VECTORS * DIMENSION, seed=2))
    values = values.reshape(CALIBRATION_VECTORS, DIMENSION)
    values[:, CONSTANT_ELEMENT] = np.float32(0.125)
    return values


def int8(v: np.ndarray, lowest: np.ndarray, highest: np.ndarray) -> np.ndarray:
    step = (highest - lowest) / np.float32(255)
    step[step == 0] = 1
    place = np.floor((v - lowest) / step)
    assert place.dtype == np.float32
    return (np.minimum(np.maximum(place, 0), 255) - 128).astype(np.int8)


def packed(v: np.ndarray) -> np.ndarray:
    return np.packbits(v > 0, axis=-1, bitorder="big")


def shortened(v: np.ndarray) -> np.ndarray:
    first = v[:, :SHORTENED].astype(np.float64)
    return (first / np.sqrt(np.sum(first**2, axis=1, keepdims=True))).astype("<f4")


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=(1, 0))
    return file.getvalue()


def lines() -> str:
    v = vectors()
    sample = calibration()
    ranges = np.vstack((sample.min(axis=0), sample.max(axis=0))).astype("<f4")
    outside = np.mean((v < ranges[0]) | (v > ranges[1]))
    kinds = {
        "float32": v.astype("<f4"),
        "float16": v.astype("<f2"),
        "int8": int8(v, ranges[0], ranges[1]),
        "binary": (packed(v).astype(np.int16) - 128).astype(np.int8),
        "ubinary": packed(v),
        "shortened": shortened(v),
    }
    text = f"# Made by tools/vectors/make_expected.py; {outside:.1%} of the values are beyond the ranges.\n"
    for kind, array in kinds.items():
        text += f"{kind} all {hashlib.sha256(array.tobytes()).hexdigest()}\n"
        for row in range(3):
            text += f"{kind} {row} {array[row].tobytes().hex()}\n"
    return text + f"ranges file {hashlib.sha256(npy(ranges)).hexdigest()}\n"


def main() -> int:
    expected = lines()
    if sys.argv[1:] == ["--check"]:
        if EXPECTED.read_text(encoding="ascii") != expected:
            print(f"{EXPECTED} differs from the values of NumPy {np.__version__}", file=sys.stderr)
            return 1
        print(f"{EXPECTED.name} has the values of NumPy {np.__version__}")
        return 0
    EXPECTED.parent.mkdir(parents=True, exist_ok=True)
    EXPECTED.write_text(expected, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
