"""A training run on disk, so that a cut one goes on where its last whole epoch ended."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import jax
import numpy as np

from phoenix.public_data.movielens_metrics import LeaveOneOut
from phoenix.training.optimiser import TrainingState


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a run has behind it: whole epochs, steps, mean losses, validations, seconds."""

    epochs: int = 0
    steps: int = 0
    losses: tuple[float, ...] = ()
    validation: tuple[tuple[int, LeaveOneOut], ...] = ()
    seconds: float = 0.0


def save_run(
    file: Path, options: dict[str, Any], *, state: TrainingState, progress: Progress
) -> None:
    """Writes a temporary file and renames it: a cut write leaves the old one."""
    arrays = {f"leaf_{place}": np.asarray(leaf) for place, leaf in enumerate(_leaves(state))}
    said = {"options": options, "progress": dataclasses.asdict(progress)}
    temporary = file.with_name(file.name + ".part")
    with temporary.open("wb") as target:
        np.savez(target, allow_pickle=False, said=np.array(json.dumps(said)), **arrays)
        target.flush()
        os.fsync(target.fileno())
    temporary.replace(file)


def load_run(
    file: Path, options: dict[str, Any], fresh: TrainingState
) -> tuple[TrainingState, Progress]:
    """The state and progress of a file, or `fresh` and nothing done when there is no file.

    Raises:
      ValueError: The file is of other options; names it.
    """
    if not file.is_file():
        return fresh, Progress()
    with np.load(file) as held:
        said = json.loads(str(held["said"]))
        if said["options"] != json.loads(json.dumps(options)):
            raise ValueError(f"{file}: is a run with other options: name another file")
        leaves = [jax.numpy.asarray(held[f"leaf_{i}"]) for i in range(len(_leaves(fresh)))]
    progress = said["progress"]
    return jax.tree.unflatten(jax.tree.structure(fresh), leaves), Progress(
        epochs=progress["epochs"],
        steps=progress["steps"],
        losses=tuple(progress["losses"]),
        validation=tuple((epoch, LeaveOneOut(**each)) for epoch, each in progress["validation"]),
        seconds=progress["seconds"],
    )


def _leaves(state: TrainingState) -> list[Any]:
    return jax.tree.leaves(state)
