"""The ranking loss: what the viewer did with each impression, and for how long they looked."""

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float

from phoenix.array_types import Numeric
from phoenix.config import CONTINUOUS_DWELL, ModelConfig
from phoenix.recsys_model import RankerOutputs, forward_with_cuts
from phoenix.tokens import CandidateTokens, HistoryTokens, dwell_to_unit
from phoenix.training.batches import BatchArrays, HostOrDevice
from phoenix.training.optimiser import Loss, TableRows, Weights
from phoenix.training.retrieval_batches import RetrievalArrays
from phoenix.transformer import Dropout


def mean_auc(
    scores: Float[Numeric, "b c k"],
    happened: Float[Numeric, "b c k"],
    valid: Bool[HostOrDevice, "b c"],
) -> Float[Array, ""]:
    """Mean over columns of the share of (did, did not) pairs that are in order; 0.5 = chance."""
    columns = scores.shape[-1]
    there = jnp.reshape(valid, (-1, 1))
    flat = jnp.where(there, jnp.reshape(scores, (-1, columns)), jnp.inf)
    did = jnp.where(there, jnp.reshape(happened, (-1, columns)), 0.0)
    in_order = jnp.take_along_axis(did, jnp.argsort(flat, axis=0), axis=0)
    count = jnp.sum(there, dtype=jnp.float32)
    positive = jnp.sum(did, axis=0)
    rank = jnp.arange(1, flat.shape[0] + 1, dtype=jnp.float32)[:, None]
    pairs = positive * (count - positive)
    right = jnp.sum(in_order * rank, axis=0) - positive * (positive + 1.0) / 2.0
    known = pairs > 0
    auc = jnp.sum(jnp.where(known, right / jnp.maximum(pairs, 1.0), 0.0))
    return jnp.where(jnp.any(known), auc / jnp.maximum(jnp.sum(known, dtype=jnp.float32), 1.0), 0.5)


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
    """The candidates of a batch, embedding rows gathered."""
    return CandidateTokens(
        post_rows=rows["item"][batch.item],
        author_rows=rows["author"][batch.author],
        surfaces=batch.surfaces,
        age_buckets=batch.ages,
        valid=batch.valid,
        item_scale=batch.scale,
    )


def outputs_of(
    weights: Weights,
    config: ModelConfig,
    *,
    rows: TableRows,
    batch: BatchArrays,
    dropout: Dropout | None = None,
) -> RankerOutputs:
    """What the ranker says of every impression of a batch, each with its own cut of the history."""
    return forward_with_cuts(
        weights,
        config,
        user_rows=rows["user"][batch.user],
        history=history_of(rows, batch),
        candidates=_candidates_of(rows, batch),
        visible_history=batch.visible,
        dropout=dropout,
    )


def ranker_loss(
    config: ModelConfig, *, dropout_rate: float, dwell_weight: float, frequent: tuple[int, ...]
) -> Loss:
    """Binary cross-entropy summed over actions + dwell_weight x that of dwell, an impression.

    The impressions count by their weights. frequent: the actions whose mean AUC is reported.

    Dwell is a share of 30 seconds; cross-entropy against a share is least at its mean, and its
    gradient is as large as an action's. 0 seconds = not known, and left out.
    """

    def loss(
        weights: Weights, rows: TableRows, batch: BatchArrays, key: Array
    ) -> tuple[Array, dict[str, Array]]:
        dropout = Dropout(dropout_rate, key) if dropout_rate > 0 else None
        outputs = outputs_of(weights, config, rows=rows, batch=batch, dropout=dropout)
        assert outputs.continuous is not None
        targets = jnp.asarray(batch.outcomes, jnp.float32)
        actions = optax.sigmoid_binary_cross_entropy(outputs.logits, targets)
        unit = dwell_to_unit(batch.dwell, config)
        predicted = jnp.clip(outputs.continuous[..., CONTINUOUS_DWELL], 1e-6, 1 - 1e-6)
        dwell = -unit * jnp.log(predicted) - (1.0 - unit) * jnp.log1p(-predicted)
        known = jnp.where(batch.dwell > 0, dwell_weight, 0.0)
        each = jnp.sum(actions, axis=-1) + known * dwell
        weight = jnp.where(batch.valid, batch.weight, 0.0)
        mean = jnp.sum(weight * each) / jnp.maximum(jnp.sum(weight), 1e-6)
        columns = np.array(frequent)
        auc = mean_auc(outputs.logits[..., columns], targets[..., columns], batch.valid)
        return mean, {"auc": auc}

    return loss
