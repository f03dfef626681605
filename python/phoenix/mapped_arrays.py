"""Zeros that take memory only where they were written, and give it back when they go.

The allocator behind `numpy.zeros` keeps what was freed, and clears it by writing: an index whose
segments grow by doubling then took 1,160 bytes a post where it needs 800.
"""

import mmap

import numpy as np

_HUGE_PAGE_BYTES = 2 * 1024 * 1024
# Below it mapping costs more than it saves.
_MAPPED_BYTES_MIN = 128 * 1024


def mapped_zeros(
    shape: tuple[int, ...], dtype: type[np.generic], *, is_scanned: bool = False
) -> np.ndarray:
    """Zeros of a shape.

    Args:
      is_scanned: Puts what fills half a huge page or more on huge pages, if the system has them.
        A scan then waits for memory and not for page tables. The rest of the last page is the
        price.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size < _MAPPED_BYTES_MIN:
        return np.zeros(shape, dtype)
    is_huge = is_scanned and size >= _HUGE_PAGE_BYTES // 2 and hasattr(mmap, "MADV_HUGEPAGE")
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    memory = mmap.mmap(-1, size + (_HUGE_PAGE_BYTES if is_huge else 0), flags=private)
    whole = np.frombuffer(memory, np.uint8)
    start = 0
    if is_huge:
        memory.madvise(mmap.MADV_HUGEPAGE)
        start = -whole.ctypes.data % _HUGE_PAGE_BYTES
    return whole[start : start + size].view(dtype).reshape(shape)
