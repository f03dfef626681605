"""Vectors as whole numbers of one byte, and how far off a score may be that is made of them.

vector = scale * code + rest, each code from -127 to 127. A score of codes alone is wrong by the
rests only, and |rest of the vector| * |query| bounds what a rest can do (Cauchy-Schwarz).
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

# Rows that are scanned together. Columns are filled up with zeros to a multiple of it.
BLOCK = 16
_CODE_MAX = 127
_LENGTH_MAX = 1e18
# More than what single operations in float32 take or add, in parts of the largest value met.
STEP_ERROR = 1e-6


@dataclass(frozen=True)
class VectorCodes:
    """Codes of vectors."""

    codes: Int[np.ndarray, "n width"]
    scales: Float[np.ndarray, " n"]
    # Upper bounds of the rests' lengths.
    errors: Float[np.ndarray, " n"]
    # Upper bounds of the lengths, of vectors and of scale * code.
    lengths: Float[np.ndarray, " n"]

    def at(self, rows: Int[np.ndarray, " m"]) -> "VectorCodes":
        """Some of the vectors, in their order."""
        columns = (self.codes, self.scales, self.errors, self.lengths)
        return VectorCodes(*(column[rows] for column in columns))


def padded_width(dimension: int) -> int:
    """Columns that a vector takes up."""
    return -(-dimension // BLOCK) * BLOCK


def padded(vectors: Float[np.ndarray, "n d"], width: int) -> Float[np.ndarray, "n width"]:
    """The same in float32 with zeros behind; no copy where none are missing."""
    missing = width - vectors.shape[1]
    whole = vectors if missing == 0 else np.pad(vectors, ((0, 0), (0, missing)))
    return np.ascontiguousarray(whole, np.float32)


def are_usable(vectors: Float[np.ndarray, "n d"]) -> bool:
    """Whether all are finite, and short enough (1e18) for every product to be finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool((np.einsum("nd,nd->n", vectors, vectors) <= _LENGTH_MAX**2).all())


def sum_error(width: int) -> float:
    """Parts by which a float32 sum of `width` products may be off, in any order: twice the bound.

    In parts of the product of the two lengths.
    """
    return width * 2.0**-23


def _lengths(vectors: Float[np.ndarray, "n width"]) -> Float[np.ndarray, " n"]:
    return np.sqrt(np.einsum("nd,nd->n", vectors, vectors))


def encode(vectors: Float[np.ndarray, "n width"]) -> VectorCodes:
    """Codes of usable vectors."""
    rounding = np.float32(1 + sum_error(vectors.shape[1]))
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    scales = (largest / np.float32(_CODE_MAX)).astype(np.float32)
    # In units of the scale, so that no square of a tiny number becomes 0.
    scaled = vectors / np.where(scales > 0, scales, np.float32(1.0))[:, None]
    lengths = _lengths(scaled) * rounding
    codes = np.clip(np.rint(scaled), -_CODE_MAX, _CODE_MAX)
    scaled -= codes
    errors = _lengths(scaled) * rounding + np.float32(STEP_ERROR) * lengths
    return VectorCodes(
        codes=codes.astype(np.int8),
        scales=scales,
        errors=errors * scales,
        lengths=(lengths + errors) * scales,
    )


def pack(codes: Int[np.ndarray, "n width"]) -> UInt8[np.ndarray, "n fours 4"]:
    """128 added, columns by four, as the scan wants them (native/scan.c)."""
    return (codes.view(np.uint8) ^ 128).reshape(codes.shape[0], -1, 4)


@dataclass(frozen=True)
class Query:
    """What posts are compared with."""

    # Zeros behind.
    vector: Float[np.ndarray, " width"]
    codes: Int[np.ndarray, " width"]
    scale: float
    # Upper bound of the length of what the codes leave over.
    error: float
    # Upper bound, never 0.
    length: float


def to_query(vector: Float[np.ndarray, " d"], width: int) -> Query:
    """A usable vector as a query: `encode` for one, which has many small steps to save."""
    whole = np.zeros(width, np.float32)
    whole[: vector.shape[0]] = vector
    exact = whole.astype(np.float64)
    scale = float(np.float32(np.abs(whole).max() / _CODE_MAX)) or 1.0
    codes = np.clip(np.rint(exact / scale), -_CODE_MAX, _CODE_MAX)
    rest = exact - codes * scale
    return Query(
        vector=whole,
        codes=codes.astype(np.int8),
        scale=scale,
        error=math.sqrt(rest @ rest) * (1 + STEP_ERROR),
        length=max(math.sqrt(exact @ exact) * (1 + STEP_ERROR), 1e-30),
    )
