"""The plain rival of the ranker: a logistic regression on counts.

Features of an impression, for each action by itself: the smoothed rates of that action for its
viewer, its author and its post, as log odds, counted over everything that was shown before the
request began. So it learns live, as counters in a feature store do, while the model is frozen.
An action counts from its impression on: where actions come hours later, that favours the rival.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from phoenix.evaluation.impressions import EvaluationError
from phoenix.training.viewer_sequences import ViewerSequences

SMOOTHING = {"viewer": 20.0, "author": 20.0, "post": 5.0}
"""Impressions at the action's overall rate that every entity is given to start with. A guess."""

_ROUNDS_MAX = 25
_RIDGE = 1e-3
_RATE_MIN = 1e-6


class _RunningCounts:
    """Impressions and actions of each entity before a moment, for some rows of a log.

    Built once, for all actions.
    """

    def __init__(
        self, entity: np.ndarray, at_ms: np.ndarray, *, before_ms: np.ndarray, rows: np.ndarray
    ) -> None:
        _, number = np.unique(entity, return_inverse=True)
        start = int(min(at_ms.min(), before_ms.min()))
        span = int(max(at_ms.max(), before_ms.max())) - start + 1
        key = number.astype(np.int64) * span
        self._order = np.argsort(key + (at_ms - start), kind="stable")
        ordered = (key + (at_ms - start))[self._order]
        self._end = np.searchsorted(ordered, key[rows] + (before_ms[rows] - start))
        self._begin = np.searchsorted(ordered, key[rows])
        self.shown = self._end - self._begin

    def actions(self, outcomes: np.ndarray) -> Int64[np.ndarray, " n"]:
        total = np.concatenate([[0], np.cumsum(outcomes[self._order], dtype=np.int64)])
        return total[self._end] - total[self._begin]


@dataclass(frozen=True)
class RegressionOptions:
    """train_from_ms .. train_until_ms: impressions that it is fitted to (the checkpoint's data).

    rows_max: drawn from them with a seed.
    """

    train_from_ms: int
    train_until_ms: int
    rows_max: int = 200_000
    seed: int = 5


def fit_logistic(
    features: Float[np.ndarray, "n k"], outcomes: Bool[np.ndarray, " n"]
) -> Float[np.ndarray, " k"]:
    """Weights of a logistic regression, by Newton's method with a small ridge."""
    weights = np.zeros(features.shape[1])
    for _ in range(_ROUNDS_MAX):
        predicted = _sigmoid(features @ weights)
        slope = features.T @ (outcomes - predicted) - _RIDGE * weights
        curve = (features * (predicted * (1.0 - predicted))[:, None]).T @ features
        step = np.linalg.solve(curve + _RIDGE * np.eye(len(weights)), slope)
        # Far from the optimum a full step can overshoot.
        weights += step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-7:
            break
    return weights


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))


def _log_odds(rate: np.ndarray) -> np.ndarray:
    cut = np.clip(rate, _RATE_MIN, 1.0 - _RATE_MIN)
    return np.log(cut / (1.0 - cut))


@dataclass(frozen=True)
class CountsPrediction:
    """By wanted impression; and the rates that the constant predicts, of the training range."""

    probabilities: Float[np.ndarray, "n 18"]
    constant: Float[np.ndarray, " 18"]


def predict_from_counts(
    sequences: ViewerSequences, options: RegressionOptions, wanted: Int64[np.ndarray, " m"]
) -> CountsPrediction:
    """Fits on the training range and predicts the wanted impressions (places in `sequences`).

    Raises:
      EvaluationError: No impression lies in the training range.
    """
    shown = sequences.impressions
    viewer = np.repeat(np.arange(len(sequences.viewer_ids)), np.diff(shown.offsets))
    entities = {"viewer": viewer, "author": shown.author_ids, "post": shown.post_ids}
    inside = (shown.at_ms >= options.train_from_ms) & (shown.at_ms < options.train_until_ms)
    known = np.flatnonzero(inside)
    if len(known) == 0:
        raise EvaluationError(
            "the log has no impression of the checkpoint's data range, to which the regression on "
            "counts could be fitted"
        )
    # The first half of the range only fills the counters.
    middle = (options.train_from_ms + options.train_until_ms) // 2
    fitted = known[shown.at_ms[known] >= middle]
    fitted = fitted if len(fitted) else known
    random = np.random.default_rng(options.seed)
    fitted = np.sort(random.permutation(fitted)[: options.rows_max])
    rows = np.concatenate([fitted, wanted])
    running = {
        name: _RunningCounts(entity, shown.at_ms, before_ms=shown.request_ms, rows=rows)
        for name, entity in entities.items()
    }
    actions = shown.outcomes.shape[1]
    predicted, constant = np.empty((len(wanted), actions)), np.empty(actions)
    for action in range(actions):
        outcomes = shown.outcomes[:, action]
        rate = float(outcomes[known].mean())
        constant[action] = rate
        columns = [np.ones(len(rows))]
        for name, counts in running.items():
            given = SMOOTHING[name]
            smooth = (counts.actions(outcomes) + given * rate) / (counts.shown + given)
            columns.append(_log_odds(smooth) - _log_odds(np.full(1, rate)))
        features = np.stack(columns, axis=1)
        weights = fit_logistic(features[: len(fitted)], outcomes[fitted] > 0)
        predicted[:, action] = _sigmoid(features[len(fitted) :] @ weights)
    return CountsPrediction(predicted, constant)
