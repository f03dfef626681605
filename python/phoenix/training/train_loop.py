"""The loop that both models are trained by: epochs of batches, progress, and the end."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from phoenix.bundle import EmbeddingTables, ModelBundle, ModelKind
from phoenix.training.batches import TouchedRows
from phoenix.training.initialise import demo_config, demo_hashes, without_untrained_rows
from phoenix.training.optimiser import (
    Loss,
    OptimiserOptions,
    TrainingState,
    create_step,
    initial_state,
)

_PROGRESS_STEPS = 25


class TrainingError(RuntimeError):
    """Training went wrong beyond repair."""


@dataclass(frozen=True)
class Trained:
    """A trained model. losses: mean loss of each epoch. skipped: steps with a bad gradient."""

    parameters: dict[str, np.ndarray]
    tables: EmbeddingTables
    losses: tuple[float, ...]
    steps: int
    skipped: int


@dataclass
class TrainingProgress:
    """Progress lines on standard error: step, loss, time left."""

    name: str
    steps: int
    quiet: bool = False
    started: float = field(default_factory=time.monotonic)
    recent: list[float] = field(default_factory=list)

    def step(self, number: int, loss: float, parts: dict[str, float]) -> None:
        """One step is done; a line every few steps."""
        self.recent.append(loss)
        if self.quiet or (number % _PROGRESS_STEPS != 0 and number != self.steps):
            return
        left = (time.monotonic() - self.started) / number * (self.steps - number)
        mean = sum(self.recent) / len(self.recent)
        named = "  ".join(f"{name} {value:.4f}" for name, value in parts.items())
        print(
            f"{self.name}  step {number}/{self.steps}  loss {mean:.4f}  {named}  {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )
        self.recent.clear()


# The batches of one epoch, from the epoch's own random numbers.
EpochBatches = Callable[[np.random.Generator], Iterator[tuple[TouchedRows, Any]]]


def _tables_of(state: TrainingState) -> EmbeddingTables:
    tables = EmbeddingTables(**{name: np.asarray(rows) for name, rows in state.tables.items()})
    touched = {name: np.asarray(value) > 0 for name, value in state.accumulators.items()}
    return without_untrained_rows(tables, touched)


def train(
    *,
    parameters: dict[str, np.ndarray],
    tables: EmbeddingTables,
    loss: Loss,
    options: OptimiserOptions,
    epochs: int,
    epoch_batches: EpochBatches,
    seed: int,
    progress: TrainingProgress,
) -> Trained:
    """Trains a model. The same arguments give the same bits on one machine.

    Raises:
      TrainingError: More than one step in ten had a gradient that is not finite.
    """
    step = create_step(loss, options)
    named = {"user": tables.user, "item": tables.item, "author": tables.author}
    state = initial_state(parameters, named, options)
    key = jax.random.key(seed, impl="rbg")
    losses: list[float] = []
    number = 0
    for epoch in range(epochs):
        random = np.random.default_rng((seed, epoch))
        values: list[float] = []
        for touched, arrays in epoch_batches(random):
            state, value, parts = step(state, touched, arrays, jax.random.fold_in(key, number))
            number += 1
            values.append(float(value))
            shown = {name: float(part) for name, part in parts.items()}
            progress.step(number, values[-1], shown)
        losses.append(float(np.mean(values)))
    skipped = int(state.skipped)
    if skipped * 10 > number:
        raise TrainingError(f"{skipped} of {number} steps had a gradient that is not finite")
    return Trained(
        parameters={name: np.asarray(value) for name, value in state.weights.items()},
        tables=_tables_of(state),
        losses=tuple(losses),
        steps=number,
        skipped=skipped,
    )


def to_bundle(trained: Trained, kind: ModelKind, data_end_ms: int) -> ModelBundle:
    """A trained demo model as it is saved and served; rows of posts after its data are neutral."""
    return ModelBundle(
        kind=kind,
        config=demo_config(kind),
        parameters=trained.parameters,
        tables=trained.tables,
        hashes=demo_hashes(),
        neutral_items_after_ms=data_end_ms,
    )
