"""The published ranking loop, restated from its description: what ours is measured against.

Every chunk of 64 candidates is a row of its own, [user, history, 64 candidates], so that the
history is computed anew for each chunk. One jitted program serves all chunks. Positions are those
of the model at hand, so that both give the same scores.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from phoenix.array_types import ActionProbabilities, Parameters, UserRows
from phoenix.bundle import Candidates, History, ModelBundle
from phoenix.config import ModelConfig
from phoenix.tokens import (
    CandidateTokens,
    HistoryTokens,
    candidate_positions,
    candidate_tokens,
    named_weight,
    prefix_positions,
    prefix_tokens,
)
from phoenix.transformer import rms_norm, trunk

CHUNK = 64


def _whole_row(
    parameters: Parameters,
    config: ModelConfig,
    *,
    user_rows: UserRows,
    history: HistoryTokens,
    candidates: CandidateTokens,
) -> ActionProbabilities:
    """Probabilities of one chunk: the whole row through the trunk, under the isolation mask."""
    prefix, valid, causal = prefix_tokens(
        parameters, config, scope="phoenix_model", user_rows=user_rows, history=history
    )
    tokens = candidate_tokens(parameters, config, candidates)
    seen, count = prefix.shape[1], tokens.shape[1]
    sees_prefix = jnp.broadcast_to(valid[:, None, :], (1, count, seen))
    sees_itself = jnp.eye(count, dtype=bool)[None]
    unseen = jnp.zeros((1, seen, count), bool)
    positions = [prefix_positions(config, valid), candidate_positions(config, valid, count)]
    hidden = trunk(
        parameters,
        config,
        embeddings=jnp.concatenate([prefix, tokens], axis=1),
        mask=jnp.block([[causal, unseen], [sees_prefix, sees_itself]]),
        positions=jnp.concatenate(positions, axis=1),
    )
    normed = rms_norm(hidden[:, seen:], named_weight(parameters, "phoenix_model", "rms_norm/scale"))
    return jax.nn.sigmoid(normed @ named_weight(parameters, "phoenix_model", "unembeddings"))


class PublishedLoop:
    """The loop over chunks, one viewer a call."""

    def __init__(self, bundle: ModelBundle) -> None:
        self._bundle = bundle
        self._parameters = {name: jax.device_put(v) for name, v in bundle.parameters.items()}
        self._program = jax.jit(_whole_row, static_argnames="config")

    def rank(
        self, *, user_id: int, history: History, candidates: Candidates, request_time_ms: int
    ) -> Float[np.ndarray, "c a"]:
        """Probabilities of every candidate; the viewer's own rows are looked up once."""
        score = functools.partial(
            self._program,
            self._parameters,
            self._bundle.config,
            user_rows=self._bundle.lookup_user(np.array([user_id], np.int64)),
            history=self._bundle.lookup_history(_as_batch(history)),
        )
        count = candidates.post_ids.shape[0]
        scored: list[Array] = []
        for start in range(0, count, CHUNK):
            chunk = _chunk(candidates, slice(start, min(start + CHUNK, count)))
            scored.append(score(candidates=self._bundle.lookup_candidates(chunk, request_time_ms)))
        return np.concatenate([np.asarray(part)[0] for part in scored])[:count]


def _as_batch(history: History) -> History:
    return History(**{name: column[None] for name, column in vars(history).items()})


def _chunk(candidates: Candidates, part: slice) -> Candidates:
    missing = CHUNK - (part.stop - part.start)
    return Candidates(
        **{
            name: np.pad(column[part], (0, missing))[None]
            for name, column in vars(candidates).items()
        }
    )
