"""All segments of an index, their rows counted through."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Int

from phoenix.index_segment import Segment


class SegmentTable:
    """Segments as they are now; a change of any makes the table void.

    Row r of segment s has the number `firsts[s]` + r. Numbers of dead rows are counted too.
    """

    def __init__(self, segments: Sequence[Segment], width: int) -> None:
        self.segments = segments
        self.width = width
        rows = np.array([segment.rows for segment in segments], np.int64)
        self.rows = int(rows.sum())
        self.live_count = sum(segment.live_count for segment in segments)
        self.firsts: Int[np.ndarray, " segments"] = np.cumsum(rows) - rows
        # Upper bound of all vectors' lengths.
        self.length_max = max((segment.length_max for segment in segments), default=0.0)

    @cached_property
    def address(self) -> int:
        """Where the segments lie as an array of `struct segment`."""
        return self._descriptors.ctypes.data

    @cached_property
    def _descriptors(self) -> Int[np.ndarray, "segments 6"]:
        """One row a `struct segment` of native/scan.c, whose fields all have eight bytes."""
        rows = zip(self.segments, self.firsts.tolist(), strict=True)
        numbers = [(*segment.arrays.addresses, segment.rows, first) for segment, first in rows]
        return np.array(numbers, np.int64).reshape(-1, 6)
