"""What an author's posts make people do beyond how well they are liked: their habits.

Somebody who films makes viewers watch, somebody who quotes makes them open quotes, and a new post
has no rows of its own that could say so. Per author and action this compares how often it happened
with how often it happens to posts that are liked as well (the factors' product says how well), as
log((happened + s) / (expected + s)). A few directions of the result are worth keeping: those of
the largest deviation, actions counted by how frequent they are.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt8

HABITS = 3
"""Directions that are kept."""

# Expected happenings that an author's own count is mixed with: a guess.
_SMOOTHING = 3.0
_LIKING_BINS = 20
_TINY = 1e-9


@dataclass(frozen=True)
class AuthorDeeds:
    """Impressions: number of the author, how well it should be liked, what was done."""

    author: Int64[np.ndarray, " n"]
    liking: Float64[np.ndarray, " n"]
    outcomes: UInt8[np.ndarray, "n 18"]


def habit_deviations(deeds: AuthorDeeds, authors: int) -> Float64[np.ndarray, "a 18"]:
    """Log ratios of what happened to what was expected; 0 for an author of no impressions."""
    edges = np.quantile(deeds.liking, np.arange(1, _LIKING_BINS) / _LIKING_BINS)
    bins = np.searchsorted(edges, deeds.liking)
    size = np.bincount(bins, minlength=_LIKING_BINS)
    columns = []
    for happened in deeds.outcomes.T.astype(np.float64):
        rate = np.bincount(bins, happened, minlength=_LIKING_BINS) / np.maximum(size, 1)
        expected = np.bincount(deeds.author, rate[bins], minlength=authors)
        found = np.bincount(deeds.author, happened, minlength=authors)
        columns.append(np.log((found + _SMOOTHING) / (expected + _SMOOTHING)))
    return np.stack(columns, axis=1)


def habit_axes(
    deviations: Float64[np.ndarray, "a 18"], outcomes: UInt8[np.ndarray, "n 18"]
) -> Float64[np.ndarray, "18 k"]:
    """What deviations are multiplied with: HABITS columns, whose results have deviation 1."""
    weight = np.sqrt(outcomes.mean(axis=0, dtype=np.float64))
    _, _, directions = np.linalg.svd(deviations * weight, full_matrices=False)
    axes = weight[:, None] * directions[:HABITS].T
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    axes = axes * np.where(largest < 0, -1.0, 1.0)
    return axes / np.maximum((deviations @ axes).std(axis=0), _TINY)
