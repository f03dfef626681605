"""The retrieval model: a viewer and a post as unit vectors whose dot product says how near."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from phoenix.array_types import (
    Numeric,
    Parameters,
    PostRepresentations,
    PrefixActivations,
    PrefixRepresentations,
    PrefixValid,
    UserRepresentation,
    UserRows,
)
from phoenix.config import ModelConfig
from phoenix.tokens import HistoryTokens, Scope, prefix_positions, prefix_tokens
from phoenix.transformer import Dropout, trunk

_SCOPE: Scope = "phoenix_retrieval_model"
_TOWER = (
    "phoenix_retrieval_model/~build_candidate_representation/candidate_tower/"
    "candidate_tower_projection_"
)
# Squared; inside the root, so that the gradient at a zero vector (padding) is 0 and not NaN.
_SQUARED_NORM_MIN = 1e-12
_TOKEN_SITE = 1_000


def normalise(
    vectors: Float[Numeric, "*n d"],
) -> tuple[Float[Array, "*n d"], Float[Array, "*n 1"]]:
    """Unit vectors, and the norms they had, at least 1e-6."""
    squared = jnp.sum(jnp.square(vectors), axis=-1, keepdims=True)
    norm = jnp.sqrt(jnp.maximum(squared, _SQUARED_NORM_MIN))
    return jnp.asarray(vectors) / norm, norm


def _outputs(
    parameters: Parameters,
    config: ModelConfig,
    *,
    user_rows: UserRows,
    history: HistoryTokens,
    dropout: Dropout | None,
) -> tuple[PrefixActivations, PrefixValid]:
    tokens, valid, mask = prefix_tokens(
        parameters, config, scope=_SCOPE, user_rows=user_rows, history=history
    )
    outputs = trunk(
        parameters,
        config,
        embeddings=tokens if dropout is None else dropout.apply(tokens, _TOKEN_SITE),
        mask=mask,
        positions=prefix_positions(config, valid),
        dropout=dropout,
    )
    return outputs, valid


def pooled_user_outputs(
    parameters: Parameters, config: ModelConfig, *, user_rows: UserRows, history: HistoryTokens
) -> UserRepresentation:
    """The trunk's outputs pooled over the valid tokens (mean, or the last), not normalised."""
    outputs, valid = _outputs(
        parameters, config, user_rows=user_rows, history=history, dropout=None
    )
    if config.pooling == "mean":
        kept = jnp.where(valid[:, :, None], outputs, 0.0)
        return jnp.sum(kept, axis=1) / jnp.sum(valid, axis=1, keepdims=True, dtype=jnp.float32)
    last = valid.shape[1] - 1 - jnp.argmax(valid[:, ::-1], axis=1)
    return jnp.take_along_axis(outputs, last[:, None, None], axis=1)[:, 0]


def user_representation(
    parameters: Parameters, config: ModelConfig, *, user_rows: UserRows, history: HistoryTokens
) -> UserRepresentation:
    """The viewer's unit vector. An empty history is valid: the user token alone."""
    pooled = pooled_user_outputs(parameters, config, user_rows=user_rows, history=history)
    return normalise(pooled)[0]


def user_representations_all_prefixes(
    parameters: Parameters,
    config: ModelConfig,
    *,
    user_rows: UserRows,
    history: HistoryTokens,
    dropout: Dropout | None = None,
) -> PrefixRepresentations:
    """The viewer's unit vector after 0, 1, ... s history tokens, from one forward pass.

    Index i equals `user_representation` of the history cut to its first i tokens (compact or slot
    positions), so a sequence of s actions gives s + 1 training examples. An invalid token repeats
    the vector before it.

    Raises:
      ValueError: Positions are right-anchored: they move when the history is cut.
    """
    if config.positions == "right_anchored":
        raise ValueError("right-anchored positions move with the cut: no prefix shares them")
    outputs, valid = _outputs(
        parameters, config, user_rows=user_rows, history=history, dropout=dropout
    )
    if config.pooling == "mean":
        sums = jnp.cumsum(jnp.where(valid[:, :, None], outputs, 0.0), axis=1)
        pooled = sums / jnp.cumsum(valid, axis=1, dtype=jnp.float32)[:, :, None]
    else:
        index = jnp.arange(valid.shape[1], dtype=jnp.int32)[None]
        last = jax.lax.cummax(jnp.where(valid, index, 0), axis=1)
        pooled = jnp.take_along_axis(outputs, last[:, :, None], axis=1)
    return normalise(pooled)[0]


def candidate_representation(
    parameters: Parameters,
    config: ModelConfig,
    *,
    post_rows: Float[Numeric, "*posts hi d"],
    author_rows: Float[Numeric, "*posts ha d"],
) -> PostRepresentations:
    """Posts as unit vectors, from ids alone: an MLP over all hash rows, or their mean.

    A post that no training saw gets `post_rows` of 0 from the caller.
    """
    rows = jnp.concatenate([post_rows, author_rows], axis=-2)
    if config.candidate_tower == "mean":
        return normalise(jnp.mean(rows, axis=-2))[0]
    flat = jnp.reshape(rows, (*rows.shape[:-2], rows.shape[-2] * rows.shape[-1]))
    hidden = jax.nn.silu(flat @ jnp.asarray(parameters[_TOWER + "1"]))
    return normalise(hidden @ jnp.asarray(parameters[_TOWER + "2"]))[0]
