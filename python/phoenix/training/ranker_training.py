"""Training of the ranking model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from phoenix.bundle import ModelBundle
from phoenix.config import HashParameters
from phoenix.training.batches import BatchBuilder, DropRates, TouchedRows, hash_sequences
from phoenix.training.debiasing import impression_weights
from phoenix.training.factor_tables import tables_from_factors
from phoenix.training.factorise import Factors
from phoenix.training.initialise import demo_config, initial_parameters, initial_tables
from phoenix.training.optimiser import OptimiserOptions
from phoenix.training.ranker_loss import ranker_loss
from phoenix.training.rows import batches_of_epoch, create_rows, number_of_batches
from phoenix.training.start_from_factors import base_rates, start_from_factors, with_user_marks
from phoenix.training.train_loop import Saves, Trained, TrainingPlan, to_bundle, train
from phoenix.training.viewer_sequences import ViewerSequences

_FREQUENT_RATE = 0.01


@dataclass(frozen=True)
class RankerOptions:
    """How the ranker is trained; the defaults make the demo checkpoint.

    debias: power of the inverse propensity that an impression counts (debiasing.py).
    """

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
    debias: float = 0.0
    seed: int = 1


def _ranker_plan(
    sequences: ViewerSequences, factors: Factors, *, options: RankerOptions, hashes: HashParameters
) -> TrainingPlan:
    config, shown = demo_config("ranker"), sequences.impressions
    rows = create_rows(sequences, config.history_length)
    builder = BatchBuilder(
        hash_sequences(sequences, hashes, config),
        rows,
        hashes=hashes,
        drop=options.drop,
        weights=impression_weights(shown.propensity, options.debias),
    )
    steps_an_epoch = number_of_batches(rows, options.impressions_a_batch)
    rates = base_rates(shown)
    random = np.random.default_rng((options.seed, 1_000))
    parameters = initial_parameters(config, "ranker", random)
    start_from_factors(parameters, config, rates)
    tables = tables_from_factors(
        initial_tables(config, hashes, random), hashes, factors, spread=options.row_spread
    )
    frequent = np.flatnonzero(rates.actions >= min(_FREQUENT_RATE, rates.actions.max()))

    def epoch_batches(epoch: int, first: int) -> Iterator[tuple[TouchedRows, Any]]:
        order = np.random.default_rng((options.seed, epoch))
        batches = batches_of_epoch(rows, order, options.impressions_a_batch)
        for place in range(first, steps_an_epoch):
            yield builder.build(
                batches[place], np.random.default_rng((options.seed, epoch, place + 1))
            )

    return TrainingPlan(
        parameters=parameters,
        tables=with_user_marks(tables, config),
        loss=ranker_loss(
            config,
            dropout_rate=options.dropout,
            dwell_weight=options.dwell_weight,
            frequent=tuple(frequent.tolist()),
        ),
        options=OptimiserOptions(
            steps=options.epochs * steps_an_epoch,
            learning_rate=options.learning_rate,
            row_learning_rates={
                "user": options.user_rate,
                "item": options.item_rate,
                "author": options.author_rate,
            },
            row_weight_decay=options.row_weight_decay,
        ),
        epochs=options.epochs,
        steps_an_epoch=steps_an_epoch,
        epoch_batches=epoch_batches,
        examples=len(shown.post_ids),
        seed=options.seed,
    )


def train_ranker(
    sequences: ViewerSequences,
    factors: Factors,
    *,
    options: RankerOptions,
    hashes: HashParameters,
    data_end_ms: int,
    saves: Saves | None = None,
    quiet: bool = False,
) -> tuple[ModelBundle, Trained]:
    """Trains the ranker on all impressions.

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
    plan = _ranker_plan(sequences, factors, options=options, hashes=hashes)
    trained = train("ranker", plan, saves=saves, quiet=quiet)
    config = demo_config("ranker")
    bundle = to_bundle(trained, "ranker", config=config, hashes=hashes, data_end_ms=data_end_ms)
    return bundle, trained
