"""Training of the ranking model."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from phoenix.bundle import EmbeddingTables, ModelBundle
from phoenix.config import HashParameters
from phoenix.training.batches import (
    BatchArrays,
    BatchBuilder,
    DropRates,
    TouchedRows,
    hash_sequences,
)
from phoenix.training.debiasing import impression_weights
from phoenix.training.factor_tables import factor_scale, rows_of_factors, tables_from_factors
from phoenix.training.factorise import SplitFactors
from phoenix.training.fit_heads import FREQUENT_RATE, fit_heads
from phoenix.training.initialise import demo_config, initial_parameters, initial_tables
from phoenix.training.optimiser import OptimiserOptions
from phoenix.training.ranker_loss import ranker_loss
from phoenix.training.rows import create_rows, number_of_batches, seeded_batches
from phoenix.training.start_from_factors import base_rates, start_from_factors, with_user_marks
from phoenix.training.train_loop import Saves, Trained, TrainingPlan, to_bundle, train
from phoenix.training.viewer_sequences import ViewerSequences

RANKER_SHARE = 0.2
"""Of the impressions, the newest: what the ranker learns from. A guess: as many as the heads of
rare actions need, as few as the factors can spare."""

# So many batches of impressions at most fit the heads: some 340,000, and memory for them. The demo
# has half of that.
_HEAD_BATCHES = 512


@dataclass(frozen=True)
class RankerOptions:
    """How the ranker is trained; the defaults make the demo checkpoint.

    dropout: of tokens and branches; it would drop the marks that start_from_factors.py relies on.
    head_drop: the same as drop while heads are fitted: what serves is mostly new posts.
    debias: power of the inverse propensity that an impression counts (debiasing.py).
    """

    epochs: int = 1
    impressions_a_batch: int = 2_048
    learning_rate: float = 1e-4
    user_rate: float = 0.0
    item_rate: float = 0.01
    author_rate: float = 0.0
    row_spread: float = 0.5
    row_weight_decay: float = 0.0
    dropout: float = 0.0
    dwell_weight: float = 1.0
    drop: DropRates = field(default_factory=lambda: DropRates(item=0.7, user=0.1, author=0.02))
    head_drop: DropRates = field(
        default_factory=lambda: DropRates(item=1.0, user=0.05, author=0.02)
    )
    debias: float = 0.0
    seed: int = 1


def ranker_from_ms(sequences: ViewerSequences) -> int:
    """When the part of the log begins that the ranker learns from.

    What lies before makes the factors that it starts from.
    """
    asked = sequences.impressions.request_ms
    return int(np.quantile(asked, 1.0 - RANKER_SHARE, method="lower"))


class _RankerData:
    """The rows of the log, as batches."""

    def __init__(
        self, sequences: ViewerSequences, options: RankerOptions, hashes: HashParameters
    ) -> None:
        self.config, self.options = demo_config("ranker"), options
        self.rows = create_rows(sequences, self.config.history_length)
        hashed = hash_sequences(sequences, hashes, self.config)
        weights = impression_weights(sequences.impressions.propensity, options.debias)
        self.builder, self.head_builder = (
            BatchBuilder(hashed, self.rows, hashes=hashes, drop=drop, weights=weights)
            for drop in (options.drop, options.head_drop)
        )
        self.steps_an_epoch = number_of_batches(self.rows, options.impressions_a_batch)

    def epoch_batches(self, epoch: int, first: int) -> Iterator[tuple[TouchedRows, BatchArrays]]:
        """The batches of an epoch from the first-th on."""
        return self._batches(self.builder, epoch, first)

    def _batches(
        self, builder: BatchBuilder, epoch: int, first: int
    ) -> Iterator[tuple[TouchedRows, BatchArrays]]:
        seed, size = self.options.seed, self.options.impressions_a_batch
        batches = seeded_batches(self.rows, seed=seed, size=size, epoch=epoch, first=first)
        return (builder.build(batch, random) for batch, random in batches)

    def with_fitted_heads(
        self, parameters: dict[str, np.ndarray], tables: EmbeddingTables
    ) -> dict[str, np.ndarray]:
        """The parameters with heads fitted to a part of the first epoch, as serving sees it."""
        named = {"user": tables.user, "item": tables.item, "author": tables.author}
        batches = islice(self._batches(self.head_builder, 0, 0), _HEAD_BATCHES)
        return fit_heads(parameters, self.config, tables=named, batches=batches)


def with_newer_factors(
    tables: EmbeddingTables, factors: SplitFactors, *, hashes: HashParameters, spread: float
) -> EmbeddingTables:
    """Tables to which what all impressions say of people beyond the earlier ones is added."""
    scale = factor_scale(factors.earlier, spread)
    blank = EmbeddingTables(*(np.zeros_like(t) for t in (tables.user, tables.item, tables.author)))
    before, after = (
        tables_from_factors(blank, hashes, chosen, scale=scale)
        for chosen in (factors.earlier, factors.all)
    )
    return EmbeddingTables(
        user=tables.user + (after.user - before.user),
        item=tables.item,
        author=tables.author + (after.author - before.author),
    )


def _ranker_plan(
    data: _RankerData,
    sequences: ViewerSequences,
    factors: SplitFactors,
    *,
    options: RankerOptions,
    hashes: HashParameters,
) -> TrainingPlan:
    config, shown = data.config, sequences.impressions
    rates = base_rates(shown)
    random = np.random.default_rng((options.seed, 1_000))
    parameters = initial_parameters(config, "ranker", random)
    start_from_factors(parameters, config, rates)
    tables = tables_from_factors(
        initial_tables(config, hashes, random),
        hashes,
        factors.earlier,
        scale=factor_scale(factors.earlier, options.row_spread),
    )
    tables = with_user_marks(tables, config)
    frequent = np.flatnonzero(rates.actions >= min(FREQUENT_RATE, rates.actions.max()))
    return TrainingPlan(
        parameters=data.with_fitted_heads(parameters, tables),
        tables=tables,
        loss=ranker_loss(
            config,
            dropout_rate=options.dropout,
            dwell_weight=options.dwell_weight,
            frequent=tuple(frequent.tolist()),
        ),
        options=OptimiserOptions(
            steps=options.epochs * data.steps_an_epoch,
            learning_rate=options.learning_rate,
            row_learning_rates={
                "user": options.user_rate,
                "item": options.item_rate,
                "author": options.author_rate,
            },
            row_weight_decay=options.row_weight_decay,
        ),
        epochs=options.epochs,
        steps_an_epoch=data.steps_an_epoch,
        epoch_batches=data.epoch_batches,
        examples=len(shown.post_ids),
        seed=options.seed,
        known_rows=rows_of_factors(hashes, factors.all),
    )


def train_ranker(
    sequences: ViewerSequences,
    factors: SplitFactors,
    *,
    options: RankerOptions,
    hashes: HashParameters,
    data_end_ms: int,
    saves: Saves | None = None,
    quiet: bool = False,
) -> tuple[ModelBundle, Trained]:
    """Trains the ranker on the newest impressions, and fits its heads before and after that.

    It sees the factors of what came before them, which have not seen their outcomes, and serves
    with those of all: so its trust in factors is what they deserve of impressions to come.

    Args:
      sequences: The training log.
      factors: Where the rows of viewers and authors start from, divided at ranker_from_ms.
      options: Rates and sizes.
      hashes: Of all ids into table rows.
      data_end_ms: End of the log: rows of posts created later are neutral.
      saves: Where training saves itself and goes on from.
      quiet: No progress lines.

    Raises:
      TrainingError, InterruptedTrainingError, SaveError: As `train` does.
    """
    newest = sequences.asked_from(ranker_from_ms(sequences))
    data = _RankerData(newest, options, hashes)
    plan = _ranker_plan(data, newest, factors, options=options, hashes=hashes)
    trained = train("ranker", plan, saves=saves, quiet=quiet)
    fitted = data.with_fitted_heads(trained.parameters, trained.tables)
    tables = with_newer_factors(trained.tables, factors, hashes=hashes, spread=options.row_spread)
    trained = replace(trained, parameters=fitted, tables=tables)
    bundle = to_bundle(
        trained, "ranker", config=data.config, hashes=hashes, data_end_ms=data_end_ms
    )
    return bundle, trained
