"""Ranking metrics on arrays."""

import numpy as np
from jaxtyping import Float, Int


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
