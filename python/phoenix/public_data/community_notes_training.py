"""Training of the ranker on Community Notes: each rating tag is an action of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Float32

from phoenix.array_types import Parameters
from phoenix.config import EntityHash, HashParameters, ModelConfig
from phoenix.public_data.community_notes_batches import (
    RaterRow,
    RatingBatch,
    RatingBatchBuilder,
    rater_rows,
)
from phoenix.public_data.community_notes_data import TAGS, Ratings
from phoenix.recsys_model import forward_with_cuts
from phoenix.tokens import CandidateTokens, HistoryTokens
from phoenix.training.initialise import initial_parameters
from phoenix.training.optimiser import (
    Loss,
    OptimiserOptions,
    TableRows,
    Weights,
    create_step,
    initial_state,
)
from phoenix.transformer import Dropout

_MODULUS = 2_147_483_647
_ROWS = 4_093
_TABLES = ("user_table", "author_table")


@dataclass(frozen=True)
class RatingTrainingOptions:
    """How the ranker is trained; the defaults make the figures of docs/model-card.md.

    user_drop: probability that a row's rater is nobody known, as 30 % of the test's raters are.
    author_drop: the same of a candidate's author, whom 41 % of the test does not know.
    """

    seeds: tuple[int, ...] = (1, 2, 3)
    epochs: int = 30
    learning_rate: float = 2e-3
    weight_decay: float = 0.1
    dropout: float = 0.3
    user_drop: float = 0.3
    author_drop: float = 0.2
    row_spread: float = 0.3
    slots_a_step: int = 1_024


def ratings_config(width: int = 32, layers: int = 1) -> ModelConfig:
    """A small ranker: heads of 16, one output a tag, age of the note, no dwell head."""
    return ModelConfig(
        embedding_size=width,
        key_size=16,
        query_heads=width // 16,
        key_value_heads=width // 16,
        layers=layers,
        history_length=256,
        candidates_length=64,
        num_actions=len(TAGS),
        user_hashes=2,
        item_hashes=1,
        author_hashes=2,
        positions="compact",
        pooling="last",
        candidate_tower="mlp",
        dwell_and_age=True,
        continuous=False,
    )


def ratings_hashes() -> HashParameters:
    """Raters and authors twice into 4,094 rows; notes have none: the test's are new (96.5 %)."""
    return HashParameters(
        user=EntityHash((1_000_000_007, 1_500_450_271), (577, 1_201), _MODULUS, _ROWS + 1),
        item=EntityHash((1,), (0,), _MODULUS, 2),
        author=EntityHash((1_000_000_087, 1_500_450_359), (419, 811), _MODULUS, _ROWS + 1),
    )


def initial_rating_weights(
    config: ModelConfig, hashes: HashParameters, *, seed: int, row_spread: float
) -> dict[str, np.ndarray]:
    """Weights and tables before training; row 0 stands for nobody and is 0."""
    random = np.random.default_rng((seed, 1_000))
    weights = initial_parameters(config, "ranker", random)
    for name, rows in zip(_TABLES, (hashes.user.buckets, hashes.author.buckets), strict=True):
        table = row_spread * random.normal(size=(rows, config.embedding_size))
        table[0] = 0.0
        weights[name] = table.astype(np.float32)
    return weights


def _logits(
    weights: Parameters,
    config: ModelConfig,
    batch: RatingBatch,
    *,
    author: Array,
    user: Array,
    dropout: Dropout | None,
) -> Float[Array, "b c a"]:
    """Logits of every candidate, each after its own visible history. Notes have no rows."""

    def rows_of(table: str, places: Array) -> Array:
        return jnp.where(places[..., None] > 0, jnp.asarray(weights[table])[places], 0.0)

    rows, history = batch.history_valid.shape
    candidates = author.shape[1]
    width = config.embedding_size
    outputs = forward_with_cuts(
        weights,
        config,
        user_rows=rows_of("user_table", user),
        history=HistoryTokens(
            post_rows=jnp.zeros((rows, history, 1, width), jnp.float32),
            author_rows=rows_of("author_table", jnp.asarray(batch.history_author)),
            actions=jnp.asarray(batch.history_tags, jnp.float32),
            surfaces=batch.history_surfaces,
            dwell_seconds=jnp.zeros((rows, history), jnp.float32),
            valid=batch.history_valid,
            item_scale=jnp.zeros((rows, history), jnp.float32),
        ),
        candidates=CandidateTokens(
            post_rows=jnp.zeros((rows, candidates, 1, width), jnp.float32),
            author_rows=rows_of("author_table", author),
            surfaces=batch.surfaces,
            age_buckets=batch.ages,
            valid=batch.weights > 0,
            item_scale=jnp.zeros((rows, candidates), jnp.float32),
        ),
        visible_history=batch.visible,
        dropout=dropout,
    )
    return jnp.asarray(outputs.logits)


def rating_loss(config: ModelConfig, options: RatingTrainingOptions) -> Loss:
    """Binary cross-entropy summed over tags, a rating."""

    def loss(
        weights: Weights, rows: TableRows, batch: RatingBatch, key: Array
    ) -> tuple[Array, dict[str, Array]]:
        del rows
        noise, of_user, of_author = jax.random.split(key, 3)
        user, author = jnp.asarray(batch.user), jnp.asarray(batch.author)
        known = jax.random.uniform(of_user, (user.shape[0], 1)) >= options.user_drop
        named = jax.random.uniform(of_author, (*author.shape[:2], 1)) >= options.author_drop
        logits = _logits(
            weights,
            config,
            batch,
            author=jnp.where(named, author, 0),
            user=jnp.where(known, user, 0),
            dropout=Dropout(options.dropout, noise) if options.dropout > 0 else None,
        )
        each = optax.sigmoid_binary_cross_entropy(logits, jnp.asarray(batch.tags, jnp.float32))
        count = jnp.maximum(jnp.sum(batch.weights), 1.0)
        return jnp.sum(jnp.sum(each, axis=-1) * batch.weights) / count, {}

    return loss


@partial(jax.jit, static_argnames="config")
def _predict(weights: Parameters, config: ModelConfig, batch: RatingBatch) -> Float[Array, "b c a"]:
    return _logits(
        weights,
        config,
        batch,
        author=jnp.asarray(batch.author),
        user=jnp.asarray(batch.user),
        dropout=None,
    )


def predict(
    weights: Parameters,
    config: ModelConfig,
    builder: RatingBatchBuilder,
    *,
    rows: Sequence[RaterRow],
    first: int,
    end: int,
) -> Float32[np.ndarray, "n a"]:
    """Logits of the ratings [first, end), which `rows` must hold once each."""
    logits = np.full((end - first, config.num_actions), np.nan, np.float32)
    for batch in builder.batches(list(rows), 1_024):
        outputs = np.asarray(_predict(weights, config, batch))
        there = np.asarray(batch.weights) > 0
        logits[np.asarray(batch.ratings)[there] - first] = outputs[there]
    assert np.isfinite(logits).all(), "a rating was not predicted, or its logit is not finite"
    return logits


class RatingTrainer:
    """Trains models on the ratings before `end`; each shape is compiled once for all seeds."""

    def __init__(
        self,
        ratings: Ratings,
        *,
        end: int,
        config: ModelConfig,
        hashes: HashParameters,
        options: RatingTrainingOptions,
    ) -> None:
        """Prepares rows and the step."""
        self._config, self._hashes, self._options = config, hashes, options
        self._builder = RatingBatchBuilder(ratings, config, hashes)
        self._rows = rater_rows(ratings, 0, end)
        self._optimiser = OptimiserOptions(
            steps=options.epochs * len(self._builder.batches(self._rows, options.slots_a_step)),
            learning_rate=options.learning_rate,
            row_learning_rates={},
            weight_decay=options.weight_decay,
        )
        self._step = create_step(rating_loss(config, options), self._optimiser)

    def train(self, seed: int) -> tuple[Weights, tuple[float, ...]]:
        """The weights after all epochs, and every epoch's mean loss."""
        options = self._options
        start = initial_rating_weights(
            self._config, self._hashes, seed=seed, row_spread=options.row_spread
        )
        state = initial_state(start, {}, self._optimiser)
        key = jax.random.key(seed, impl="rbg")
        losses: list[float] = []
        number = 0
        for epoch in range(options.epochs):
            random = np.random.default_rng((seed, epoch))
            values: list[float] = []
            for batch in self._builder.batches(self._rows, options.slots_a_step, random):
                state, value, _ = self._step(state, {}, batch, jax.random.fold_in(key, number))
                values.append(float(value))
                number += 1
            losses.append(float(np.mean(values)))
        return state.weights, tuple(losses)
