"""The scan in C, through ctypes."""

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from phoenix.index_scan import Room, Scan, slack
from phoenix.indexed_posts import IndexedPosts, SearchResult
from phoenix.segment_table import SegmentTable
from phoenix.vector_codes import STEP_ERROR, Query

# `enum variant` of scan.c.
_VARIANTS = ("plain", "avx2", "vnni", "neon")
_FASTEST_FIRST = ("vnni", "avx2", "neon", "plain")


class _Query(ctypes.Structure):
    """`struct query` of scan.c."""

    _fields_ = (
        ("codes", ctypes.c_void_p),
        ("vector", ctypes.c_void_p),
        ("width", ctypes.c_int64),
        ("sum", ctypes.c_int32),
        ("scale", ctypes.c_float),
        ("length", ctypes.c_float),
        ("slack", ctypes.c_float),
    )


class _Candidates(ctypes.Structure):
    """`struct candidates` of scan.c."""

    _fields_ = (
        ("numbers", ctypes.c_void_p),
        ("upper", ctypes.c_void_p),
        ("scratch", ctypes.c_void_p),
        ("passed", ctypes.c_void_p),
        ("count", ctypes.c_int64),
        ("low", ctypes.c_float),
    )


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    library.phoenix_variants.restype = ctypes.c_int32
    library.phoenix_variants.argtypes = ()
    library.phoenix_scan.restype = None
    scanned = (pointer, count, pointer)
    library.phoenix_scan.argtypes = (*scanned, ctypes.c_int32, count, count, pointer)
    library.phoenix_read.restype = None
    library.phoenix_read.argtypes = (pointer, pointer, count, pointer, pointer, pointer)
    return library


class NativeScan(Scan):
    """One way to scan: the instructions that it is named for."""

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        self.name = name
        self._library = library
        self._variant = _VARIANTS.index(name)

    def find(
        self, table: SegmentTable, query: Query, room: Room, *, low: float, needed: int, wanted: int
    ) -> tuple[Int[np.ndarray, " n"], float]:
        """As `Scan.find`."""
        asked = _Query(
            codes=query.codes.ctypes.data,
            width=table.width,
            sum=int(query.codes.sum(dtype=np.int64)),
            scale=query.scale,
            length=query.length * (1 + STEP_ERROR),
            slack=slack(table, query, query.error) * (1 + STEP_ERROR),
        )
        found = _Candidates(*room.addresses, 0, low)
        self._library.phoenix_scan(
            table.address,
            len(table.segments),
            ctypes.addressof(asked),
            self._variant,
            needed,
            wanted,
            ctypes.addressof(found),
        )
        return room.numbers[: found.count], found.low

    def read(
        self, table: SegmentTable, query: Query, numbers: Int[np.ndarray, " n"]
    ) -> SearchResult:
        """As `Scan.read`."""
        count = numbers.shape[0]
        asked = _Query(vector=query.vector.ctypes.data, width=table.width)
        scores, posts = np.empty(count, np.float32), np.empty((count, 3), np.int64)
        self._library.phoenix_read(
            table.address,
            numbers.ctypes.data,
            count,
            ctypes.addressof(asked),
            scores.ctypes.data,
            posts.ctypes.data,
        )
        return SearchResult(IndexedPosts(*posts.T), scores)


def native_scans(library: Path) -> Sequence[NativeScan]:
    """Every scan of a compiled library that this processor can run, the fastest first.

    Raises:
      OSError: The library cannot be loaded.
    """
    loaded = _declared(ctypes.CDLL(str(library)))
    mask = loaded.phoenix_variants()
    return [
        NativeScan(loaded, name) for name in _FASTEST_FIRST if mask >> _VARIANTS.index(name) & 1
    ]
