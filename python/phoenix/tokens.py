"""Tokens of a row: user, history and candidates, with their positions and mask."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from phoenix.array_types import (
    Activations,
    AgeBuckets,
    CandidateActivations,
    CandidateAuthorRows,
    CandidatePositions,
    CandidatePostRows,
    CandidateScale,
    CandidateSurfaces,
    CandidateValid,
    DwellSeconds,
    HistoryActions,
    HistoryAuthorRows,
    HistoryPostRows,
    HistoryScale,
    HistorySurfaces,
    HistoryValid,
    Numeric,
    Parameters,
    PrefixMask,
    PrefixPositions,
    PrefixValid,
    UserActivations,
    UserRows,
)
from phoenix.config import DWELL_SECONDS_MAX, ModelConfig

# First part of the names of a model's own weights.
Scope = Literal["phoenix_model", "phoenix_retrieval_model"]
# A number of the host or of the device.
ScalarIndex = int | Int[Numeric, ""]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class HistoryTokens:
    """What the viewer did, oldest first, embedding rows looked up."""

    post_rows: HistoryPostRows
    author_rows: HistoryAuthorRows
    actions: HistoryActions
    surfaces: HistorySurfaces
    dwell_seconds: DwellSeconds
    # The post id's first hash is not 0.
    valid: HistoryValid
    # 0 takes a post's own rows away (a post that no training saw), 1 keeps them.
    item_scale: HistoryScale


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CandidateTokens:
    """Posts to score, embedding rows looked up."""

    post_rows: CandidatePostRows
    author_rows: CandidateAuthorRows
    surfaces: CandidateSurfaces
    age_buckets: AgeBuckets
    valid: CandidateValid
    item_scale: CandidateScale


def post_age_bucket(
    impression_ms: Int[np.ndarray, "*posts"],
    created_ms: Int[np.ndarray, "*posts"],
    config: ModelConfig,
) -> Int[np.ndarray, "*posts"]:
    """Whole minutes of age // granularity + 1, the oldest in the last; 0 = unknown or negative.

    Times in ms since 1970; a creation of 0 is unknown.
    """
    minutes = (impression_ms - created_ms) // 60_000
    bucket = minutes // config.post_age_granularity_minutes + 1
    bucket = np.clip(bucket, 0, config.post_age_buckets - 1)
    return np.where((created_ms <= 0) | (minutes < 0), 0, bucket).astype(np.int32)


def dwell_to_unit(seconds: Float[Numeric, "*n"], config: ModelConfig) -> Float[Array, "*n"]:
    """Seconds, cut to [0, 30], as the model's unit value in [0, 1]."""
    cut = jnp.clip(seconds, 0.0, DWELL_SECONDS_MAX)
    if config.dwell_log_scale:
        return jnp.log1p(cut) / np.log1p(DWELL_SECONDS_MAX).item()
    return cut / DWELL_SECONDS_MAX


def dwell_from_unit(unit: Float[np.ndarray, "*n"], config: ModelConfig) -> Float[np.ndarray, "*n"]:
    """The inverse of `dwell_to_unit`: seconds in [0, 30]."""
    if config.dwell_log_scale:
        return np.expm1(unit * np.log1p(DWELL_SECONDS_MAX).item())
    return unit * DWELL_SECONDS_MAX


def named_weight(parameters: Parameters, scope: Scope, name: str) -> Array:
    """One of a model's own weights, by the last part of its name."""
    return jnp.asarray(parameters[f"{scope}/{name}"])


def _flat(rows: Numeric, scale: Numeric | None = None) -> Array:
    """Hash rows of a token side by side, times the token's scale."""
    width = rows.shape[-2] * rows.shape[-1]
    flat = jnp.reshape(jnp.asarray(rows), (*rows.shape[:-2], width))
    return flat if scale is None else flat * scale[..., None]


def user_token(parameters: Parameters, scope: Scope, user_rows: UserRows) -> UserActivations:
    """concat(user rows) . proj_mat_1. Always valid: ids below 1 are refused before."""
    return (_flat(user_rows) @ named_weight(parameters, scope, "proj_mat_1"))[:, None, :]


def history_features(
    parameters: Parameters, config: ModelConfig, *, scope: Scope, history: HistoryTokens
) -> Float[Array, "b s ih"]:
    """concat(post rows, author rows, actions, surface[, dwell]), what proj_mat_3 projects.

    The action embedding is (2a - 1) . action_projection, and 0 where every action is 0.
    """
    signed = 2.0 * history.actions - 1.0
    any_action = jnp.any(history.actions != 0, axis=-1, keepdims=True)
    actions = signed @ named_weight(parameters, scope, "action_projection")
    surfaces = named_weight(parameters, scope, "product_surface_embedding_table")[history.surfaces]
    features = [
        _flat(history.post_rows, history.item_scale),
        _flat(history.author_rows),
        jnp.where(any_action, actions, 0.0),
        surfaces,
    ]
    if config.dwell_and_age:
        unit = dwell_to_unit(history.dwell_seconds, config)[..., None]
        hidden = jax.nn.gelu(unit @ named_weight(parameters, scope, "history_dwell_time_proj1"))
        features.append(hidden @ named_weight(parameters, scope, "history_dwell_time_proj2"))
    return jnp.concatenate(features, axis=-1)


def history_tokens(
    parameters: Parameters, config: ModelConfig, *, scope: Scope, history: HistoryTokens
) -> Float[Array, "b s d"]:
    """history_features . proj_mat_3."""
    features = history_features(parameters, config, scope=scope, history=history)
    return features @ named_weight(parameters, scope, "proj_mat_3")


def candidate_features(
    parameters: Parameters, config: ModelConfig, candidates: CandidateTokens
) -> Float[Array, "b c ic"]:
    """concat(post rows, author rows, surface[, age]), what the ranker's proj_mat_2 projects."""
    scope: Scope = "phoenix_model"
    surfaces = named_weight(parameters, scope, "product_surface_embedding_table")
    features = [
        _flat(candidates.post_rows, candidates.item_scale),
        _flat(candidates.author_rows),
        surfaces[candidates.surfaces],
    ]
    if config.dwell_and_age:
        ages = named_weight(parameters, scope, "post_age_embedding_table")
        features.append(ages[candidates.age_buckets])
    return jnp.concatenate(features, axis=-1)


def candidate_tokens(
    parameters: Parameters, config: ModelConfig, candidates: CandidateTokens
) -> CandidateActivations:
    """candidate_features . proj_mat_2 of the ranking model."""
    features = candidate_features(parameters, config, candidates)
    return features @ named_weight(parameters, "phoenix_model", "proj_mat_2")


def prefix_tokens(
    parameters: Parameters,
    config: ModelConfig,
    *,
    scope: Scope,
    user_rows: UserRows,
    history: HistoryTokens,
) -> tuple[Activations, PrefixValid, PrefixMask]:
    """User and history tokens, which of them are valid, and the causal mask over the valid."""
    user = user_token(parameters, scope, user_rows)
    events = history_tokens(parameters, config, scope=scope, history=history)
    tokens = jnp.concatenate([user, events], axis=1)
    valid = jnp.pad(jnp.asarray(history.valid), ((0, 0), (1, 0)), constant_values=True)
    causal = jnp.tril(jnp.ones((tokens.shape[1], tokens.shape[1]), bool))
    return tokens, valid, causal[None] & valid[:, None, :]


def prefix_positions(config: ModelConfig, valid: PrefixValid) -> PrefixPositions:
    """Rotary positions of user and history tokens; those of invalid tokens mean nothing.

    slot: the index in the row. compact: the i-th valid history token (from 0) at i + 1.
    right_anchored: at S + 1 - n + i of n valid ones, S the configured length.
    """
    index = jnp.broadcast_to(jnp.arange(valid.shape[1], dtype=jnp.int32)[None], valid.shape)
    if config.positions == "slot":
        return index
    order = jnp.cumsum(valid, axis=1, dtype=jnp.int32) - 1
    if config.positions == "right_anchored":
        count = order[:, -1:]
        order = config.history_length - count + order
    return jnp.where(index == 0, 0, order)


def candidate_positions(
    config: ModelConfig, valid: PrefixValid, candidates: int, *, first: ScalarIndex = 0
) -> CandidatePositions:
    """Rotary positions of candidates, the leftmost of which is number `first` of its request.

    slot: behind the configured history, at the candidate's place in its chunk of the configured
    length (a candidate of one row never sees another, so chunks need no loop).
    right_anchored: S + 1. compact: behind the n valid history tokens, n + 1.
    """
    shape = (valid.shape[0], candidates)
    if config.positions == "slot":
        place = (first + jnp.arange(candidates, dtype=jnp.int32)) % config.candidates_length
        return jnp.broadcast_to(1 + config.history_length + place[None], shape)
    if config.positions == "right_anchored":
        return jnp.full(shape, config.history_length + 1, jnp.int32)
    # The user token is valid and stands for the + 1.
    return jnp.broadcast_to(jnp.sum(valid, axis=1, keepdims=True, dtype=jnp.int32), shape)
