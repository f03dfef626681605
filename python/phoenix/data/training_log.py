"""The training log in memory: one row an impression, and what viewers did by the time of doing.

`source` numbers SOURCES, `surface` numbers tastes.SURFACES. Files: training_log_files.py.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64, Integer, UInt8

from phoenix.gen.actions import DISCRETE_COUNT

SOURCES = ("in_network", "retrieval", "explored")
"""Why a post was shown: followed author, topic of interest, or at random."""

UNATTRIBUTED = -1
"""Request of an action that came without a tracking token."""


@dataclass(frozen=True)
class Deeds:
    """What viewers did, one row an action or several of one moment, in time order.

    request_id: that it belongs to, as in TrainingLog, or UNATTRIBUTED. Dwell in seconds, 0 = not
    known; actions in the order of schema/actions.json; a row of zeros brings its dwell alone.
    """

    viewer_id: Int64[np.ndarray, " a"]
    post_id: Int64[np.ndarray, " a"]
    author_id: Int64[np.ndarray, " a"]
    post_created_at_ms: Int64[np.ndarray, " a"]
    at_ms: Int64[np.ndarray, " a"]
    request_id: Int64[np.ndarray, " a"]
    actions: UInt8[np.ndarray, "a 18"]
    dwell_seconds: Float32[np.ndarray, " a"]


def _none() -> Int64[np.ndarray, " none"]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class TrainingLog:
    """Impressions in time order; times in ms since 1970, dwell in seconds, 0 = not known.

    request_id: same for all impressions of one ranking, a number of its own for one that nobody
    knows the ranking of. position: 0 = first of the slate.
    propensity: probability in (0, 1] that the logging policy showed this post in this slot.
    outcomes: 1 where the viewer did the action, columns in the order of schema/actions.json.
    ranked_at_ms: the request's clock, 0 = not known; empty where no impression's is.
    action_...: columns of Deeds; empty where the log tells no more than the outcomes.
    """

    request_id: Int64[np.ndarray, " n"]
    viewer_id: Int64[np.ndarray, " n"]
    post_id: Int64[np.ndarray, " n"]
    author_id: Int64[np.ndarray, " n"]
    at_ms: Int64[np.ndarray, " n"]
    post_created_at_ms: Int64[np.ndarray, " n"]
    position: Integer[np.ndarray, " n"]
    surface: UInt8[np.ndarray, " n"]
    source: UInt8[np.ndarray, " n"]
    propensity: Float32[np.ndarray, " n"]
    outcomes: UInt8[np.ndarray, "n 18"]
    dwell_seconds: Float32[np.ndarray, " n"]
    ranked_at_ms: Int64[np.ndarray, " r"] = field(default_factory=_none)
    action_viewer_id: Int64[np.ndarray, " a"] = field(default_factory=_none)
    action_post_id: Int64[np.ndarray, " a"] = field(default_factory=_none)
    action_author_id: Int64[np.ndarray, " a"] = field(default_factory=_none)
    action_post_created_at_ms: Int64[np.ndarray, " a"] = field(default_factory=_none)
    action_at_ms: Int64[np.ndarray, " a"] = field(default_factory=_none)
    action_request_id: Int64[np.ndarray, " a"] = field(default_factory=_none)
    action_actions: UInt8[np.ndarray, "a 18"] = field(
        default_factory=lambda: np.zeros((0, DISCRETE_COUNT), np.uint8)
    )
    action_dwell_seconds: Float32[np.ndarray, " a"] = field(
        default_factory=lambda: np.zeros(0, np.float32)
    )

    def __len__(self) -> int:
        return len(self.viewer_id)

    def deeds(self) -> Deeds:
        """What viewers did: as logged, else the outcomes, at the time of their impression."""
        if len(self.action_viewer_id):
            return Deeds(
                viewer_id=self.action_viewer_id,
                post_id=self.action_post_id,
                author_id=self.action_author_id,
                post_created_at_ms=self.action_post_created_at_ms,
                at_ms=self.action_at_ms,
                request_id=self.action_request_id,
                actions=self.action_actions,
                dwell_seconds=self.action_dwell_seconds,
            )
        acted = np.flatnonzero(self.outcomes.any(axis=1))
        return Deeds(
            viewer_id=self.viewer_id[acted],
            post_id=self.post_id[acted],
            author_id=self.author_id[acted],
            post_created_at_ms=self.post_created_at_ms[acted],
            at_ms=self.at_ms[acted],
            request_id=self.request_id[acted],
            actions=self.outcomes[acted],
            dwell_seconds=self.dwell_seconds[acted],
        )


def save_training_log(log: TrainingLog, directory: Path) -> None:
    """Writes the log's files into a directory, made when it is absent; see write_log.

    Raises:
      ValueError: If the log has actions of its own.
    """
    from phoenix.data.training_log_files import write_log

    write_log(log, directory)


def load_training_log(path: Path | str) -> TrainingLog:
    """Reads a log that the gateway, an export or the demo world wrote: a directory, or one file.

    Needs the Python group `learning` (pyarrow); serving does without.

    Raises:
      FileNotFoundError: If there is no such directory or file, or it holds no impressions.
      ValueError: If a file has another version, other actions, or a column of another type.
    """
    # Here and not above: who only serves has no pyarrow.
    from phoenix.data.training_log_files import read_log

    return read_log(Path(path))
