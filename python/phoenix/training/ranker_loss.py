"""The ranking loss: what the viewer did with each impression, and for how long they looked."""

import jax.numpy as jnp
import optax
from jaxtyping import Array

from phoenix.config import CONTINUOUS_DWELL, ModelConfig
from phoenix.recsys_model import forward_with_cuts
from phoenix.tokens import CandidateTokens, HistoryTokens, dwell_to_unit
from phoenix.training.batches import BatchArrays
from phoenix.training.optimiser import Loss, TableRows, Weights
from phoenix.training.retrieval_batches import RetrievalArrays
from phoenix.transformer import Dropout


def history_of(rows: TableRows, batch: BatchArrays | RetrievalArrays) -> HistoryTokens:
    """The history tokens of a batch, embedding rows gathered."""
    return HistoryTokens(
        post_rows=rows["item"][batch.history_item],
        author_rows=rows["author"][batch.history_author],
        actions=jnp.asarray(batch.history_actions, jnp.float32),
        surfaces=batch.history_surfaces,
        dwell_seconds=batch.history_dwell,
        valid=batch.history_valid,
        item_scale=batch.history_scale,
    )


def _candidates_of(rows: TableRows, batch: BatchArrays) -> CandidateTokens:
    return CandidateTokens(
        post_rows=rows["item"][batch.item],
        author_rows=rows["author"][batch.author],
        surfaces=batch.surfaces,
        age_buckets=batch.ages,
        valid=batch.valid,
        item_scale=batch.scale,
    )


def ranker_loss(config: ModelConfig, *, dropout_rate: float, dwell_weight: float) -> Loss:
    """Binary cross-entropy summed over actions + dwell_weight x that of dwell, an impression.

    Dwell is a share of 30 seconds; cross-entropy against a share is least at its mean, and its
    gradient is as large as an action's.
    """

    def loss(
        weights: Weights, rows: TableRows, batch: BatchArrays, key: Array
    ) -> tuple[Array, dict[str, Array]]:
        outputs = forward_with_cuts(
            weights,
            config,
            user_rows=rows["user"][batch.user],
            history=history_of(rows, batch),
            candidates=_candidates_of(rows, batch),
            visible_history=batch.visible,
            dropout=Dropout(dropout_rate, key) if dropout_rate > 0 else None,
        )
        assert outputs.continuous is not None
        targets = jnp.asarray(batch.outcomes, jnp.float32)
        actions = optax.sigmoid_binary_cross_entropy(outputs.logits, targets)
        unit = dwell_to_unit(batch.dwell, config)
        predicted = jnp.clip(outputs.continuous[..., CONTINUOUS_DWELL], 1e-6, 1 - 1e-6)
        dwell = -unit * jnp.log(predicted) - (1.0 - unit) * jnp.log1p(-predicted)
        each = jnp.sum(actions, axis=-1) + dwell_weight * dwell
        count = jnp.maximum(jnp.sum(batch.valid, dtype=jnp.float32), 1.0)
        mean = jnp.sum(jnp.where(batch.valid, each, 0.0)) / count
        error = jnp.square(30.0 * (predicted - unit))
        parts = {
            "actions": jnp.sum(jnp.where(batch.valid[..., None], actions, 0.0)) / count,
            "dwell_error_seconds": jnp.sqrt(jnp.sum(jnp.where(batch.valid, error, 0.0)) / count),
        }
        return mean, parts

    return loss
