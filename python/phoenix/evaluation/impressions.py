"""Logged requests that a checkpoint has not seen, and its predictions for what they showed.

The histories are what each viewer had done before the request began (viewer_sequences.py, the
same code that makes training rows), and predictions come from InferenceEngine.rank, which the
ranking service calls: serving and evaluation are one code.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64, Integer, UInt8

from phoenix.bundle import Candidates, History
from phoenix.data.training_log import TrainingLog
from phoenix.inference import InferenceEngine
from phoenix.training.viewer_sequences import ViewerSequences


class EvaluationError(ValueError):
    """Something cannot be measured; the message says what and how to mend it."""


@dataclass(frozen=True)
class LoggedRequests:
    """Requests by (viewer, time), each with what it showed.

    request r has the impressions offsets[r] .. offsets[r + 1]; `request` numbers them back.
    viewer: place in ViewerSequences.viewer_ids. place: in its impressions.
    source: of training_log.SOURCES.
    history_size: actions that the viewer had done before. Times in ms since 1970.
    """

    offsets: Int64[np.ndarray, " r_plus_1"]
    viewer_ids: Int64[np.ndarray, " r"]
    viewer: Int64[np.ndarray, " r"]
    request_ms: Int64[np.ndarray, " r"]
    request: Int64[np.ndarray, " n"]
    place: Int64[np.ndarray, " n"]
    post_ids: Int64[np.ndarray, " n"]
    author_ids: Int64[np.ndarray, " n"]
    created_at_ms: Int64[np.ndarray, " n"]
    at_ms: Int64[np.ndarray, " n"]
    surfaces: Int32[np.ndarray, " n"]
    source: UInt8[np.ndarray, " n"]
    position: Integer[np.ndarray, " n"]
    propensity: Float32[np.ndarray, " n"]
    outcomes: UInt8[np.ndarray, "n 18"]
    dwell_seconds: Float32[np.ndarray, " n"]
    history_size: Int64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.viewer_ids)

    @property
    def impression_viewer(self) -> Int64[np.ndarray, " n"]:
        """The viewer's place, by impression."""
        return self.viewer[self.request]

    def candidates(self, request: int) -> Candidates:
        """What one request showed."""
        shown = slice(self.offsets[request], self.offsets[request + 1])
        return Candidates(
            post_ids=self.post_ids[shown],
            author_ids=self.author_ids[shown],
            surfaces=self.surfaces[shown],
            created_at_ms=self.created_at_ms[shown],
        )

    def take(self, kept: Int64[np.ndarray, " k"]) -> "LoggedRequests":
        """Some of the requests, by ascending number."""
        sizes = np.diff(self.offsets)[kept]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        request = np.repeat(np.arange(len(kept)), sizes)
        rows = self.offsets[kept][request] + np.arange(len(request)) - offsets[request]
        by_request = {"viewer_ids", "viewer", "request_ms"}
        columns = {
            each.name: getattr(self, each.name)[kept if each.name in by_request else rows]
            for each in fields(self)
            if each.name not in ("offsets", "request")
        }
        return LoggedRequests(offsets=offsets, request=request, **columns)


def sequence_order(log: TrainingLog, sequences: ViewerSequences) -> Int64[np.ndarray, " n"]:
    """Rows of the log in the order of sequences.impressions.

    Raises:
      EvaluationError: The sequences were made from another log.
    """
    shown = sequences.impressions
    viewer = np.repeat(sequences.viewer_ids, np.diff(shown.offsets))
    theirs = np.lexsort((shown.at_ms, shown.post_ids, shown.request_id, viewer))
    ours = np.lexsort((log.at_ms, log.post_id, log.request_id, log.viewer_id))
    if not np.array_equal(log.post_id[ours], shown.post_ids[theirs]):
        raise EvaluationError("the sequences were made from another log")
    order = np.empty(len(ours), np.int64)
    order[theirs] = ours
    return order


def logged_requests(
    log: TrainingLog, sequences: ViewerSequences, *, from_ms: int, until_ms: int | None = None
) -> LoggedRequests:
    """The requests that began in [from_ms, until_ms), by viewer and time.

    Raises:
      EvaluationError: There is none.
    """
    order, shown = sequence_order(log, sequences), sequences.impressions
    kept = shown.request_ms >= from_ms
    if until_ms is not None:
        kept &= shown.request_ms < until_ms
    rows = np.flatnonzero(kept)
    if len(rows) == 0:
        raise EvaluationError(
            f"the log has no request after {from_ms} ms, where the checkpoint's data ends: "
            "evaluate on a log that goes further"
        )
    viewer = np.repeat(np.arange(len(sequences.viewer_ids)), np.diff(shown.offsets))[rows]
    # Requests of one viewer may overlap in time; their impressions go together.
    by_request = np.lexsort((shown.request_id[rows], shown.request_ms[rows], viewer))
    rows, viewer = rows[by_request], viewer[by_request]
    opens = np.ones(len(rows), bool)
    opens[1:] = (np.diff(viewer) != 0) | (np.diff(shown.request_id[rows]) != 0)
    first = np.flatnonzero(opens)
    logged = order[rows]
    return LoggedRequests(
        offsets=np.append(first, len(rows)),
        viewer_ids=sequences.viewer_ids[viewer[first]],
        viewer=viewer[first],
        request_ms=shown.request_ms[rows[first]],
        request=np.cumsum(opens) - 1,
        place=rows,
        post_ids=shown.post_ids[rows],
        author_ids=shown.author_ids[rows],
        created_at_ms=shown.created_at_ms[rows],
        at_ms=shown.at_ms[rows],
        surfaces=shown.surfaces[rows].astype(np.int32),
        source=log.source[logged],
        position=log.position[logged],
        propensity=log.propensity[logged],
        outcomes=shown.outcomes[rows],
        dwell_seconds=shown.dwell_seconds[rows],
        history_size=shown.visible[rows],
    )


def sampled(requests: LoggedRequests, count: int | None, seed: int) -> LoggedRequests:
    """All requests of viewers drawn with a seed, until there are about `count`; None: all."""
    if count is None or len(requests) <= count:
        return requests
    viewers, number = np.unique(requests.viewer, return_inverse=True)
    turn = np.random.default_rng(seed).permutation(len(viewers))
    sizes = np.bincount(number)[np.argsort(turn)]
    enough = int(np.searchsorted(np.cumsum(sizes), count)) + 1
    return requests.take(np.flatnonzero(turn[number] < enough))


@dataclass(frozen=True)
class Predictions:
    """One row an impression. probabilities: NaN where the model has no head. dwell: seconds."""

    probabilities: Float[np.ndarray, "n 18"]
    dwell_seconds: Float[np.ndarray, " n"]


def predict(
    engine: InferenceEngine,
    requests: LoggedRequests,
    *,
    history_of: Callable[[int], History],
    user_id_of: Callable[[int], int],
) -> Predictions:
    """Asks the engine once a request, as serving does.

    Args:
      engine: Holds a ranker.
      requests: What was shown.
      history_of, user_id_of: By the number of the request.

    Raises:
      FloatingPointError: A prediction is infinite, or a head is NaN for some posts only.
    """
    probabilities = np.empty((len(requests.post_ids), 18))
    dwell = np.zeros(len(requests.post_ids))
    for number in range(len(requests)):
        shown = slice(requests.offsets[number], requests.offsets[number + 1])
        predicted, seconds = engine.rank(
            user_id=user_id_of(number),
            history=history_of(number),
            candidates=requests.candidates(number),
            request_time_ms=int(requests.request_ms[number]),
        )
        probabilities[shown] = predicted
        if seconds is not None:
            dwell[shown] = seconds
    absent = np.isnan(probabilities)
    if np.isinf(probabilities).any() or (absent.any(axis=0) & ~absent.all(axis=0)).any():
        raise FloatingPointError("the model gave a probability that is not finite")
    return Predictions(probabilities, dwell)


def predict_served(
    engine: InferenceEngine, requests: LoggedRequests, sequences: ViewerSequences
) -> Predictions:
    """Predictions from each viewer's own id and history."""
    newest = engine.config.history_length
    return predict(
        engine,
        requests,
        history_of=lambda number: sequences.history_before(
            int(requests.viewer[number]), int(requests.request_ms[number]), newest
        ),
        user_id_of=lambda number: int(requests.viewer_ids[number]),
    )
