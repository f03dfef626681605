"""Training of the retrieval model: one softmax for each post that a viewer liked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from phoenix.bundle import ModelBundle
from phoenix.config import HashParameters, ModelConfig
from phoenix.hashing import entity_rows
from phoenix.recsys_retrieval_model import (
    candidate_representation,
    user_representations_all_prefixes,
)
from phoenix.training.batches import DropRates, TouchedRows, hash_sequences
from phoenix.training.factor_tables import factor_scale, rows_of_factors, tables_from_factors
from phoenix.training.factorise import Factors
from phoenix.training.initialise import demo_config, initial_parameters, initial_tables
from phoenix.training.optimiser import Loss, OptimiserOptions, TableRows, Weights
from phoenix.training.ranker_loss import history_of
from phoenix.training.retrieval_batches import (
    RetrievalArrays,
    RetrievalBatchBuilder,
    positive_sequences,
    post_frequencies,
)
from phoenix.training.rows import create_rows, number_of_batches, seeded_batches
from phoenix.training.train_loop import (
    TRAINING_ONLY,
    Saves,
    Trained,
    TrainingPlan,
    to_bundle,
    train,
)
from phoenix.training.viewer_sequences import ViewerSequences
from phoenix.transformer import Dropout

_EXCLUDED_LOGIT = -1e9
_LOG_TEMPERATURE = f"{TRAINING_ONLY}log_temperature"


@dataclass(frozen=True)
class RetrievalOptions:
    """How the retrieval model is trained; the defaults make the demo checkpoint.

    slots_a_batch: impressions, padding included, that decide how many rows a batch has.
    targets, negatives: columns of the softmax. temperature: at the start; it is learnt.
    """

    epochs: int = 4
    slots_a_batch: int = 8_192
    targets: int = 1_536
    negatives: int = 1_024
    temperature: float = 0.05
    learning_rate: float = 3e-3
    user_rate: float = 0.05
    item_rate: float = 0.05
    author_rate: float = 0.05
    row_spread: float = 0.5
    dropout: float = 0.1
    drop: DropRates = field(default_factory=lambda: DropRates(item=0.8, user=0.1, author=0.02))
    seed: int = 2


def retrieval_loss(config: ModelConfig, *, dropout_rate: float, targets: int) -> Loss:
    """Mean over targets of -log softmax(cosine / temperature - log expected count).

    The first `targets` columns are the targets, the others sampled from all posts; the reported
    AUC is the share of (target, sampled post) pairs that are in order.
    """

    def loss(
        weights: Weights, rows: TableRows, batch: RetrievalArrays, key: Array
    ) -> tuple[Array, dict[str, Array]]:
        prefixes = user_representations_all_prefixes(
            weights,
            config,
            user_rows=rows["user"][batch.user],
            history=history_of(rows, batch),
            dropout=Dropout(dropout_rate, key) if dropout_rate > 0 else None,
        )
        viewers = prefixes[batch.target_row, batch.target_visible]
        posts = candidate_representation(
            weights,
            config,
            post_rows=rows["item"][batch.column_item] * batch.column_scale[:, None, None],
            author_rows=rows["author"][batch.column_author],
        )
        cosines = viewers @ posts.T
        temperature = jnp.exp(weights[_LOG_TEMPERATURE])
        logits = cosines / temperature - batch.log_expected[None]
        logits = jnp.where(batch.same_post, _EXCLUDED_LOGIT, logits)
        own = jnp.arange(targets, dtype=jnp.int32)
        each = jax.nn.logsumexp(logits, axis=1) - logits[own, own]
        count = jnp.maximum(jnp.sum(batch.target_valid, dtype=jnp.float32), 1.0)
        below = jnp.mean(
            cosines[:, targets:] < cosines[own, own][:, None], axis=1, dtype=jnp.float32
        )
        auc = jnp.sum(jnp.where(batch.target_valid, below, 0.0)) / count
        return jnp.sum(jnp.where(batch.target_valid, each, 0.0)) / count, {"auc": auc}

    return loss


def _retrieval_plan(
    sequences: ViewerSequences,
    factors: Factors,
    *,
    options: RetrievalOptions,
    hashes: HashParameters,
) -> TrainingPlan:
    config = demo_config("retrieval")
    positive = positive_sequences(sequences)
    rows = create_rows(positive, config.history_length)
    frequencies = post_frequencies(sequences.impressions, positive.impressions)
    builder = RetrievalBatchBuilder(
        hash_sequences(positive, hashes, config),
        frequencies,
        rows=rows,
        hashes=hashes,
        drop=options.drop,
        targets=options.targets,
        negatives=options.negatives,
        item_rows=entity_rows(frequencies.post_ids, hashes.item),
        author_rows=entity_rows(frequencies.author_ids, hashes.author),
    )
    steps_an_epoch = number_of_batches(rows, options.slots_a_batch)
    random = np.random.default_rng((options.seed, 1_000))
    parameters = initial_parameters(config, "retrieval", random)
    parameters[_LOG_TEMPERATURE] = np.array(np.log(options.temperature), np.float32)

    def epoch_batches(epoch: int, first: int) -> Iterator[tuple[TouchedRows, Any]]:
        seed, size = options.seed, options.slots_a_batch
        batches = seeded_batches(rows, seed=seed, size=size, epoch=epoch, first=first)
        return (builder.build(batch, random) for batch, random in batches)

    return TrainingPlan(
        parameters=parameters,
        tables=tables_from_factors(
            initial_tables(config, hashes, random),
            hashes,
            factors,
            scale=factor_scale(factors, options.row_spread),
        ),
        loss=retrieval_loss(config, dropout_rate=options.dropout, targets=options.targets),
        options=OptimiserOptions(
            steps=options.epochs * steps_an_epoch,
            learning_rate=options.learning_rate,
            row_learning_rates={
                "user": options.user_rate,
                "item": options.item_rate,
                "author": options.author_rate,
            },
        ),
        epochs=options.epochs,
        steps_an_epoch=steps_an_epoch,
        epoch_batches=epoch_batches,
        examples=len(positive.impressions.post_ids),
        seed=options.seed,
        known_rows=rows_of_factors(hashes, factors),
    )


def train_retrieval(
    sequences: ViewerSequences,
    factors: Factors,
    *,
    options: RetrievalOptions,
    hashes: HashParameters,
    data_end_ms: int,
    saves: Saves | None = None,
    quiet: bool = False,
) -> tuple[ModelBundle, Trained]:
    """Trains the retrieval model on all liked impressions.

    Args:
      sequences: The training log.
      factors: Where the rows of viewers and authors start from.
      options: Rates and sizes.
      hashes: Of all ids into table rows.
      data_end_ms: End of the log: rows of posts created later are neutral.
      saves: Where training saves itself and goes on from.
      quiet: No progress lines.

    Raises:
      TrainingError, InterruptedTrainingError, SaveError: As `train` does.
    """
    plan = _retrieval_plan(sequences, factors, options=options, hashes=hashes)
    trained = train("retrieval", plan, saves=saves, quiet=quiet)
    config = demo_config("retrieval")
    bundle = to_bundle(trained, "retrieval", config=config, hashes=hashes, data_end_ms=data_end_ms)
    return bundle, trained
