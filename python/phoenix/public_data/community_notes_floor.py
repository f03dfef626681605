"""The floor of Community Notes: what rater, author and classification say by themselves."""

import numpy as np
from jaxtyping import Float, Int64, UInt8

from phoenix.public_data.community_notes_data import MISLEADING, TAGS, Ratings

PUBLISHED_FLOORS = {
    "agree": 0.670,
    "disagree": 0.638,
    "helpful": 0.704,
    "notHelpful": 0.701,
    "helpfulClear": 0.713,
    "notHelpfulSourcesMissingOrUnreliable": 0.684,
}
"""AUC of the floor as the data set's README states it."""

# Ratings at the mean rate that every rater, author and class is given to begin with.
_PRIOR_RATINGS = 6.0
_RATE_MIN = 1e-6


def _log_odds(
    keys: Int64[np.ndarray, " n"], labels: UInt8[np.ndarray, " t"]
) -> Float[np.ndarray, " n-t"]:
    """Log-odds of a label by key, counted on the first rows, for the rows behind them."""
    _, key = np.unique(keys, return_inverse=True)
    seen, rest = key[: len(labels)], key[len(labels) :]
    count = np.bincount(seen, minlength=key.max() + 1)
    positive = np.bincount(seen, weights=labels, minlength=key.max() + 1)
    # A tag that nobody gave, or everybody, has finite odds too.
    mean = np.clip(labels.mean(), _RATE_MIN, 1.0 - _RATE_MIN)
    rate = (positive + _PRIOR_RATINGS * mean) / (count + _PRIOR_RATINGS)
    return np.log(rate / (1.0 - rate))[rest]


def floor_scores(ratings: Ratings, tag: str) -> Float[np.ndarray, " test"]:
    """Smoothed log-odds of rater + author + class for the test ratings."""
    labels = ratings.tags[: ratings.training_count, TAGS.index(tag)]
    misleading = (ratings.surfaces & MISLEADING).astype(np.int64)
    keys = (ratings.rater_ids, ratings.author_ids, misleading)
    return np.sum([_log_odds(key, labels) for key in keys], axis=0)
