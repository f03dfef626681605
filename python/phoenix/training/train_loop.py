"""The loop that both models are trained by: batches of all epochs, saves, progress, and the end.

The number of steps done is the whole position: epoch and batch follow from it, and each batch
draws from random numbers of its own, counted by (seed, epoch, batch). So a training that was cut
off goes on to the bit with the arrays of its state and nothing else.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32

from phoenix.bundle import EmbeddingTables, ModelBundle, ModelKind
from phoenix.config import HashParameters, ModelConfig
from phoenix.training.batches import TouchedRows
from phoenix.training.initialise import without_untrained_rows
from phoenix.training.interruption import InterruptedTrainingError, Interruption
from phoenix.training.optimiser import (
    Loss,
    OptimiserOptions,
    TrainingState,
    create_step,
    initial_state,
)
from phoenix.training.progress import TrainingProgress
from phoenix.training.work_directory import Arrays, SaveError, WorkDirectory

TRAINING_ONLY = "training_only/"
"""Begins the names of weights that no served model has."""


class TrainingError(RuntimeError):
    """Training went wrong beyond repair."""


@dataclass(frozen=True)
class Trained:
    """A trained model. losses, aucs: of each step, before it. skipped: bad gradients."""

    parameters: dict[str, np.ndarray]
    tables: EmbeddingTables
    losses: Float32[np.ndarray, " steps"]
    aucs: Float32[np.ndarray, " steps"]
    skipped: int
    # Weights that only training had, by the rest of their name.
    extra: dict[str, float]


# The batches of one epoch (its number) from one of them (its number) on.
EpochBatches = Callable[[int, int], Iterator[tuple[TouchedRows, Any]]]


@dataclass(frozen=True)
class TrainingPlan:
    """What is trained, on what, for how long; the same plan gives the same bits on one machine.

    examples: how many examples an epoch has, for progress. known_rows: rows of tables (by name)
    that mean something though no step may touch them.
    """

    parameters: dict[str, np.ndarray]
    tables: EmbeddingTables
    loss: Loss
    options: OptimiserOptions
    epochs: int
    steps_an_epoch: int
    epoch_batches: EpochBatches
    examples: int
    seed: int
    known_rows: dict[str, np.ndarray]


@dataclass(frozen=True)
class SaveOptions:
    """A state is saved every so many steps or seconds, whichever comes first, and at the end."""

    every_steps: int = 500
    every_seconds: float = 60.0


@dataclass(frozen=True)
class Saves:
    """Where a training saves itself, and who may ask it to end."""

    work: WorkDirectory
    options: SaveOptions
    interruption: Interruption


def _state_arrays(state: TrainingState, curves: list[list[float]]) -> Arrays:
    leaves = {f"leaf{n:04d}": np.asarray(leaf) for n, leaf in enumerate(jax.tree.leaves(state))}
    return leaves | {"curves": np.array(curves, np.float32)}


def _state_from(arrays: Arrays, template: TrainingState) -> TrainingState:
    """The saved state in the shape of the initial one; the identity says that it fits."""
    leaves, shape = jax.tree.flatten(template)
    return jax.tree.unflatten(
        shape, [jnp.asarray(arrays[f"leaf{n:04d}"], leaf.dtype) for n, leaf in enumerate(leaves)]
    )


class _Run:
    """The state of one training and the two curves, with their saves."""

    def __init__(self, name: str, plan: TrainingPlan, saves: Saves | None, quiet: bool) -> None:
        named = {"user": plan.tables.user, "item": plan.tables.item, "author": plan.tables.author}
        self.name, self.saves = name, saves
        self.steps = plan.epochs * plan.steps_an_epoch
        self.state = initial_state(plan.parameters, named, plan.options)
        self.curves: list[list[float]] = [[], []]
        self.number = 0
        found = saves.work.newest(name) if saves is not None else None
        if found is not None:
            self.number, arrays = found
            self.state = _state_from(arrays, self.state)
            self.curves = arrays["curves"].tolist()
        self.progress = TrainingProgress(name, self.steps, self.number, quiet)
        self.examples = plan.examples // plan.steps_an_epoch
        self.saved_at = time.monotonic()

    def note(self, loss: Any, parts: dict[str, Any]) -> None:
        """One step is done."""
        self.number += 1
        self.curves[0].append(float(loss))
        self.curves[1].append(float(parts["auc"]))
        self.progress.step(
            self.number, loss=self.curves[0][-1], auc=self.curves[1][-1], examples=self.examples
        )
        if self.saves is None:
            return
        options, now = self.saves.options, time.monotonic()
        asked = self.saves.interruption.requested
        due = self.number % options.every_steps == 0 or self.number == self.steps
        if due or asked or now - self.saved_at >= options.every_seconds:
            self._save(self.saves, asked)
            self.saved_at = now

    def _save(self, saves: Saves, asked: bool) -> None:
        where = f"step {self.number} of {self.steps} of the {self.name} model"
        try:
            saves.work.save(self.name, self.number, _state_arrays(self.state, self.curves))
        except SaveError as error:
            if asked:
                raise
            self.progress.say(f"{error}; training goes on")
            return
        if asked:
            raise InterruptedTrainingError(f"stopped and saved at {where}")


def train(
    name: str, plan: TrainingPlan, *, saves: Saves | None = None, quiet: bool = False
) -> Trained:
    """Trains a model, or goes on with the training that `saves` holds.

    Raises:
      TrainingError: More than one step in ten had a gradient that is not finite.
      InterruptedTrainingError: Somebody asked for the end, and the state is saved.
      SaveError: The same, and it could not be saved.
    """
    step = create_step(plan.loss, plan.options)
    key = jax.random.key(plan.seed, impl="rbg")
    run = _Run(name, plan, saves, quiet)
    first_epoch, place = divmod(run.number, plan.steps_an_epoch)
    for epoch in range(first_epoch, plan.epochs):
        for touched, arrays in plan.epoch_batches(epoch, place):
            run.state, loss, parts = step(
                run.state, touched, arrays, jax.random.fold_in(key, run.number)
            )
            run.note(loss, parts)
        place = 0
    return _finish(run, plan.known_rows)


def _finish(run: _Run, known_rows: dict[str, np.ndarray]) -> Trained:
    state, skipped = run.state, int(run.state.skipped)
    if skipped * 10 > run.number:
        raise TrainingError(f"{skipped} of {run.number} steps had a gradient that is not finite")
    tables = EmbeddingTables(**{name: np.asarray(rows) for name, rows in state.tables.items()})
    touched = {name: np.asarray(value) > 0 for name, value in state.accumulators.items()}
    for name, known in known_rows.items():
        touched[name] |= known
    weights = {name: np.asarray(value) for name, value in state.weights.items()}
    losses, aucs = np.array(run.curves, np.float32)
    return Trained(
        parameters={n: value for n, value in weights.items() if not n.startswith(TRAINING_ONLY)},
        tables=without_untrained_rows(tables, touched),
        losses=losses,
        aucs=aucs,
        skipped=skipped,
        extra={
            n.removeprefix(TRAINING_ONLY): float(value)
            for n, value in weights.items()
            if n.startswith(TRAINING_ONLY)
        },
    )


def to_bundle(
    trained: Trained,
    kind: ModelKind,
    *,
    config: ModelConfig,
    hashes: HashParameters,
    data_end_ms: int,
) -> ModelBundle:
    """A trained model as it is saved and served; rows of posts after its data are neutral."""
    return ModelBundle(
        kind=kind,
        config=config,
        parameters=trained.parameters,
        tables=trained.tables,
        hashes=hashes,
        neutral_items_after_ms=data_end_ms,
    )
