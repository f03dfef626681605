"""Shapes that requests are padded to, so that each is compiled once.

Histories are padded to a bucket. Candidates are cut into chunks of few sizes, so that five
thousand of them and sixty-five run the same programs.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from phoenix.bundle import Candidates, History

# Lengths of histories. Each step costs a program; half of a step is the most that is wasted.
HISTORY_BUCKETS = (32, 64, 128, 256, 512, 1_024)
# Candidates of one program call. Wide chunks make the better matrix products as long as their
# attention weights (heads x prefix x chunk) fit the cache. The first is for a few posts, 192 for
# the tenth of a page that a refresh brings.
_CHUNKS = (64, 192, 768)
_CHUNKS_OF_LONG_HISTORIES = (64, 256)
_LONG_HISTORY = 1_024
# Padding that costs more than another call.
_WASTE_MAX = 256
POST_BUCKETS = (64, 1_024, 8_192)


def bucket_for(count: int, buckets: Sequence[int]) -> int:
    """The smallest bucket that holds `count`; behind the last one, its doubles."""
    for bucket in buckets:
        if count <= bucket:
            return bucket
    bucket = buckets[-1]
    while bucket < count:
        bucket *= 2
    return bucket


def chunk_sizes(history_length: int) -> tuple[int, ...]:
    """Numbers of candidates that are computed at once, beside a history of a padded length."""
    return _CHUNKS if history_length < _LONG_HISTORY else _CHUNKS_OF_LONG_HISTORIES


def chunks_of(count: int, sizes: tuple[int, ...]) -> Iterator[tuple[slice, int]]:
    """Which candidates go together, and the length to which each part is padded."""
    start = 0
    while start < count:
        left = count - start
        length = next((size for size in sizes if size >= left), sizes[-1])
        if length - left >= _WASTE_MAX:
            length = max(size for size in sizes if size <= left)
        stop = min(start + length, count)
        yield slice(start, stop), length
        start = stop


def padded(column: np.ndarray, length: int) -> np.ndarray:
    """A column as a batch of one row, zeros behind."""
    width = [(0, length - column.shape[0])] + [(0, 0)] * (column.ndim - 1)
    return np.pad(column, width)[None]


def pad_history(history: History, history_length: int, *, length: int | None = None) -> History:
    """A batch of one: the newest `history_length` events, padded behind.

    Args:
      length: Padded length; None = the bucket that fits.
    """
    count = history.post_ids.shape[0]
    kept = slice(max(0, count - history_length), None)
    if length is None:
        length = bucket_for(min(count, history_length), HISTORY_BUCKETS)
    columns = vars(history).items()
    return History(**{name: padded(column[kept], length) for name, column in columns})


def pad_candidates(candidates: Candidates, part: slice, length: int) -> Candidates:
    """A batch of one: some of the candidates, padded behind."""
    columns = vars(candidates).items()
    return Candidates(**{name: padded(column[part], length) for name, column in columns})


def empty_history() -> History:
    """The history of a viewer who did nothing yet."""
    return made_up_history(0)


def made_up_history(length: int) -> History:
    """So many events without a meaning, to compile for."""
    ids = np.ones(length, np.int64)
    return History(
        post_ids=ids,
        author_ids=ids,
        actions=np.zeros((length, 18), np.float32),
        dwell_seconds=np.zeros(length, np.float32),
        surfaces=ids,
        created_at_ms=ids,
    )
