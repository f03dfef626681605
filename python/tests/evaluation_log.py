"""A small log of the demo world around the end of the committed checkpoint's data."""

import functools
from pathlib import Path

from phoenix.checkpoints import load_checkpoint
from phoenix.data.posts import HOUR_MS
from phoenix.data.training_log import TrainingLog, save_training_log
from phoenix.data.world import create_world, world_training_log

DEMO = Path(__file__).resolve().parents[1] / "checkpoints" / "demo"
_DAY_MS = 24 * HOUR_MS


@functools.cache
def data_end_ms() -> int:
    """Where the checkpoint's data ends."""
    manifest = load_checkpoint(DEMO).manifest
    assert manifest is not None
    return manifest.provenance.data_range_ms[1]


@functools.cache
def small_log() -> TrainingLog:
    """180 people, from four days before the data's end to two days after it."""
    end_ms = data_end_ms()
    world = create_world(7, end_ms + 2 * _DAY_MS, scale=0.06, from_ms=end_ms - 4 * _DAY_MS)
    return world_training_log(world)


def write_log(log: TrainingLog, folder: Path) -> Path:
    """The log as --log takes it."""
    path = folder / "log.npz"
    save_training_log(log, path)
    return path
