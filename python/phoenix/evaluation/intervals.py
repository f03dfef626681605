"""Confidence intervals when impressions come in clusters: a viewer's impressions are alike.

The bootstrap draws whole viewers, with replacement, as counts: replicate r takes viewer v
weights[r, v] times. A statistic of weighted impressions then needs no copying.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

Z_95 = 1.959964
"""Half-width of a 95 % interval in standard errors."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def holds(self, truth: float) -> bool:
        """Whether the interval covers a value."""
        return self.low <= truth <= self.high


def bootstrap_weights(
    clusters: int, replicates: int, seed: int
) -> Int[np.ndarray, "replicates clusters"]:
    """How often each replicate takes each cluster; rows sum to the number of clusters."""
    random = np.random.default_rng(seed)
    return random.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=replicates)


def percentile_interval(value: float, replicates: Float[np.ndarray, " r"]) -> Interval:
    """The middle 95 % of the replicates; NaN where none is finite."""
    finite = replicates[np.isfinite(replicates)]
    if len(finite) == 0:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(finite, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def bootstrap_mean(
    values: Float[np.ndarray, " n"],
    cluster: Int[np.ndarray, " n"],
    weights: Int[np.ndarray, "replicates clusters"],
) -> Interval:
    """Mean of the values, with an interval over clusters. O(n + replicates x clusters)."""
    size = weights.shape[1]
    sums = np.bincount(cluster, weights=values, minlength=size)
    counts = np.bincount(cluster, minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        replicates = (weights @ sums) / (weights @ counts)
    return percentile_interval(float(values.mean()) if len(values) else float("nan"), replicates)


class AucReplicates:
    """AUC of one score under many weightings of the clusters: sorted once, then O(n) each."""

    def __init__(
        self,
        scores: Float[np.ndarray, " n"],
        positive: Bool[np.ndarray, " n"],
        cluster: Int[np.ndarray, " n"],
    ) -> None:
        """Sorts. O(n log n)."""
        order = np.argsort(scores, kind="stable")
        ordered = scores[order]
        self._starts = np.flatnonzero(np.diff(ordered, prepend=-np.inf) != 0)
        self._positive = positive[order]
        self._cluster = cluster[order]

    def auc(self, weights: Int[np.ndarray, " clusters"]) -> float:
        """AUC of the weighted impressions; NaN without both outcomes."""
        if len(self._starts) == 0:
            return float("nan")
        weight = weights[self._cluster].astype(np.float64)
        positives = np.add.reduceat(np.where(self._positive, weight, 0.0), self._starts)
        negatives = np.add.reduceat(np.where(self._positive, 0.0, weight), self._starts)
        pairs = positives.sum() * negatives.sum()
        if pairs == 0:
            return float("nan")
        below = np.cumsum(negatives) - negatives
        return float(positives @ (below + negatives / 2.0) / pairs)

    def all(self, weights: Int[np.ndarray, "replicates clusters"]) -> Float[np.ndarray, " r"]:
        """AUC of every replicate."""
        return np.array([self.auc(row) for row in weights])


def clustered_error(
    influence: Float[np.ndarray, " n"], cluster: Int[np.ndarray, " n"], total: float
) -> float:
    """Standard error of sum(influence) / total, where influences of one cluster go together.

    Influences are deviations of the estimate's terms from their mean (they sum to about 0).
    """
    _, number = np.unique(cluster, return_inverse=True)
    sums = np.bincount(number, weights=influence)
    clusters = len(sums)
    if clusters < 2:
        return float("nan")
    return float(np.sqrt(sums @ sums * clusters / (clusters - 1.0)) / total)
