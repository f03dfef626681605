"""The ranking model: what a viewer would do with each candidate.

A row is 1 user token, s history tokens (oldest first) and c candidates (tokens.py). History is
causal; a candidate sees the user, the valid history and itself, never another candidate.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from phoenix.array_types import (
    ActionLogits,
    ActionProbabilities,
    CandidateActivations,
    ContinuousOutputs,
    Parameters,
    PrefixValid,
    UserRows,
    VisibleHistory,
)
from phoenix.config import ModelConfig
from phoenix.tokens import (
    CandidateTokens,
    HistoryTokens,
    Scope,
    candidate_positions,
    candidate_tokens,
    named_weight,
    prefix_positions,
    prefix_tokens,
)
from phoenix.transformer import Dropout, LayerCache, attend_candidates, rms_norm
from phoenix.transformer import encode_prefix as encode_tokens

# Sites of dropout on tokens; the trunk's are numbered from 0.
_PREFIX_SITE = 1_000
_CANDIDATE_SITE = 1_001


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Prefix:
    """A viewer's user and history tokens as every layer's keys and values."""

    layers: tuple[LayerCache, ...]
    valid: PrefixValid


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class RankerOutputs:
    """Predictions, one row a candidate; rows of invalid candidates mean nothing."""

    logits: ActionLogits
    # sigmoid(logits), one independent probability an action.
    probabilities: ActionProbabilities
    # In [0, 1]; index 1 is normalised dwell time. None when the model has no such head.
    continuous: ContinuousOutputs | None


def _heads(
    parameters: Parameters, config: ModelConfig, hidden: CandidateActivations
) -> RankerOutputs:
    scope: Scope = "phoenix_model"
    normed = rms_norm(hidden, named_weight(parameters, scope, "rms_norm/scale"))
    logits = normed @ named_weight(parameters, scope, "unembeddings")
    continuous = None
    if config.continuous:
        continuous = jax.nn.sigmoid(
            normed @ named_weight(parameters, scope, "continuous_unembeddings")
        )
    return RankerOutputs(logits, jax.nn.sigmoid(logits), continuous)


def encode_prefix(
    parameters: Parameters,
    config: ModelConfig,
    *,
    user_rows: UserRows,
    history: HistoryTokens,
    dropout: Dropout | None = None,
) -> Prefix:
    """The viewer's half of the computation, once for any number of candidates. O(s^2)."""
    tokens, valid, mask = prefix_tokens(
        parameters, config, scope="phoenix_model", user_rows=user_rows, history=history
    )
    if dropout is not None:
        tokens = dropout.apply(tokens, _PREFIX_SITE)
    _, layers = encode_tokens(
        parameters,
        config,
        embeddings=tokens,
        mask=mask,
        positions=prefix_positions(config, valid),
        dropout=dropout,
    )
    return Prefix(layers, valid)


def score_candidates(
    parameters: Parameters, config: ModelConfig, *, prefix: Prefix, candidates: CandidateTokens
) -> RankerOutputs:
    """Scores of candidates against an encoded prefix. O(c s)."""
    hidden = attend_candidates(
        parameters,
        config,
        caches=prefix.layers,
        embeddings=candidate_tokens(parameters, config, candidates),
        visible=prefix.valid[:, None, :],
        positions=candidate_positions(config, prefix.valid, candidates.valid.shape[1]),
    )
    return _heads(parameters, config, hidden)


def rank(
    parameters: Parameters,
    config: ModelConfig,
    *,
    user_rows: UserRows,
    history: HistoryTokens,
    candidates: CandidateTokens,
) -> RankerOutputs:
    """`encode_prefix`, then `score_candidates`."""
    prefix = encode_prefix(parameters, config, user_rows=user_rows, history=history)
    return score_candidates(parameters, config, prefix=prefix, candidates=candidates)


def forward_with_cuts(
    parameters: Parameters,
    config: ModelConfig,
    *,
    user_rows: UserRows,
    history: HistoryTokens,
    candidates: CandidateTokens,
    visible_history: VisibleHistory,
    dropout: Dropout | None = None,
) -> RankerOutputs:
    """Scores where each candidate sees its own number of the oldest valid history tokens.

    Equal to cutting the history for each candidate, so one pass trains on all impressions of a
    viewer, each with what the viewer had done before it. Compact positions only.

    Raises:
      ValueError: The model's positions are not compact.
    """
    if config.positions != "compact":
        raise ValueError(f"cuts need compact positions, the model has {config.positions!r}")
    prefix = encode_prefix(
        parameters, config, user_rows=user_rows, history=history, dropout=dropout
    )
    # The user token is number 0, the i-th valid history token number i + 1.
    number = jnp.cumsum(prefix.valid, axis=1, dtype=jnp.int32) - 1
    visible = prefix.valid[:, None, :] & (number[:, None, :] <= visible_history[:, :, None])
    tokens = candidate_tokens(parameters, config, candidates)
    hidden = attend_candidates(
        parameters,
        config,
        caches=prefix.layers,
        embeddings=tokens if dropout is None else dropout.apply(tokens, _CANDIDATE_SITE),
        visible=visible,
        positions=jnp.sum(visible, axis=2, dtype=jnp.int32),
        dropout=dropout,
    )
    return _heads(parameters, config, hidden)
