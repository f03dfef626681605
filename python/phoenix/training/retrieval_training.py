"""Training of the retrieval model: one softmax for each post that a viewer liked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from phoenix.bundle import ModelBundle
from phoenix.config import ModelConfig
from phoenix.hashing import entity_rows
from phoenix.recsys_retrieval_model import (
    candidate_representation,
    user_representations_all_prefixes,
)
from phoenix.training.batches import DropRates, TouchedRows, hash_sequences
from phoenix.training.factorise import Factors, tables_from_factors
from phoenix.training.initialise import (
    demo_config,
    demo_hashes,
    initial_parameters,
    initial_tables,
)
from phoenix.training.optimiser import Loss, OptimiserOptions, TableRows, Weights
from phoenix.training.ranker_loss import history_of
from phoenix.training.retrieval_batches import (
    RetrievalArrays,
    RetrievalBatchBuilder,
    positive_sequences,
    post_frequencies,
)
from phoenix.training.rows import batches_of_epoch, create_rows, number_of_batches
from phoenix.training.train_loop import Trained, TrainingProgress, to_bundle, train
from phoenix.training.viewer_sequences import ViewerSequences
from phoenix.transformer import Dropout

_EXCLUDED_LOGIT = -1e9


@dataclass(frozen=True)
class RetrievalOptions:
    """How the retrieval model is trained; the defaults make the demo checkpoint.

    slots_a_batch: impressions, padding included, that decide how many rows a batch has.
    targets, negatives: columns of the softmax.
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


def retrieval_loss(config: ModelConfig, *, dropout_rate: float, temperature: float) -> Loss:
    """Mean over targets of -log softmax(cosine / temperature - log expected count)."""

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
        logits = viewers @ posts.T / temperature - batch.log_expected[None]
        logits = jnp.where(batch.same_post, _EXCLUDED_LOGIT, logits)
        own = jnp.arange(logits.shape[0], dtype=jnp.int32)
        picked = logits[own, own]
        each = jax.nn.logsumexp(logits, axis=1) - picked
        count = jnp.maximum(jnp.sum(batch.target_valid, dtype=jnp.float32), 1.0)
        best = jnp.argmax(logits, axis=1) == own
        hits = jnp.sum(jnp.where(batch.target_valid & best, 1.0, 0.0)) / count
        return jnp.sum(jnp.where(batch.target_valid, each, 0.0)) / count, {"first": hits}

    return loss


def train_retrieval(
    sequences: ViewerSequences,
    factors: Factors,
    *,
    options: RetrievalOptions,
    data_end_ms: int,
    quiet: bool = False,
) -> tuple[ModelBundle, Trained]:
    """Trains the retrieval model on all liked impressions.

    Args:
      sequences: The training log.
      factors: Where the rows of viewers and authors start from.
      options: Rates and sizes.
      data_end_ms: End of the log: rows of posts created later are neutral.
      quiet: No progress lines.

    Raises:
      TrainingError: Too many gradients were not finite.
    """
    config, hashes = demo_config("retrieval"), demo_hashes()
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
    steps = options.epochs * number_of_batches(rows, options.slots_a_batch)
    random = np.random.default_rng((options.seed, 1_000))

    def epoch_batches(random: np.random.Generator) -> Iterator[tuple[TouchedRows, Any]]:
        for batch in batches_of_epoch(rows, random, options.slots_a_batch):
            yield builder.build(batch, random)

    trained = train(
        parameters=initial_parameters(config, "retrieval", random),
        tables=tables_from_factors(
            initial_tables(config, hashes, random), hashes, factors, spread=options.row_spread
        ),
        loss=retrieval_loss(config, dropout_rate=options.dropout, temperature=options.temperature),
        options=OptimiserOptions(
            steps=steps,
            learning_rate=options.learning_rate,
            row_learning_rates={
                "user": options.user_rate,
                "item": options.item_rate,
                "author": options.author_rate,
            },
        ),
        epochs=options.epochs,
        epoch_batches=epoch_batches,
        seed=options.seed,
        progress=TrainingProgress("retrieval", steps, quiet),
    )
    return to_bundle(trained, "retrieval", data_end_ms), trained
