"""The weighted value of what a viewer would do, and the two scorers behind it.

The same formulas as the gateway's scorers, with release A's published parameters.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT

_WEIGHTS = {
    "favorite": 0.5,
    "reply": 5.0,
    "repost": 1.0,
    "photo_expand": 0.05,
    "click": 0.4,
    "profile_click": 0.0,
    "video_quality_view": 0.05,
    "share": 2.0,
    "share_via_dm": 5.0,
    "share_via_copy_link": 20.0,
    "dwell": 0.0,
    "quote": 5.0,
    "quoted_click": 0.05,
    "follow_author": 4.0,
    "not_interested": -43.2,
    "block_author": -31.2,
    "mute_author": -58.8,
    "report": -234.0,
}
ACTION_WEIGHTS: Float[np.ndarray, " 18"] = np.array(
    [_WEIGHTS[action.name] for action in ACTIONS[:DISCRETE_COUNT]]
)
"""In the order of actions.json."""

DWELL_WEIGHT = 0.004
"""A second of expected dwell."""

POSITIVE_SUM, NEGATIVE_SUM = 43.32, 367.22
"""Sums of the published weights, heads that our models lack included."""

NEGATIVE_OFFSET = 0.001
DIVERSITY_DECAY, DIVERSITY_FLOOR = 0.5, 0.25
OUT_OF_NETWORK_FACTOR = 0.75


def weighted_value(
    probabilities: Float[np.ndarray, "n 18"], dwell_seconds: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Weighted sum with the offset that squeezes negative totals under 0.001; never negative."""
    combined = probabilities @ ACTION_WEIGHTS + DWELL_WEIGHT * dwell_seconds
    squeezed = (combined + NEGATIVE_SUM) / (POSITIVE_SUM + NEGATIVE_SUM) * NEGATIVE_OFFSET
    return np.where(combined < 0, squeezed, combined + NEGATIVE_OFFSET)


def with_author_diversity(
    values: Float[np.ndarray, " n"], author_ids: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Values times (1 - floor) decay^k + floor, k = better candidates of the same author."""
    order = np.argsort(-values, kind="stable")
    authors = author_ids[order]
    by_author = np.argsort(authors, kind="stable")
    starts = np.searchsorted(authors[by_author], authors[by_author])
    better = np.empty(len(values), np.int64)
    better[order[by_author]] = np.arange(len(values)) - starts
    return values * ((1 - DIVERSITY_FLOOR) * DIVERSITY_DECAY**better + DIVERSITY_FLOOR)


def final_scores(
    values: Float[np.ndarray, " n"],
    author_ids: Int[np.ndarray, " n"],
    shrunk: Bool[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """Author diversity over the whole pool, then 0.75 for out-of-network posts and replies.

    shrunk: True for posts out of network, and for replies in network too.
    """
    diverse = with_author_diversity(values, author_ids)
    return np.where(shrunk, diverse * OUT_OF_NETWORK_FACTOR, diverse)
