"""Training of the ranking model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from phoenix.bundle import ModelBundle
from phoenix.training.batches import BatchBuilder, DropRates, TouchedRows, hash_sequences
from phoenix.training.factorise import Factors, tables_from_factors
from phoenix.training.initialise import (
    demo_config,
    demo_hashes,
    initial_parameters,
    initial_tables,
)
from phoenix.training.optimiser import OptimiserOptions
from phoenix.training.ranker_loss import ranker_loss
from phoenix.training.rows import batches_of_epoch, create_rows, number_of_batches
from phoenix.training.start_from_factors import base_rates, start_from_factors, with_user_marks
from phoenix.training.train_loop import Trained, TrainingProgress, to_bundle, train
from phoenix.training.viewer_sequences import ViewerSequences


@dataclass(frozen=True)
class RankerOptions:
    """How the ranker is trained; the defaults make the demo checkpoint."""

    epochs: int = 3
    impressions_a_batch: int = 2_048
    learning_rate: float = 3e-3
    user_rate: float = 0.05
    item_rate: float = 0.05
    author_rate: float = 0.05
    row_spread: float = 0.5
    row_weight_decay: float = 0.0
    dropout: float = 0.1
    dwell_weight: float = 1.0
    drop: DropRates = field(default_factory=lambda: DropRates(item=0.7, user=0.1, author=0.02))
    seed: int = 1


def train_ranker(
    sequences: ViewerSequences,
    factors: Factors,
    *,
    options: RankerOptions,
    data_end_ms: int,
    quiet: bool = False,
) -> tuple[ModelBundle, Trained]:
    """Trains the ranker on all impressions.

    Args:
      sequences: The training log.
      factors: Where the rows of viewers and authors start from.
      options: Rates and sizes.
      data_end_ms: End of the log: rows of posts created later are neutral.
      quiet: No progress lines.

    Raises:
      TrainingError: Too many gradients were not finite.
    """
    config, hashes = demo_config("ranker"), demo_hashes()
    rows = create_rows(sequences, config.history_length)
    hashed = hash_sequences(sequences, hashes, config)
    builder = BatchBuilder(hashed, rows, hashes, options.drop)
    steps = options.epochs * number_of_batches(rows, options.impressions_a_batch)
    random = np.random.default_rng((options.seed, 1_000))

    def epoch_batches(random: np.random.Generator) -> Iterator[tuple[TouchedRows, Any]]:
        for batch in batches_of_epoch(rows, random, options.impressions_a_batch):
            yield builder.build(batch, random)

    parameters = initial_parameters(config, "ranker", random)
    start_from_factors(parameters, config, base_rates(sequences.impressions))
    tables = tables_from_factors(
        initial_tables(config, hashes, random), hashes, factors, spread=options.row_spread
    )
    trained = train(
        parameters=parameters,
        tables=with_user_marks(tables, config),
        loss=ranker_loss(config, dropout_rate=options.dropout, dwell_weight=options.dwell_weight),
        options=OptimiserOptions(
            steps=steps,
            learning_rate=options.learning_rate,
            row_learning_rates={
                "user": options.user_rate,
                "item": options.item_rate,
                "author": options.author_rate,
            },
            row_weight_decay=options.row_weight_decay,
        ),
        epochs=options.epochs,
        epoch_batches=epoch_batches,
        seed=options.seed,
        progress=TrainingProgress("ranker", steps, quiet),
    )
    return to_bundle(trained, "ranker", data_end_ms), trained
