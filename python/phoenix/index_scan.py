"""The two things that a search asks of memory: a bound for every row, exact scores of a few."""

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Float, Int

from phoenix.indexed_posts import SearchResult, join_results
from phoenix.segment_table import SegmentTable
from phoenix.vector_codes import BLOCK, STEP_ERROR, Query, sum_error

# Rows whose products are in memory at a time.
_ROWS_AT_A_TIME = 8_192
# Every bound of a live row reaches it.
LOWEST = float(np.finfo(np.float32).min)


class Room:
    """Memory that searches use again; what none needed was never written and takes none."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        # The scan in C writes before it knows whether a row counts, hence one more.
        self.numbers = np.empty(rows + 1, np.int64)
        self.upper = np.empty(rows + 1, np.float32)
        self.scratch = np.empty(rows + 1, np.float32)
        # `struct passed` of native/scan.c.
        self.passed = np.empty((rows + 1, 4), np.int32)
        arrays = (self.numbers, self.upper, self.scratch, self.passed)
        self.addresses = tuple(array.ctypes.data for array in arrays)


class Scan(ABC):
    """Reads segments. Bounds differ between scans; exact scores are the same to the bit."""

    # `numpy`, or the instructions that it uses: `vnni`, `avx2`, `neon`, `plain`.
    name: str

    @abstractmethod
    def find(
        self, table: SegmentTable, query: Query, room: Room, *, low: float, needed: int, wanted: int
    ) -> tuple[Int[np.ndarray, " n"], float]:
        """Rows that may be the best, by upper bounds of their scores.

        Args:
          room: For as many rows as the table has.
          low: Only rows whose bound reaches it. `LOWEST` = a scan may guess, too high at times.
          needed: Rows that a guess should leave.
          wanted: Of more than so many, those with the largest bounds; equals of the last stay.

        Returns:
          Numbers of rows, rising, void at the next call; and what the bound of every other live
          row stays below.
        """

    @abstractmethod
    def read(
        self, table: SegmentTable, query: Query, numbers: Int[np.ndarray, " n"]
    ) -> SearchResult:
        """Rows, by rising number, with their exact scores."""


def slack(table: SegmentTable, query: Query, query_error: float) -> float:
    """What rounding, and the query's error, may add to any score."""
    rounding = query.length * (2 * sum_error(table.width) + STEP_ERROR)
    # The last term is for numbers that are almost too small for float32.
    return table.length_max * (query_error + rounding) + 1e-36 * (1 + query.length)


def exact_scores(
    vectors: Float[np.ndarray, "n width"], query: Float[np.ndarray, " width"]
) -> Float[np.ndarray, " n"]:
    """Dot products in float32, summed in one order wherever a vector stands.

    16 lanes, each the sum of every 16th column, then halves onto halves; native/scan.c does the
    same. A product of matrices would not do: BLAS gave up to three values for one vector.
    """
    lanes = np.zeros((vectors.shape[0], BLOCK), np.float32)
    for start in range(0, vectors.shape[1], BLOCK):
        part = slice(start, start + BLOCK)
        lanes += vectors[:, part] * query[part]
    half = BLOCK // 2
    while half > 0:
        lanes = lanes[:, :half] + lanes[:, half : 2 * half]
        half //= 2
    return lanes[:, 0]


class NumpyScan(Scan):
    """The scan where nothing was compiled: float32 products by BLAS."""

    name = "numpy"

    def find(
        self, table: SegmentTable, query: Query, room: Room, *, low: float, needed: int, wanted: int
    ) -> tuple[Int[np.ndarray, " n"], float]:
        """As `Scan.find`."""
        more = np.float32(slack(table, query, 0.0) * (1 + STEP_ERROR))
        upper = room.upper[: table.rows]
        for segment, first in zip(table.segments, table.firsts.tolist(), strict=True):
            rows, arrays = segment.rows, segment.arrays
            part = upper[first : first + rows]
            np.matmul(arrays.vectors[:rows], query.vector, out=part)
            # Minus infinity where dead, else 0.
            part += np.minimum(arrays.errors(rows), np.float32(0.0)) + more
        if wanted < table.rows:
            place = table.rows - wanted
            low = max(low, float(np.partition(upper, place)[place]))
        return np.flatnonzero(upper >= np.float32(low)), low

    def read(
        self, table: SegmentTable, query: Query, numbers: Int[np.ndarray, " n"]
    ) -> SearchResult:
        """As `Scan.read`."""
        parts = []
        places = np.searchsorted(numbers, [*table.firsts.tolist(), table.rows]).tolist()
        for at, segment in enumerate(table.segments):
            rows = numbers[places[at] : places[at + 1]] - table.firsts[at]
            for start in range(0, rows.shape[0], _ROWS_AT_A_TIME):
                some = rows[start : start + _ROWS_AT_A_TIME]
                scores = exact_scores(segment.arrays.vectors[some], query.vector)
                parts.append(SearchResult(segment.posts_at(some), scores))
        return join_results(parts)
