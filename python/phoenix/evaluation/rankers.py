"""The orders that are compared: the model, the oracles, and simple rules."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from phoenix.bundle import History
from phoenix.data.oracle import TrueValues, feature_oracle_values, true_values
from phoenix.data.posts import HOUR_MS
from phoenix.evaluation.demo_pools import DemoDay, Pool
from phoenix.evaluation.weighted_value import weighted_value
from phoenix.inference import InferenceEngine

HALF_LIFE_HOURS = 6.0

Ranker: TypeAlias = Callable[[DemoDay, Pool], Float[np.ndarray, " n"]]
"""Values of a pool's candidates before diversity and network factors; never negative."""


def _value_of(truth: TrueValues) -> Float[np.ndarray, " n"]:
    return weighted_value(truth.probabilities, truth.dwell_seconds)


def oracle_values(day: DemoDay, pool: Pool) -> Float[np.ndarray, " n"]:
    """The true expected weighted value of every candidate."""
    viewers = np.full(len(pool.places), pool.viewer_id)
    return _value_of(true_values(day.oracle, viewers, pool.candidates.post_ids, day.now_ms))


def feature_oracle(day: DemoDay, pool: Pool) -> Float[np.ndarray, " n"]:
    """The true value averaged over what ids cannot tell of a new post."""
    candidates = pool.candidates
    truth = feature_oracle_values(
        day.oracle,
        np.full(len(pool.places), pool.viewer_id),
        candidates.author_ids,
        candidates.created_at_ms,
        day.now_ms,
    )
    return _value_of(truth)


def recency(day: DemoDay, pool: Pool) -> Float[np.ndarray, " n"]:
    """0.5^(age / 6 hours): newest first but for the factors behind it."""
    age_hours = (day.now_ms - pool.candidates.created_at_ms) / HOUR_MS
    return 0.5 ** (age_hours / HALF_LIFE_HOURS)


def popularity(day: DemoDay, pool: Pool) -> Float[np.ndarray, " n"]:
    """Likes + 2 replies + 2 reposts so far; the newer of equals first."""
    return day.counts[pool.places] + 1e-3 * recency(day, pool)


def _fallback_with(
    day: DemoDay, pool: Pool, affinity: Float[np.ndarray, " people"]
) -> Float[np.ndarray, " n"]:
    author = day.world.posts.author[pool.places]
    return recency(day, pool) * affinity[author] * (1.0 + np.log1p(day.counts[pool.places]))


def fallback(day: DemoDay, pool: Pool) -> Float[np.ndarray, " n"]:
    """The gateway's rule while the ranking service is away (decisions.md)."""
    return _fallback_with(day, pool, 1.0 + np.log1p(day.actions_with(pool.viewer_id)))


def unknown_viewer_fallback(day: DemoDay, pool: Pool) -> Float[np.ndarray, " n"]:
    """The same rule for somebody who has not done anything yet."""
    return _fallback_with(day, pool, np.ones(len(day.world.people)))


def _own_id(viewer_id: int) -> int:
    return viewer_id


def model_values(
    engine: InferenceEngine,
    *,
    id_of: Callable[[int], int] = _own_id,
    history_of: Callable[[DemoDay, int], History] | None = None,
) -> Ranker:
    """The ranking model through the engine that the services call.

    Args:
      engine: Holds a ranker.
      id_of: The id that the model is told, by the viewer's.
      history_of: The history that it is told; default: what the viewer had done.
    """

    def own_history(day: DemoDay, viewer_id: int) -> History:
        return day.history(viewer_id, engine.config.history_length)

    told = own_history if history_of is None else history_of

    def values(day: DemoDay, pool: Pool) -> Float[np.ndarray, " n"]:
        probabilities, dwell = engine.rank(
            user_id=id_of(pool.viewer_id),
            history=told(day, pool.viewer_id),
            candidates=pool.candidates,
            request_time_ms=day.now_ms,
        )
        seconds = np.zeros(len(probabilities)) if dwell is None else dwell
        return weighted_value(np.nan_to_num(probabilities).astype(np.float64), seconds)

    return values


def model_ranker(engine: InferenceEngine) -> Ranker:
    """The model, told the viewer's own id and history."""
    return model_values(engine)
