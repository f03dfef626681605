"""NDCG@20 of whole feeds under the true tastes, for the model and for everything beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from phoenix.evaluation.demo_pools import DemoDay, Pool
from phoenix.evaluation.metrics import ndcg
from phoenix.evaluation.rankers import (
    Ranker,
    fallback,
    feature_oracle,
    oracle_values,
    popularity,
    recency,
)
from phoenix.evaluation.weighted_value import final_scores

TOP = 20


@dataclass(frozen=True)
class FeedOptions:
    """viewers: how many are drawn. pool_size: candidates a viewer at most; None = everything."""

    viewers: int = 500
    pool_size: int | None = None
    seed: int = 11


@dataclass(frozen=True)
class FeedRow:
    """One ranker: mean NDCG@20 over viewers, its standard error, and by slice of the pool."""

    ranker: str
    ndcg: float
    standard_error: float
    in_network: float
    out_of_network: float


BASELINES: Mapping[str, Ranker] = {
    "recency": recency,
    "popularity": popularity,
    "fallback": fallback,
}
ORACLES: Mapping[str, Ranker] = {"oracle": oracle_values, "feature oracle": feature_oracle}


def _sliced(
    scores: Float[np.ndarray, " n"], gains: Float[np.ndarray, " n"], kept: np.ndarray
) -> float:
    """NDCG among some candidates only; NaN for fewer than TOP of them."""
    return ndcg(scores[kept], gains[kept], TOP) if kept.sum() >= TOP else float("nan")


def _feed_ndcg(
    day: DemoDay, pool: Pool, gains: Float[np.ndarray, " n"], ranker: Ranker
) -> tuple[float, float, float]:
    """Of the whole pool, of its in-network part and of the rest."""
    scores = final_scores(ranker(day, pool), pool.candidates.author_ids, pool.shrunk)
    if not np.isfinite(scores).all():
        raise FloatingPointError(f"viewer {pool.viewer_id}: scores that are not finite")
    return (
        ndcg(scores, gains, TOP),
        _sliced(scores, gains, pool.in_network),
        _sliced(scores, gains, ~pool.in_network),
    )


def feed_values(
    day: DemoDay,
    rankers: Mapping[str, Ranker],
    options: FeedOptions,
    *,
    on_viewer: Callable[[int], None] = lambda done: None,
) -> dict[str, Float[np.ndarray, "v 3"]]:
    """NDCG@20 by ranker and viewer: of the whole pool, its in-network part, and the rest.

    Every ranker sees the same pools. Gain: true value minus the pool's smallest. About a second
    a viewer with everything in the pool; `on_viewer` is told how many are done.

    Raises:
      FloatingPointError: A ranker gave NaN or infinity.
    """
    results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in rankers}
    viewer_ids = day.viewers(options.viewers, options.seed).tolist()
    for done, viewer_id in enumerate(viewer_ids, start=1):
        pool = day.pool(viewer_id, options.pool_size, options.seed)
        truth = oracle_values(day, pool)
        gains = truth - truth.min()
        for name, ranker in rankers.items():
            results[name].append(_feed_ndcg(day, pool, gains, ranker))
        on_viewer(done)
    return {name: np.array(values) for name, values in results.items()}


def evaluate_feed(
    day: DemoDay,
    rankers: Mapping[str, Ranker],
    options: FeedOptions,
    *,
    on_viewer: Callable[[int], None] = lambda done: None,
) -> list[FeedRow]:
    """`feed_values` as means over the viewers, a row a ranker."""
    values = feed_values(day, rankers, options, on_viewer=on_viewer)
    return [_row(name, of_viewers) for name, of_viewers in values.items()]


def _row(name: str, values: Float[np.ndarray, "v 3"]) -> FeedRow:
    error = values[:, 0].std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    slices = [
        float(np.nanmean(column)) if np.isfinite(column).any() else float("nan")
        for column in values[:, 1:].T
    ]
    return FeedRow(name, float(values[:, 0].mean()), float(error), slices[0], slices[1])


@dataclass(frozen=True)
class FeedVerdict:
    """The two required ratios: of the feature oracle, and over the better simple rule."""

    of_feature_oracle: float
    over_baseline: float

    @property
    def holds(self) -> bool:
        """At least 85 % of the feature oracle, at least 1.2 x recency and popularity."""
        return self.of_feature_oracle >= 0.85 and self.over_baseline >= 1.2


def feed_verdict(rows: Sequence[FeedRow], ranker: str = "model") -> FeedVerdict:
    """The ratios of a table that holds the model, the feature oracle, recency and popularity."""
    by_name = {row.ranker: row.ndcg for row in rows}
    better = max(by_name["recency"], by_name["popularity"])
    return FeedVerdict(by_name[ranker] / by_name["feature oracle"], by_name[ranker] / better)
