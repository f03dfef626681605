"""The training loop of MovieLens-1M."""

import dataclasses
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Int64

from phoenix.bundle import ModelBundle
from phoenix.config import ModelConfig
from phoenix.hashing import entity_rows
from phoenix.public_data.movielens_batches import epoch_batches, steps_of_epoch
from phoenix.public_data.movielens_data import MovieSequences, Split
from phoenix.public_data.movielens_loss import movie_loss
from phoenix.public_data.movielens_metrics import LeaveOneOut
from phoenix.public_data.movielens_model import (
    initial_weights,
    movielens_config,
    movielens_hashes,
    to_bundle,
)
from phoenix.public_data.movielens_resume import Progress, load_run, save_run
from phoenix.public_data.movielens_scoring import evaluate_weights
from phoenix.training.optimiser import (
    OptimiserOptions,
    TrainingState,
    Weights,
    create_step,
    initial_state,
)

_PROGRESS_STEPS = 20
# Every fourth user is enough to see where a run goes; the end measures all of them.
_VALIDATION_STRIDE = 4


@dataclass(frozen=True)
class MovieTrainingOptions:
    """How the model is trained; the defaults make the figures of docs/model-card.md.

    ahead: weights of the next movies as targets; one weight is the next movie alone. People rate
    several movies within a second, so those that follow soon are nearly as good an answer.
    before: trains on what a user saw before the target of this split. "validation" is for choosing
    a recipe; then "test" trains on the validation movie too, as SASRec's and HSTU's published
    figures do. validate_every: epochs between two looks at the validation movie while it is kept.
    """

    seed: int = 1
    width: int = 128
    epochs: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warm_up_steps: int = 200
    dropout: float = 0.2
    temperature: float = 0.05
    ahead: tuple[float, ...] = (1.0,)
    before: Split = "test"
    validate_every: int = 2


@dataclass(frozen=True)
class MovieTraining:
    """A trained model and how it went: `done` holds losses and validations of each epoch.

    skipped: steps whose gradient was not finite.
    """

    bundle: ModelBundle
    done: Progress
    skipped: int


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class MovieTrainer:
    """One run: what every epoch of it needs."""

    sequences: MovieSequences
    options: MovieTrainingOptions
    say: Callable[[str], None] = _say

    @cached_property
    def _optimiser(self) -> OptimiserOptions:
        return OptimiserOptions(
            steps=self.steps,
            learning_rate=self.options.learning_rate,
            row_learning_rates={},
            warm_up_steps=self.options.warm_up_steps,
            weight_decay=self.options.weight_decay,
        )

    @cached_property
    def _step(self) -> Callable[..., Any]:
        """Compiled once for every length of rows, however often the trainer trains."""
        loss = movie_loss(
            self._config,
            self._item_rows,
            dropout_rate=self.options.dropout,
            temperature=self.options.temperature,
        )
        return create_step(loss, self._optimiser)

    def _start(self) -> TrainingState:
        random = np.random.default_rng(self.options.seed)
        weights = initial_weights(self._config, movielens_hashes(), random)
        return initial_state(weights, {}, self._optimiser)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.options.epochs * steps_of_epoch(self.sequences, self.options.before)

    @property
    def _config(self) -> ModelConfig:
        return movielens_config(self.options.width)

    @property
    def _item_rows(self) -> Int64[np.ndarray, "m h"]:
        return entity_rows(self.sequences.movie_ids, movielens_hashes().item)

    def train(self, *, epochs_max: int | None = None, file: Path | None = None) -> MovieTraining:
        """Trains on what users saw before a split's target. Same options, same bits.

        Args:
          epochs_max: Ends early, for a quick look; the schedule stays that of all epochs.
          file: Holds the run after every epoch. If it is there, the run goes on from it.

        Raises:
          ValueError: The file is of other options.
        """
        options = dataclasses.asdict(self.options)
        state, done = self._start(), Progress()
        if file is not None:
            state, done = load_run(file, options, state)
        while done.epochs < (epochs_max or self.options.epochs):
            state, done = self._epoch(state, done)
            if file is not None:
                save_run(file, options, state=state, progress=done)
        weights = {name: np.asarray(value) for name, value in state.weights.items()}
        return MovieTraining(
            bundle=to_bundle(weights, self._config, movielens_hashes()),
            done=done,
            skipped=int(state.skipped),
        )

    def _epoch(self, state: TrainingState, done: Progress) -> tuple[TrainingState, Progress]:
        seed = self.options.seed
        random = np.random.default_rng((seed, done.epochs))
        key = jax.random.key(seed, impl="rbg")
        started, number = time.monotonic(), done.steps
        values: list[float] = []
        batches = epoch_batches(
            self.sequences, random, ahead=self.options.ahead, before=self.options.before
        )
        for batch in batches:
            state, value, _ = self._step(state, {}, batch, jax.random.fold_in(key, number))
            values.append(float(value))
            number += 1
            if number % _PROGRESS_STEPS == 0:
                pace = (time.monotonic() - started) / len(values)
                recent = np.mean(values[-_PROGRESS_STEPS:])
                left = pace * (self.steps - number)
                self.say(f"step {number}/{self.steps}  loss {recent:.4f}  {left:.0f} s left")
        epoch, validation = done.epochs + 1, done.validation
        if self.options.before == "validation" and epoch % self.options.validate_every == 0:
            metrics = self._validate(state.weights)
            validation = (*validation, (epoch, metrics))
            self.say(
                f"epoch {epoch}  validation HR@10 {metrics.hit_rate:.4f}  "
                f"NDCG@10 {metrics.ndcg:.4f}"
            )
        return state, Progress(
            epochs=epoch,
            steps=number,
            losses=(*done.losses, float(np.mean(values))),
            validation=validation,
            seconds=done.seconds + time.monotonic() - started,
        )

    def _validate(self, weights: Weights) -> LeaveOneOut:
        return evaluate_weights(
            self.sequences,
            weights,
            self._config,
            item_rows=self._item_rows,
            split="validation",
            users=np.arange(0, self.sequences.users, _VALIDATION_STRIDE),
        )
