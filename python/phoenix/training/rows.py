"""Training rows: one viewer, a window of what they did, and impressions that look into it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from phoenix.training.viewer_sequences import ViewerSequences

HISTORY_SIZES = (64, 128)
IMPRESSION_SIZES = (128, 256)
# A row behind a viewer's first window starts with this much of the history in view.
_CONTEXT_SHARE = 0.75


@dataclass(frozen=True)
class Rows:
    """Rows by column. A row holds tokens token_start .. + token_count of its viewer (numbers of
    all tokens), and impressions impression_start .. + impression_count.

    dropped: how many of the viewer's oldest tokens lie before the row.
    """

    viewer: Int64[np.ndarray, " r"]
    token_start: Int64[np.ndarray, " r"]
    token_count: Int64[np.ndarray, " r"]
    impression_start: Int64[np.ndarray, " r"]
    impression_count: Int64[np.ndarray, " r"]
    dropped: Int64[np.ndarray, " r"]

    def __len__(self) -> int:
        return len(self.viewer)


def create_rows(sequences: ViewerSequences, history_length: int) -> Rows:
    """Cuts every viewer's impressions into rows; each impression is in exactly one.

    An impression sees all of its history up to history_length tokens, or at least three quarters
    of that when the viewer did more.
    """
    tokens, impressions = sequences.tokens, sequences.impressions
    context = int(history_length * _CONTEXT_SHARE)
    rows: list[tuple[int, int, int, int, int, int]] = []
    for viewer in range(len(sequences.viewer_ids)):
        at, end = int(impressions.offsets[viewer]), int(impressions.offsets[viewer + 1])
        visible = impressions.visible
        while at < end:
            dropped = max(0, int(visible[at]) - context)
            if visible[at] <= history_length:
                dropped = 0
            stop = at + int(
                np.searchsorted(visible[at:end], dropped + history_length, side="right")
            )
            stop = min(stop, at + IMPRESSION_SIZES[-1])
            count = int(visible[stop - 1]) - dropped
            start = int(tokens.offsets[viewer]) + dropped
            rows.append((viewer, start, count, at, stop - at, dropped))
            at = stop
    return Rows(*np.array(rows, np.int64).reshape(-1, 6).T)


@dataclass(frozen=True)
class RowBatch:
    """Numbers of rows that share one shape, padded with -1, and that shape."""

    rows: Int64[np.ndarray, " b"]
    history_size: int
    impression_size: int


def _size_of(counts: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    return np.array(sizes)[np.minimum(np.searchsorted(sizes, counts), len(sizes) - 1)]


def batches_of_epoch(
    rows: Rows, random: np.random.Generator, impressions_a_batch: int
) -> list[RowBatch]:
    """All rows once, shuffled, in batches of one shape each and of like cost."""
    history = _size_of(rows.token_count, HISTORY_SIZES)
    shown = _size_of(rows.impression_count, IMPRESSION_SIZES)
    batches: list[RowBatch] = []
    for history_size in HISTORY_SIZES:
        for impression_size in IMPRESSION_SIZES:
            mine = np.flatnonzero((history == history_size) & (shown == impression_size))
            random.shuffle(mine)
            size = max(1, impressions_a_batch // impression_size)
            for start in range(0, len(mine), size):
                part = mine[start : start + size]
                padded = np.pad(part, (0, size - len(part)), constant_values=-1)
                batches.append(RowBatch(padded, history_size, impression_size))
    order = random.permutation(len(batches))
    return [batches[int(place)] for place in order]


def row_window(
    starts: Int64[np.ndarray, " b"], counts: Int64[np.ndarray, " b"], size: int
) -> tuple[Int64[np.ndarray, "b size"], Bool[np.ndarray, "b size"]]:
    """Numbers start .. start + count of each row, 0 behind, and which of them are there."""
    index = np.arange(size)
    valid = index[None] < counts[:, None]
    return np.where(valid, starts[:, None] + index[None], 0), valid


def number_of_batches(rows: Rows, impressions_a_batch: int) -> int:
    """How many batches an epoch has."""
    return len(batches_of_epoch(rows, np.random.default_rng(0), impressions_a_batch))


def seeded_batches(
    rows: Rows, *, seed: int, size: int, epoch: int, first: int
) -> Iterator[tuple[RowBatch, np.random.Generator]]:
    """The batches of an epoch from the first-th on, each with random numbers of its own.

    A resumed training gets what an undisturbed one would have got, from the step's number alone.

    Args:
      rows: Of the log.
      seed: Of the training.
      size: Impressions, or slots, of a batch.
      epoch: Which, from 0 on.
      first: Batches of the epoch that are done.
    """
    batches = batches_of_epoch(rows, np.random.default_rng((seed, epoch)), size)
    for place in range(first, len(batches)):
        yield batches[place], np.random.default_rng((seed, epoch, place + 1))
