"""Area under the ROC curve, and how sure it is."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64, UInt8

from phoenix.evaluation.metrics import ranks

_RESAMPLES = 1_000
_LOWER, _UPPER = 2.5, 97.5


@dataclass(frozen=True)
class AreaInterval:
    """An AUC with its 95 % interval over resampled rows.

    lower_by_rater: the lower bound when whole raters are resampled, whose ratings are alike.
    """

    area: float
    lower: float
    upper: float
    lower_by_rater: float


def area_under_curve(labels: UInt8[np.ndarray, " n"], scores: Float[np.ndarray, " n"]) -> float:
    """The share of (positive, negative) pairs in the right order, ties half; NaN without a pair."""
    positive = int(labels.sum())
    negative = len(labels) - positive
    if positive == 0 or negative == 0:
        return float("nan")
    total = ranks(scores)[labels == 1].sum()
    return float((total - positive * (positive - 1) / 2) / (positive * negative))


def _areas(
    labels: UInt8[np.ndarray, " n"],
    scores: Float[np.ndarray, " n"],
    samples: list[Int64[np.ndarray, " _"]],
) -> Float[np.ndarray, " r"]:
    return np.array([area_under_curve(labels[rows], scores[rows]) for rows in samples])


def bootstrap_area(
    labels: UInt8[np.ndarray, " n"],
    scores: Float[np.ndarray, " n"],
    raters: Int64[np.ndarray, " n"],
    *,
    seed: int = 1,
) -> AreaInterval:
    """The AUC of the rows, with percentile intervals over 1,000 resamples.

    A resample whose labels are all the same has no AUC and does not count; when all the labels
    are, everything is NaN.
    """
    if labels.min() == labels.max():
        return AreaInterval(*[float("nan")] * 4)
    random = np.random.default_rng(seed)
    count = len(labels)
    rows = [random.integers(0, count, count) for _ in range(_RESAMPLES)]
    _, rater = np.unique(raters, return_inverse=True)
    of_rater = [np.flatnonzero(rater == number) for number in range(rater.max() + 1)]
    chosen = [random.integers(0, len(of_rater), len(of_rater)) for _ in range(_RESAMPLES)]
    clusters = [np.concatenate([of_rater[number] for number in each]) for each in chosen]
    by_row = _areas(labels, scores, rows)
    return AreaInterval(
        area=area_under_curve(labels, scores),
        lower=float(np.nanpercentile(by_row, _LOWER)),
        upper=float(np.nanpercentile(by_row, _UPPER)),
        lower_by_rater=float(np.nanpercentile(_areas(labels, scores, clusters), _LOWER)),
    )
