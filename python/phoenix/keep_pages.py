"""Makes glibc keep the memory that is freed, for processes that train.

XLA frees a step's buffers and asks for the same again. glibc gives blocks of that size back to the
kernel, which hands out and zeroes new pages each time: a fifth to a half of a step's CPU time.
"""

import ctypes

# malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_TOP_PAD_BYTES = 256 * 1024 * 1024


def keep_freed_pages() -> bool:
    """Call before the first computation. False where malloc is not glibc's: nothing changes then.

    One arena for all threads, nothing mapped apart, nothing given back: what the process once
    used it keeps until it ends.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = (
        (_M_ARENA_MAX, 1),
        (_M_MMAP_MAX, 0),
        (_M_TRIM_THRESHOLD, -1),
        (_M_TOP_PAD, _TOP_PAD_BYTES),
    )
    return all([mallopt(name, value) == 1 for name, value in settings])
