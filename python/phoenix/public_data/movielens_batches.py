"""Batches of MovieLens-1M: one window of each user's history an epoch, in buckets of length."""

from collections.abc import Iterator
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float32, Int32, Int64

from phoenix.public_data.movielens_data import MovieSequences, Split
from phoenix.training.batches import HostOrDevice

# History tokens of a row; each length is compiled once.
LENGTH_BUCKETS = (31, 63, 95, 143, 200)
SLOTS_A_STEP = 8_192


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MovieBatch:
    """Rows of one bucket.

    history: places in the catalogue, oldest first; -1 is padding, at the end.
    targets: the h movies that came after 0, 1, ... s of them. weights: of each target; their sum
    is 1, or 0 where nothing came.
    """

    history: Int32[HostOrDevice, "b s"]
    targets: Int32[HostOrDevice, "b s+1 h"]
    weights: Float32[HostOrDevice, "b s+1 h"]


def _windows(
    sequences: MovieSequences, random: np.random.Generator, before: Split
) -> list[Int64[np.ndarray, " _"]]:
    """What each user saw before the target of a split; of a long history a random part."""
    longest = LENGTH_BUCKETS[-1] + 1
    windows: list[np.ndarray] = []
    for user in range(sequences.users):
        history = sequences.history(user, before)
        start = int(random.integers(0, max(len(history) - longest, 0) + 1))
        windows.append(history[start : start + longest])
    return windows


def _batch(
    windows: list[np.ndarray], rows: int, *, length: int, ahead: tuple[float, ...]
) -> MovieBatch:
    history = np.full((rows, length), -1, np.int32)
    targets = np.zeros((rows, length + 1, len(ahead)), np.int32)
    weights = np.zeros((rows, length + 1, len(ahead)), np.float32)
    for row, window in enumerate(windows):
        history[row, : len(window) - 1] = window[:-1]
        for steps, weight in enumerate(ahead):
            there = max(len(window) - steps, 0)
            targets[row, :there, steps] = window[steps:]
            weights[row, :there, steps] = weight
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), 1e-9)
    return MovieBatch(history, targets, weights)


def rows_a_step(length: int) -> int:
    """Rows of a bucket that fill the slots of a step."""
    return SLOTS_A_STEP // (length + 1)


def epoch_batches(
    sequences: MovieSequences,
    random: np.random.Generator,
    *,
    ahead: tuple[float, ...],
    before: Split,
) -> Iterator[MovieBatch]:
    """One window of every user, in random order. A user with one movie to train on counts too.

    before: windows end before the target of this split.
    """
    buckets: dict[int, list[np.ndarray]] = {length: [] for length in LENGTH_BUCKETS}
    windows = _windows(sequences, random, before)
    for user in random.permutation(len(windows)).tolist():
        window = windows[user]
        length = next(length for length in LENGTH_BUCKETS if len(window) <= length + 1)
        buckets[length].append(window)
    batches = [
        (length, held[start : start + rows_a_step(length)])
        for length, held in buckets.items()
        for start in range(0, len(held), rows_a_step(length))
    ]
    for number in random.permutation(len(batches)).tolist():
        length, held = batches[number]
        yield _batch(held, rows_a_step(length), length=length, ahead=ahead)


def steps_of_epoch(sequences: MovieSequences, before: Split) -> int:
    """How many batches an epoch has: the number does not depend on the random windows."""
    lengths = np.diff(sequences.offsets) - sequences.held_out(before)
    lengths = np.minimum(lengths, LENGTH_BUCKETS[-1] + 1)
    bucket = np.searchsorted(np.array(LENGTH_BUCKETS) + 1, lengths)
    counts = np.bincount(bucket, minlength=len(LENGTH_BUCKETS))
    return sum(
        -(-int(count) // rows_a_step(length))
        for count, length in zip(counts, LENGTH_BUCKETS, strict=True)
    )
