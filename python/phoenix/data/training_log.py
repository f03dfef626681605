"""The training log: one row an impression, as columns of one .npz file.

File: the arrays below by name, rows sorted by time, written without compression so that it loads
by copying. `source` numbers SOURCES, `surface` numbers tastes.SURFACES.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64, UInt8

SOURCES = ("in_network", "retrieval", "explored")
"""Why a post was shown: followed author, topic of interest, or at random."""

FORMAT_VERSION = 1


@dataclass(frozen=True)
class TrainingLog:
    """Impressions in time order; times in ms since 1970, dwell in seconds [0.2, 120].

    request_id: same for all impressions of one reading session. position: 0 = first of it.
    propensity: probability in (0, 1] that the logging policy showed this post in this slot.
    outcomes: 1 where the viewer did the action, columns in the order of schema/actions.json.
    """

    request_id: Int64[np.ndarray, " n"]
    viewer_id: Int64[np.ndarray, " n"]
    post_id: Int64[np.ndarray, " n"]
    author_id: Int64[np.ndarray, " n"]
    at_ms: Int64[np.ndarray, " n"]
    post_created_at_ms: Int64[np.ndarray, " n"]
    position: UInt8[np.ndarray, " n"]
    surface: UInt8[np.ndarray, " n"]
    source: UInt8[np.ndarray, " n"]
    propensity: Float32[np.ndarray, " n"]
    outcomes: UInt8[np.ndarray, "n 18"]
    dwell_seconds: Float32[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.viewer_id)


def save_training_log(log: TrainingLog, path: Path) -> None:
    """Writes the log to `path` (an .npz); a torn write never leaves the final name."""
    partial = path.with_suffix(".partial.npz")
    columns = {each.name: getattr(log, each.name) for each in fields(log)}
    np.savez(partial, allow_pickle=False, format_version=np.int64(FORMAT_VERSION), **columns)
    partial.replace(path)


def load_training_log(path: Path | str) -> TrainingLog:
    """Reads a log that save_training_log wrote.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If it has another format version or lacks a column.
    """
    with np.load(path, allow_pickle=False) as stored:
        names = [each.name for each in fields(TrainingLog)]
        missing = [name for name in ("format_version", *names) if name not in stored.files]
        if missing:
            raise ValueError(f"{path}: not a training log, it lacks {', '.join(missing)}")
        version = int(stored["format_version"])
        if version != FORMAT_VERSION:
            raise ValueError(f"{path}: format version {version}, expected {FORMAT_VERSION}")
        return TrainingLog(**{name: stored[name] for name in names})
