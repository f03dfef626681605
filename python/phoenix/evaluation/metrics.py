"""Ranking metrics on arrays."""

import numpy as np
from jaxtyping import Bool, Float, Int


def ndcg(scores: Float[np.ndarray, " n"], gains: Float[np.ndarray, " n"], k: int) -> float:
    """Discounted gain of the k best by score over that of the k best by gain; in [0, 1].

    Equal scores keep their order. 1.0 when no gain is positive: no order is better than another.
    """
    count = min(k, len(gains))
    discount = 1.0 / np.log2(np.arange(count) + 2.0)
    best = np.sort(gains)[::-1][:count] @ discount
    if best <= 0:
        return 1.0
    order = np.argsort(-scores, kind="stable")[:count]
    return float(gains[order] @ discount / best)


def ranks(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Rank of each value, 0 = smallest; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2.0)[inverse]


def spearman(left: Float[np.ndarray, " n"], right: Float[np.ndarray, " n"]) -> float:
    """Rank correlation in [-1, 1]; 0 when one side is constant."""
    first, second = ranks(left), ranks(right)
    first, second = first - first.mean(), second - second.mean()
    scale = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / scale) if scale > 0 else 0.0


def recall(scores: Float[np.ndarray, " n"], wanted: Int[np.ndarray, " w"], k: int) -> float:
    """Share of the wanted positions among the k best by score."""
    best = np.argsort(-scores, kind="stable")[:k]
    return float(np.isin(wanted, best).mean()) if len(wanted) else 1.0


def auc(scores: Float[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]) -> float:
    """Chance that a positive scores above a negative, a tie counting half. NaN without both.

    The Mann-Whitney statistic from mean ranks, so that ties need no care. O(n log n).
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    rank_sum = float(ranks(scores)[positive].sum())
    return (rank_sum - positives * (positives - 1) / 2.0) / (positives * negatives)


PROBABILITY_MIN = 1e-7
"""Probabilities are cut to [this, 1 - this] before a logarithm is taken."""


def log_losses(
    probabilities: Float[np.ndarray, "*n"], outcomes: Bool[np.ndarray, "*n"]
) -> Float[np.ndarray, "*n"]:
    """Each prediction's -log of the probability that it gave to what happened, in nats."""
    cut = np.clip(probabilities.astype(np.float64), PROBABILITY_MIN, 1.0 - PROBABILITY_MIN)
    return -np.log(np.where(outcomes, cut, 1.0 - cut))


def ndcg_of_rank(rank: Int[np.ndarray, " n"], k: int) -> Float[np.ndarray, " n"]:
    """NDCG@k with one relevant item at a 0-based rank: 1 / log2(rank + 2), 0 behind the k-th."""
    return np.where(rank < k, 1.0 / np.log2(rank + 2.0), 0.0)
