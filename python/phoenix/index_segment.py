"""The posts of one hour in the retrieval index, as the scan reads them."""

from functools import cached_property
from types import EllipsisType

import numpy as np
from jaxtyping import Float, Int

from phoenix.indexed_posts import IndexedPosts
from phoenix.mapped_arrays import mapped_zeros
from phoenix.vector_codes import BLOCK, VectorCodes, encode, lower_halves, upper_halves

_ROWS_MIN = 64
# Segments below this size keep their tombstones: rewriting them saves nothing.
_COMPACTIONGROUP = 1_024
# The error of a row that no scan may find.
_DEAD = -np.inf


def _block_type(width: int) -> np.dtype:
    """`struct block` of native/scan.c."""
    numbers = ("scales", "coarse_errors", "errors")
    fields = [(name, np.float32, (BLOCK,)) for name in numbers]
    return np.dtype([*fields, ("upper_halves", np.uint8, (width // 8, BLOCK, 4))])


class SegmentArrays:
    """What a segment holds, by row; drawn in ARCHITECTURE.md.

    Pages that were never written take no memory.
    """

    def __init__(self, capacity: int, width: int) -> None:
        """Room for `capacity` rows, a multiple of 16, all dead."""
        self.capacity = capacity
        # Columns: post id, author id, creation in ms since 1970.
        self.posts = mapped_zeros((capacity, 3), np.int64)
        self.vectors = mapped_zeros((capacity, width), np.float32, is_scanned=True)
        block = _block_type(width)
        # One array, so that they share huge pages: blocks fill about half of one in most hours.
        bytes_of_blocks = capacity // BLOCK * block.itemsize
        size = bytes_of_blocks + capacity * width // 2
        codes = mapped_zeros((size,), np.uint8, is_scanned=True)
        self.blocks = codes[:bytes_of_blocks].view(block)
        self.lower_halves = codes[bytes_of_blocks:].reshape(capacity, width // 2)
        self.bury(...)

    def bury(self, at: tuple[Int[np.ndarray, " n"], ...] | EllipsisType) -> None:
        """Lets no scan find the rows at (block, row in the block); `...` = all."""
        for name in ("errors", "coarse_errors"):
            self.blocks[name][at] = _DEAD

    def errors(self, rows: int) -> Float[np.ndarray, " n"]:
        """The errors of the first `rows` rows, a multiple of 16; negative where dead."""
        return self.blocks["errors"][: rows // BLOCK].reshape(-1)

    @property
    def _all(self) -> tuple[np.ndarray, ...]:
        return (self.blocks, self.lower_halves, self.vectors, self.posts)

    @cached_property
    def addresses(self) -> tuple[int, ...]:
        """Where the arrays lie, in the order of `struct segment` in native/scan.c."""
        return tuple(array.ctypes.data for array in self._all)

    def copy_to(self, larger: "SegmentArrays") -> None:
        """Copies every row."""
        for mine, theirs in zip(self._all, larger._all, strict=True):
            theirs[: mine.shape[0]] = mine


class Segment:
    """Posts of one hour; the first `length` rows are in use, tombstones among them."""

    def __init__(self, width: int) -> None:
        self.arrays = SegmentArrays(_ROWS_MIN, width)
        self.length = 0
        self.live_count = 0
        # Upper bound of the vectors' lengths.
        self.length_max = 0.0
        self._width = width
        # None = to be found again.
        self._newest_ms: int | None = 0

    @property
    def rows(self) -> int:
        """Rows that a scan reads: `length` rounded up to whole blocks."""
        return -(-self.length // BLOCK) * BLOCK

    @property
    def live_rows(self) -> Int[np.ndarray, " n"]:
        """The rows that are no tombstones."""
        return np.flatnonzero(self.arrays.errors(self.rows) >= 0)

    @property
    def newest_created_at_ms(self) -> int:
        """Creation of the newest live post, ms since 1970; 0 = there is none."""
        if self._newest_ms is None:
            self._newest_ms = int(self.arrays.posts[self.live_rows, 2].max(initial=0))
        return self._newest_ms

    def posts_at(self, rows: Int[np.ndarray, " n"]) -> IndexedPosts:
        """The posts of some rows, in their order."""
        return IndexedPosts(*self.arrays.posts[rows].T)

    def append(
        self, posts: IndexedPosts, vectors: Float[np.ndarray, "n width"], encoded: VectorCodes
    ) -> Int[np.ndarray, " n"]:
        """The rows that the posts now have; vectors are padded."""
        start, stop = self.length, self.length + posts.post_ids.shape[0]
        self._make_room(stop)
        rows, arrays = np.arange(start, stop), self.arrays
        arrays.posts[start:stop, 0] = posts.post_ids
        arrays.posts[start:stop, 1] = posts.author_ids
        arrays.posts[start:stop, 2] = posts.created_at_ms
        arrays.vectors[start:stop] = vectors
        arrays.lower_halves[start:stop] = lower_halves(encoded.codes)
        at = (rows // BLOCK, rows % BLOCK)
        arrays.blocks["scales"][at] = encoded.scales
        arrays.blocks["coarse_errors"][at] = encoded.coarse_errors
        arrays.blocks["errors"][at] = encoded.errors
        arrays.blocks["upper_halves"][at[0], :, at[1]] = upper_halves(encoded.codes)
        self.length = stop
        self.live_count += stop - start
        self.length_max = max(self.length_max, float(encoded.lengths.max(initial=0.0)))
        if self._newest_ms is not None:
            self._newest_ms = max(self._newest_ms, int(posts.created_at_ms.max(initial=0)))
        return rows

    def _make_room(self, rows: int) -> None:
        capacity = self.arrays.capacity
        if rows <= capacity:
            return
        while capacity < rows:
            capacity *= 2
        larger = SegmentArrays(capacity, self._width)
        self.arrays.copy_to(larger)
        self.arrays = larger

    def remove(self, rows: Int[np.ndarray, " n"]) -> None:
        """Makes tombstones of live rows, no row twice."""
        self.arrays.bury((rows // BLOCK, rows % BLOCK))
        self.live_count -= rows.shape[0]
        self._newest_ms = None

    def is_wasteful(self) -> bool:
        """Whether most of it is tombstones."""
        return self.length >= _COMPACTIONGROUP and self.live_count * 2 < self.length

    def compacted(self) -> "Segment":
        """The live posts alone, in their order."""
        live = self.live_rows
        smaller = Segment(self._width)
        vectors = self.arrays.vectors[live]
        smaller.append(self.posts_at(live), vectors, encode(vectors))
        return smaller
