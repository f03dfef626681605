"""The ranking model as serving runs it: prefixes of viewers, then candidates against them.

The same numbers as `recsys_model.rank`, up to rounding, from weights in serving's layout
(serving_weights.py). Every viewer of a batch is computed on its own: what one viewer has is work
enough for a matrix product (DECISIONS.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from phoenix.array_types import CandidateActivations, Parameters, PrefixValid, UserRows
from phoenix.config import CONTINUOUS_OUTPUTS, ModelConfig
from phoenix.recsys_model import RankerOutputs
from phoenix.serving_trunk import (
    PrefixLayer,
    attend_candidate_columns,
    encode_prefix_columns,
    normed,
)
from phoenix.serving_weights import ServingWeights
from phoenix.tokens import (
    CandidateTokens,
    HistoryTokens,
    ScalarIndex,
    candidate_features,
    candidate_positions,
    history_features,
    prefix_positions,
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ViewerPrefix:
    """Viewers' user and history tokens as every layer's keys and values; b leads every array."""

    layers: tuple[PrefixLayer, ...]
    valid: PrefixValid

    @property
    def history_length(self) -> int:
        """Padded length of the history."""
        return self.valid.shape[1] - 1

    @property
    def byte_count(self) -> int:
        """Memory that it holds."""
        return sum(leaf.nbytes for leaf in jax.tree.leaves(self))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ProjectedCandidates:
    """Candidates whose tokens are there already (candidate_projection.py)."""

    tokens: CandidateActivations


def _columns(matrix: Float[Array, "d i"], rows: Float[Array, "t i"]) -> Float[Array, "d t"]:
    """matrix . rows^T, without a transposition."""
    return jax.lax.dot_general(matrix, rows.astype(matrix.dtype), (((1,), (1,)), ((), ())))


def _for_each(work: Callable[[Any], Any], batch: Any) -> Any:
    """`work` on one viewer after the other; a lone one needs no loop."""
    if jax.tree.leaves(batch)[0].shape[0] > 1:
        return jax.lax.map(work, batch)
    alone = work(jax.tree.map(lambda array: array[0], batch))
    return jax.tree.map(lambda array: array[None], alone)


def encode_viewers(
    parameters: Parameters,
    weights: ServingWeights,
    config: ModelConfig,
    *,
    user_rows: UserRows,
    history: HistoryTokens,
) -> ViewerPrefix:
    """Prefixes of a batch of viewers. O(s^2) each."""
    user_features = jnp.asarray(user_rows).reshape(user_rows.shape[0], 1, -1)
    features = history_features(parameters, config, scope="phoenix_model", history=history)
    valid = jnp.pad(jnp.asarray(history.valid), ((0, 0), (1, 0)), constant_values=True)
    positions = prefix_positions(config, valid)

    def encode(
        viewer: tuple[Float[Array, "1 iu"], Float[Array, "s ih"], Bool[Array, " p"], Array],
    ) -> tuple[PrefixLayer, ...]:
        user, events, is_valid, places = viewer
        tokens = [
            _columns(weights.user_projection, user),
            _columns(weights.history_projection, events),
        ]
        return encode_prefix_columns(
            weights.layers,
            config,
            x=jnp.concatenate(tokens, axis=1),
            valid=is_valid,
            positions=places,
        )

    return ViewerPrefix(_for_each(encode, (user_features, features, valid, positions)), valid)


def score_viewers(
    parameters: Parameters,
    weights: ServingWeights,
    config: ModelConfig,
    *,
    prefix: ViewerPrefix,
    candidates: CandidateTokens | ProjectedCandidates,
    first: ScalarIndex = 0,
) -> RankerOutputs:
    """Scores of a batch of viewers' candidates against their prefixes. O(c s) each.

    Args:
      first: Number of the leftmost candidate in its request; matters to slot positions only.
    """
    is_projected = isinstance(candidates, ProjectedCandidates)
    rows = (
        jnp.asarray(candidates.tokens)
        if is_projected
        else candidate_features(parameters, config, candidates)
    )
    positions = candidate_positions(config, prefix.valid, rows.shape[1], first=first)
    if config.positions != "slot":
        # All candidates of a viewer stand at one place.
        positions = positions[:, :1]

    def score(
        viewer: tuple[Float[Array, "c i"], tuple[PrefixLayer, ...], Bool[Array, " p"], Array],
    ) -> Float[Array, "o c"]:
        tokens, layers, is_valid, places = viewer
        x = (
            tokens.T.astype(weights.candidate_projection.dtype)
            if is_projected
            else _columns(weights.candidate_projection, tokens)
        )
        hidden = attend_candidate_columns(
            weights.layers,
            config,
            prefix=layers,
            x=x,
            valid=is_valid,
            positions=places,
        )
        normed_hidden = normed(hidden, weights.output_norm)
        return jnp.matmul(weights.heads, normed_hidden, preferred_element_type=jnp.float32)

    outputs = _for_each(score, (rows, prefix.layers, prefix.valid, positions))
    return _as_outputs(config, jnp.swapaxes(outputs, 1, 2))


def _as_outputs(config: ModelConfig, outputs: Float[Array, "b c o"]) -> RankerOutputs:
    logits = outputs[..., : config.num_actions]
    continuous = None
    if config.continuous:
        assert outputs.shape[-1] == config.num_actions + CONTINUOUS_OUTPUTS
        continuous = jax.nn.sigmoid(outputs[..., config.num_actions :])
    return RankerOutputs(logits, jax.nn.sigmoid(logits), continuous)
