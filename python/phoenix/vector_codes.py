"""Vectors as whole numbers of one byte, and how far off a score may be that is made of them.

turned vector = scale * code + rest, each code from -127 to 127. A score of codes alone is wrong by
the rests only, and |rest of the vector| * |query| bounds what a rest can do (Cauchy-Schwarz). The
upper four bits of a code alone are a coarser code, with longer rests.

Vectors and queries are turned by one rotation, which leaves their products as they are: the columns
of a model's vectors differ in size, the largest one sets the scale, and turned they are alike. In
the benchmark's world that halves the rests.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

# Rows that are scanned together. Columns are filled up with zeros to a multiple of it.
BLOCK = 16
_CODE_MAX = 127
# Longer vectors have products beyond float32.
LENGTH_MAX = 1e18
_SCALE_MIN = 1e-30
# More than what single operations in float32 take or add, in parts of the largest value met.
STEP_ERROR = 1e-6


@dataclass(frozen=True)
class VectorCodes:
    """Codes of vectors."""

    codes: Int[np.ndarray, "n width"]
    scales: Float[np.ndarray, " n"]
    # Upper bounds of the rests' lengths.
    errors: Float[np.ndarray, " n"]
    # The same when of each code only its upper half is known.
    coarse_errors: Float[np.ndarray, " n"]
    # Upper bounds of the lengths, of vectors and of scale * code, coarse or not.
    lengths: Float[np.ndarray, " n"]

    def at(self, rows: Int[np.ndarray, " m"]) -> "VectorCodes":
        """Some of the vectors, in their order."""
        columns = (self.codes, self.scales, self.errors, self.coarse_errors, self.lengths)
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
        return bool((np.einsum("nd,nd->n", vectors, vectors) <= LENGTH_MAX**2).all())


def sum_error(width: int) -> float:
    """Parts by which a float32 sum of `width` products may be off, in any order: twice the bound.

    In parts of the product of the two lengths.
    """
    return width * 2.0**-23


@dataclass(frozen=True)
class _Rotation:
    """Turns groups of up to 128 columns, each group's taken from all over the vector."""

    matrix: Float[np.ndarray, "side side"]
    exact: Float[np.ndarray, "side side"]
    # Parts of the product of two lengths by which it may change a product.
    defect: float

    def turn(self, vectors: Float[np.ndarray, "n width"]) -> Float[np.ndarray, "n width"]:
        """The vectors turned, in their own precision."""
        matrix = self.matrix if vectors.dtype == np.float32 else self.exact
        side, (count, width) = matrix.shape[0], vectors.shape
        groups = vectors.reshape(count, side, width // side).swapaxes(1, 2)
        return (groups.reshape(-1, side) @ matrix).reshape(count, width)


@functools.cache
def _rotation(width: int) -> _Rotation:
    """An orthogonal matrix without a direction of its own, as far as float32 has one."""
    side = math.gcd(width, 128)
    drawn = np.random.default_rng(0).standard_normal((side, side))
    matrix = np.linalg.qr(drawn)[0].astype(np.float32)
    exact = matrix.astype(np.float64)
    defect = float(np.linalg.norm(exact.T @ exact - np.eye(side)))
    return _Rotation(matrix, exact, defect + side * 2.0**-50)


def _lengths(vectors: Float[np.ndarray, "n width"]) -> Float[np.ndarray, " n"]:
    return np.sqrt(np.einsum("nd,nd->n", vectors, vectors))


def encode(vectors: Float[np.ndarray, "n width"]) -> VectorCodes:
    """Codes of usable vectors."""
    width = vectors.shape[1]
    rounding = np.float32(1 + sum_error(width))
    # In units of the largest column, so that no square of a tiny number becomes 0.
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    scaled = vectors / np.where(largest > 0, largest, np.float32(1.0))[:, None]
    lengths = _lengths(scaled) * rounding
    scaled = _rotation(width).turn(scaled)
    steps = np.abs(scaled).max(axis=1, initial=0.0) / np.float32(_CODE_MAX)
    steps = np.where(steps > 0, steps, np.float32(1.0))
    codes = np.rint(scaled / steps[:, None])
    coarse = np.floor(codes / 16) * 16 + np.float32(7.5)
    # Turning adds a sum's error in each column.
    turning = np.float32(sum_error(width) * math.sqrt(width) + STEP_ERROR) * lengths
    coarse_errors = _lengths(scaled - coarse * steps[:, None]) * rounding + turning
    errors = _lengths(scaled - codes * steps[:, None]) * rounding + turning
    return VectorCodes(
        codes=codes.astype(np.int8),
        scales=steps * largest,
        errors=errors * largest,
        coarse_errors=coarse_errors * largest,
        lengths=(lengths + coarse_errors) * largest,
    )


def upper_halves(codes: Int[np.ndarray, "n width"]) -> UInt8[np.ndarray, "n eights 4"]:
    """The upper four bits of codes with 128 added, two columns a byte, as native/sums.h says."""
    halves = ((codes.view(np.uint8) ^ 128) >> 4).reshape(codes.shape[0], -1, 2, 4)
    return halves[:, :, 0] | halves[:, :, 1] << 4


def lower_halves(codes: Int[np.ndarray, "n width"]) -> UInt8[np.ndarray, "n half"]:
    """The lower four bits of codes with 128 added, two columns a byte, as native/sums.h says."""
    halves = (codes.view(np.uint8) & 15).reshape(codes.shape[0], 2, -1)
    return halves[:, 0] | halves[:, 1] << 4


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
    """A vector as a query: `encode` for one, in float64 and in fewer steps.

    Raises:
      ValueError: It is not finite, or too long.
    """
    whole = np.zeros(width, np.float32)
    whole[: vector.shape[0]] = vector
    given = whole.astype(np.float64)
    length = math.sqrt(given @ given)
    if not length <= LENGTH_MAX:
        raise ValueError(f"the query vector must be finite, and no longer than {LENGTH_MAX}")
    rotation = _rotation(width)
    exact = rotation.turn(given[None])[0]
    scale = float(np.float32(np.abs(exact).max() / _CODE_MAX))
    if scale < _SCALE_MIN:
        # Too small to have digits: the rest is all of it.
        scale = 1.0
    codes = np.rint(exact / scale)
    rest = exact - codes * scale
    defect = rotation.defect + STEP_ERROR
    return Query(
        vector=whole,
        codes=codes.astype(np.int8),
        scale=scale,
        error=math.sqrt(rest @ rest) + defect * length,
        length=max(length * (1 + defect), _SCALE_MIN),
    )
