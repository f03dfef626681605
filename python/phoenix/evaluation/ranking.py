"""Quality of the ranker's probabilities on logged impressions after its data's end."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from phoenix.evaluation.calibration import Calibration, calibration
from phoenix.evaluation.impressions import LoggedRequests, Predictions
from phoenix.evaluation.intervals import (
    AucReplicates,
    Interval,
    bootstrap_weights,
    percentile_interval,
)
from phoenix.evaluation.metrics import auc, log_losses, ndcg
from phoenix.evaluation.weighted_value import ACTION_WEIGHTS, DWELL_WEIGHT, weighted_value
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT

ACTION_NAMES = tuple(action.name for action in ACTIONS[:DISCRETE_COUNT])
DWELL_SECONDS_MAX = 30.0
NDCG_TOP = 10
OUTCOMES_MIN = 20
"""An AUC needs as many positives, and as many negatives; else it is not given (NaN)."""


@dataclass(frozen=True)
class ActionRow:
    """One action over all impressions. Rivals by name: constant, counts, truth (demo world).

    auc: with its 95 % interval over viewers. auc_of, log_loss_of: of model and rivals.
    """

    action: str
    positives: int
    auc: Interval
    auc_of: Mapping[str, float]
    log_loss_of: Mapping[str, float]
    calibration: Calibration


@dataclass(frozen=True)
class SliceRow:
    """One slice. auc, auc_counts: by action; NaN below OUTCOMES_MIN.

    log_loss, log_loss_counts: sums over the actions. ndcg: of the weighted value within a
    request, gain = what the viewer did, weighted, at least 0.
    """

    name: str
    impressions: int
    auc: Mapping[str, float]
    auc_counts: Mapping[str, float]
    log_loss: float
    log_loss_counts: float
    ndcg: float
    ndcg_counts: float


def heads_of(predictions: Predictions) -> list[int]:
    """Actions that the model predicts."""
    return np.flatnonzero(~np.isnan(predictions.probabilities).any(axis=0)).tolist()


def guarded_auc(scores: Float[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]) -> float:
    """AUC, or NaN where there are too few of either outcome."""
    positives = int(positive.sum())
    if min(positives, len(positive) - positives) < OUTCOMES_MIN:
        return float("nan")
    return auc(scores, positive)


def action_rows(
    requests: LoggedRequests,
    model: Predictions,
    *,
    rivals: Mapping[str, Float[np.ndarray, "n 18"]],
    replicates: int,
) -> list[ActionRow]:
    """A row for each head of the model. Intervals by a bootstrap over viewers."""
    _, cluster = np.unique(requests.impression_viewer, return_inverse=True)
    weights = bootstrap_weights(int(cluster.max()) + 1, replicates, seed=1)
    rows = []
    for action in heads_of(model):
        happened = requests.outcomes[:, action] > 0
        columns = {"model": model.probabilities[:, action]}
        columns |= {name: values[:, action] for name, values in rivals.items()}
        value = guarded_auc(columns["model"], happened)
        again = np.full(0, np.nan)
        if np.isfinite(value):
            again = AucReplicates(columns["model"], happened, cluster).all(weights)
        rows.append(
            ActionRow(
                action=ACTION_NAMES[action],
                positives=int(happened.sum()),
                auc=percentile_interval(value, again),
                auc_of={name: guarded_auc(each, happened) for name, each in columns.items()},
                log_loss_of={
                    name: float(log_losses(each, happened).mean()) for name, each in columns.items()
                },
                calibration=calibration(columns["model"], happened, seed=action),
            )
        )
    return rows


def realised_gains(requests: LoggedRequests) -> Float[np.ndarray, " n"]:
    """What each viewer did, weighted as the feed weighs it; disliked posts gain 0."""
    seconds = np.minimum(requests.dwell_seconds, DWELL_SECONDS_MAX)
    return np.maximum(requests.outcomes @ ACTION_WEIGHTS + DWELL_WEIGHT * seconds, 0.0)


def value_of(predictions: Predictions) -> Float[np.ndarray, " n"]:
    """The weighted value; a head that the model lacks counts 0."""
    return weighted_value(np.nan_to_num(predictions.probabilities), predictions.dwell_seconds)


def request_ndcg(
    scores: Float[np.ndarray, " n"],
    gains: Float[np.ndarray, " n"],
    *,
    request: Int[np.ndarray, " n"],
    kept: Bool[np.ndarray, " n"],
) -> Float[np.ndarray, " r"]:
    """NDCG@10 of each request's kept impressions; requests without a choice are left out.

    No choice: fewer than two impressions, or no gain among them.
    """
    rows = np.flatnonzero(kept)
    starts = np.flatnonzero(np.diff(request[rows], prepend=-1))
    parts = np.split(rows, starts[1:]) if len(rows) else []
    values = [
        ndcg(scores[part], gains[part], NDCG_TOP)
        for part in parts
        if len(part) > 1 and gains[part].max() > 0
    ]
    return np.array(values, np.float64)


def mean_or_nan(values: Float[np.ndarray, " n"]) -> float:
    """The mean; NaN of nothing."""
    return float(values.mean()) if len(values) else float("nan")


def slice_row(
    name: str,
    requests: LoggedRequests,
    kept: Bool[np.ndarray, " n"],
    *,
    model: Predictions,
    counts: Float[np.ndarray, "n 18"],
) -> SliceRow:
    """One slice, measured as `action_rows` measures everything."""
    heads = heads_of(model)
    happened = requests.outcomes[kept] > 0
    gains = realised_gains(requests)
    rival = Predictions(counts, np.zeros(len(gains)))

    def aucs(values: np.ndarray) -> dict[str, float]:
        return {ACTION_NAMES[a]: guarded_auc(values[kept, a], happened[:, a]) for a in heads}

    def loss(values: np.ndarray) -> float:
        each = log_losses(values[kept][:, heads], happened[:, heads]).sum(axis=1)
        return mean_or_nan(each)

    return SliceRow(
        name=name,
        impressions=int(kept.sum()),
        auc=aucs(model.probabilities),
        auc_counts=aucs(counts),
        log_loss=loss(model.probabilities),
        log_loss_counts=loss(counts),
        ndcg=mean_or_nan(request_ndcg(value_of(model), gains, request=requests.request, kept=kept)),
        ndcg_counts=mean_or_nan(
            request_ndcg(value_of(rival), gains, request=requests.request, kept=kept)
        ),
    )
