"""Fits the ranker's heads to its trunk: one logistic regression an action.

The trunk starts as the factorisation (start_from_factors.py), so its outputs say most of what
there is to say before any training, and the best heads for them are found in seconds by Newton's
method. The same is done once more behind training: heads that fit exactly are calibrated, which
those that a stochastic optimiser leaves are not.

A rare action tells its own direction from noise badly, and the weights of the feed make most of
just the rare ones. So each action is first fitted as a line over one direction that all share,
the mean of those of the frequent positive actions, and then is let go from there by a ridge.
Whether the slope is another above the mean than below it, only actions that happen often can tell:
the others keep a straight line, whose error at the top of a feed is less than such a guess's.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64

from phoenix.config import CONTINUOUS_DWELL, DWELL_SECONDS_MAX, ModelConfig
from phoenix.training.batches import BatchArrays, TouchedRows
from phoenix.training.optimiser import TableRows, Weights
from phoenix.training.ranker_loss import outputs_of
from phoenix.training.start_from_factors import (
    BEND,
    CANDIDATE_MARK,
    HABIT_PLACES,
    NEGATIVE_FROM,
    PRODUCT,
)

FREQUENT_RATE = 0.01
"""An action that follows one impression in a hundred is frequent."""

BEND_RATE = 0.02
"""How often an action must follow for its head to read the bend."""

_ROUNDS_MAX = 10
_HALVINGS_MAX = 6
_CONVERGED = 1e-6
_RIDGE, _RIDGE_TO_SHARED = 3.0, 100.0
_RATE_MIN = 2e-5
_TINY = 1e-9


@dataclass(frozen=True)
class HeadSample:
    """Normed outputs of the trunk for impressions, and what became of these."""

    outputs: Float64[np.ndarray, "n d"]
    outcomes: Float64[np.ndarray, "n 18"]
    dwell_seconds: Float64[np.ndarray, " n"]


def logistic_regression(
    features: Float64[np.ndarray, "n d"],
    target: Float64[np.ndarray, " n"],
    *,
    start: Float64[np.ndarray, " d"],
    ridge: Float64[np.ndarray, " d"],
) -> Float64[np.ndarray, " d"]:
    """Weights of least cross-entropy + ridge / 2 x (distance from the start)^2; targets 0 .. 1.

    Newton's method; a step that raises the loss is halved.
    """

    def loss_of(weight: np.ndarray) -> float:
        logits = features @ weight
        pull = ridge @ np.square(weight - start)
        return float(np.logaddexp(0.0, logits).sum() - target @ logits + 0.5 * pull)

    weight, loss = start, loss_of(start)
    for _ in range(_ROUNDS_MAX):
        chance = 1.0 / (1.0 + np.exp(-(features @ weight)))
        gradient = features.T @ (chance - target) + ridge * (weight - start)
        curvature = (features * (chance * (1.0 - chance))[:, None]).T @ features
        step = np.linalg.solve(curvature + np.diag(ridge + _TINY), gradient)
        before = loss
        for halving in range(_HALVINGS_MAX):
            tried = weight - step * 0.5**halving
            after = loss_of(tried)
            if after <= loss:
                weight, loss = tried, after
                break
        if before - loss <= _CONVERGED * abs(before):
            break
    return weight


def _constant_head(sample: HeadSample, rate: float) -> Float64[np.ndarray, " d"]:
    """A head that says the rate of everything: the mark is nearly constant."""
    head = np.zeros(sample.outputs.shape[1])
    head[CANDIDATE_MARK] = np.log(rate / (1.0 - rate)) / sample.outputs[:, CANDIDATE_MARK].mean()
    return head


def _ridge(width: int, strength: float) -> Float64[np.ndarray, " d"]:
    ridge = np.full(width, strength)
    ridge[CANDIDATE_MARK] = 0.0
    return ridge


def action_heads(sample: HeadSample) -> Float64[np.ndarray, "d 18"]:
    """The heads of all actions; only those of BEND_RATE or more read the bend."""
    bent, width = sample.outputs, sample.outputs.shape[1]
    x = bent.copy()
    x[:, BEND] = 0.0
    rates = sample.outcomes.mean(axis=0).clip(_RATE_MIN, 1.0 - _RATE_MIN)
    frequent = np.flatnonzero(rates[:NEGATIVE_FROM] >= FREQUENT_RATE)
    if not len(frequent):
        frequent = np.array([int(np.argmax(rates[:NEGATIVE_FROM]))])
    own = [
        logistic_regression(
            x,
            sample.outcomes[:, action],
            start=_constant_head(sample, rates[action]),
            ridge=_ridge(width, _RIDGE),
        )
        for action in frequent
    ]
    shared = np.mean(own, axis=0)
    # The rate is each action's own, and so is what a habit does to it.
    shared[[CANDIDATE_MARK, *HABIT_PLACES]] = 0.0
    line = np.stack([x[:, CANDIDATE_MARK], x @ shared], axis=1)
    heads = np.zeros((width, len(rates)))
    for action, rate in enumerate(rates):
        constant = _constant_head(sample, rate)
        mark, slope = logistic_regression(
            line,
            sample.outcomes[:, action],
            start=np.array([constant[CANDIDATE_MARK], 0.0]),
            ridge=np.array([0.0, 1.0]),
        )
        start = slope * shared
        start[CANDIDATE_MARK] = mark
        ridge, bends = _ridge(width, _RIDGE_TO_SHARED), rate >= BEND_RATE
        if bends:
            # The slope below the bend is another than the straight line's.
            ridge[[PRODUCT, BEND]] = _RIDGE
        heads[:, action] = logistic_regression(
            bent if bends else x, sample.outcomes[:, action], start=start, ridge=ridge
        )
    return heads


def dwell_head(sample: HeadSample) -> Float64[np.ndarray, " d"] | None:
    """The head of dwell as a share of 30 s; None where no dwell is known (0 = not known)."""
    known = sample.dwell_seconds > 0
    if not known.any():
        return None
    share = sample.dwell_seconds[known].clip(0.0, DWELL_SECONDS_MAX) / DWELL_SECONDS_MAX
    rate = float(share.mean().clip(_RATE_MIN, 1.0 - _RATE_MIN))
    return logistic_regression(
        sample.outputs[known],
        share,
        start=_constant_head(sample, rate),
        ridge=_ridge(sample.outputs.shape[1], _RIDGE),
    )


def _sample_of(
    parameters: dict[str, np.ndarray],
    config: ModelConfig,
    tables: dict[str, np.ndarray],
    batches: Iterable[tuple[TouchedRows, BatchArrays]],
) -> HeadSample:
    # With these heads the logits are the normed outputs themselves.
    identity = np.eye(config.embedding_size, dtype=np.float32)
    bare = {**parameters, "phoenix_model/unembeddings": identity}

    @jax.jit
    def outputs(weights: Weights, rows: TableRows, batch: BatchArrays) -> jax.Array:
        return jnp.asarray(outputs_of(weights, config, rows=rows, batch=batch).logits)

    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for touched, batch in batches:
        rows = {name: tables[name][places] for name, places in touched.items()}
        valid = np.asarray(batch.valid)
        found = np.asarray(outputs(bare, rows, batch))[valid]
        parts.append((found, np.asarray(batch.outcomes)[valid], np.asarray(batch.dwell)[valid]))
    columns = [np.concatenate(column).astype(np.float64) for column in zip(*parts, strict=True)]
    return HeadSample(*columns)


def fit_heads(
    parameters: dict[str, np.ndarray],
    config: ModelConfig,
    *,
    tables: dict[str, np.ndarray],
    batches: Iterable[tuple[TouchedRows, BatchArrays]],
) -> dict[str, np.ndarray]:
    """The parameters with the heads that fit the impressions of the batches best."""
    sample = _sample_of(parameters, config, tables, batches)
    continuous = parameters["phoenix_model/continuous_unembeddings"].copy()
    dwell = dwell_head(sample)
    if dwell is not None:
        continuous[:, CONTINUOUS_DWELL] = dwell
    return {
        **parameters,
        "phoenix_model/unembeddings": action_heads(sample).astype(np.float32),
        "phoenix_model/continuous_unembeddings": continuous,
    }
