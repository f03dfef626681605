"""The training loop of MovieLens-1M."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Int64

from phoenix.bundle import ModelBundle
from phoenix.hashing import entity_rows
from phoenix.public_data.movielens_batches import epoch_batches, steps_of_epoch
from phoenix.public_data.movielens_data import MovieSequences
from phoenix.public_data.movielens_loss import movie_loss
from phoenix.public_data.movielens_metrics import LeaveOneOut
from phoenix.public_data.movielens_model import (
    initial_weights,
    movielens_config,
    movielens_hashes,
    to_bundle,
)
from phoenix.public_data.movielens_scoring import evaluate_weights
from phoenix.training.optimiser import OptimiserOptions, Weights, create_step, initial_state

_PROGRESS_STEPS = 20
# Every fourth user is enough to see where a run goes; the end measures all of them.
_VALIDATION_STRIDE = 4


@dataclass(frozen=True)
class MovieTrainingOptions:
    """How the model is trained; the defaults make the figures of docs/model-card.md.

    ahead: weights of the next movies as targets. People rate several movies within a second, so
    the order of neighbours says little; the movies that follow soon are nearly as good an answer.
    validate_every: epochs between two looks at the validation movie.
    """

    seed: int = 1
    width: int = 128
    epochs: int = 10
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    warm_up_steps: int = 186
    dropout: float = 0.2
    temperature: float = 0.05
    ahead: tuple[float, ...] = (1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5)
    validate_every: int = 2


@dataclass(frozen=True)
class MovieTraining:
    """A trained model and how it went.

    losses: mean of each epoch. validation: epoch to the metrics of a quarter of the users.
    skipped: steps whose gradient was not finite. seconds: wall time of training and validation.
    """

    bundle: ModelBundle
    losses: tuple[float, ...]
    validation: dict[int, LeaveOneOut]
    steps: int
    skipped: int
    seconds: float


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def train_movielens(
    sequences: MovieSequences,
    options: MovieTrainingOptions,
    *,
    steps_max: int | None = None,
    say: Callable[[str], None] = _say,
) -> MovieTraining:
    """Trains on what users saw before their last two movies. Same options, same bits.

    Args:
      sequences: The data set.
      options: Sizes and rates.
      steps_max: Ends early, for a quick look; the schedule stays that of all epochs.
      say: Takes the lines that show progress.
    """
    config, hashes = movielens_config(options.width), movielens_hashes()
    item_rows = entity_rows(sequences.movie_ids, hashes.item)
    steps = options.epochs * steps_of_epoch(sequences)
    optimiser = OptimiserOptions(
        steps=steps,
        learning_rate=options.learning_rate,
        row_learning_rates={},
        warm_up_steps=options.warm_up_steps,
        weight_decay=options.weight_decay,
    )
    loss = movie_loss(
        config, item_rows, dropout_rate=options.dropout, temperature=options.temperature
    )
    step = create_step(loss, optimiser)
    start_weights = initial_weights(config, hashes, np.random.default_rng(options.seed))
    state = initial_state(start_weights, {}, optimiser)
    key = jax.random.key(options.seed, impl="rbg")
    started, number = time.monotonic(), 0
    losses: list[float] = []
    validation: dict[int, LeaveOneOut] = {}
    for epoch in range(options.epochs):
        random = np.random.default_rng((options.seed, epoch))
        values: list[float] = []
        for batch in epoch_batches(sequences, random, options.ahead):
            if number == steps_max:
                break
            state, value, _ = step(state, {}, batch, jax.random.fold_in(key, number))
            values.append(float(value))
            number += 1
            if number % _PROGRESS_STEPS == 0:
                left = (time.monotonic() - started) / number * (steps - number)
                recent = np.mean(values[-_PROGRESS_STEPS:])
                say(f"step {number}/{steps}  loss {recent:.4f}  {left:.0f} s left")
        if values:
            losses.append(float(np.mean(values)))
        if number == steps_max:
            break
        if (epoch + 1) % options.validate_every == 0:
            validation[epoch + 1] = _validate(sequences, state.weights, options, item_rows)
            shown = validation[epoch + 1]
            say(f"epoch {epoch + 1}  validation HR@10 {shown.hit_rate:.4f}"
                f"  NDCG@10 {shown.ndcg:.4f}")  # fmt: skip
    weights = {name: np.asarray(value) for name, value in state.weights.items()}
    return MovieTraining(
        bundle=to_bundle(weights, config, hashes),
        losses=tuple(losses),
        validation=validation,
        steps=number,
        skipped=int(state.skipped),
        seconds=time.monotonic() - started,
    )


def _validate(
    sequences: MovieSequences,
    weights: Weights,
    options: MovieTrainingOptions,
    item_rows: Int64[np.ndarray, "m h"],
) -> LeaveOneOut:
    return evaluate_weights(
        sequences,
        weights,
        movielens_config(options.width),
        item_rows=item_rows,
        split="validation",
        users=np.arange(0, sequences.users, _VALIDATION_STRIDE),
    )
