"""A few requests with their answers, kept in a manifest: what a loaded model must reproduce."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from phoenix.bundle import Candidates, History
from phoenix.gen.actions import DISCRETE_COUNT


@dataclass(frozen=True)
class SampleRequest:
    """One viewer and some posts; the history's actions are 0 or 1, in actions.json's order."""

    user_id: int
    history: History
    candidates: Candidates
    # The request's clock, ms since 1970.
    request_time_ms: int


@dataclass(frozen=True)
class SampleAnswer:
    """What both models say to one request; NaN where a model has no such head."""

    # In the order of actions.json.
    probabilities: Float[np.ndarray, "c v"]
    dwell_seconds: Float[np.ndarray, " c"]
    user_vector: Float[np.ndarray, " d"]
    # Dot products of the viewer's vector and the candidates', in [-1, 1].
    similarities: Float[np.ndarray, " c"]


@dataclass(frozen=True)
class Sample:
    """Requests and their answers, in the same order."""

    requests: tuple[SampleRequest, ...]
    answers: tuple[SampleAnswer, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Plain values: one object a request; None for NaN."""
        return [
            {
                "user_id": request.user_id,
                "request_time_ms": request.request_time_ms,
                "history": _history_to_json(request.history),
                "candidates": _candidates_to_json(request.candidates),
                "probabilities": [_floats_to_json(row) for row in answer.probabilities],
                "dwell_seconds": _floats_to_json(answer.dwell_seconds),
                "user_vector": _floats_to_json(answer.user_vector),
                "similarities": _floats_to_json(answer.similarities),
            }
            for request, answer in zip(self.requests, self.answers, strict=True)
        ]

    @staticmethod
    def from_json(values: Sequence[Mapping[str, Any]]) -> "Sample":
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError for anything else."""
        return Sample(
            requests=tuple(_request_from_json(value) for value in values),
            answers=tuple(_answer_from_json(value) for value in values),
        )


def made_up_requests(data_end_ms: int) -> tuple[SampleRequest, ...]:
    """Requests of people and posts that nobody knows, about half of the posts from after the data.

    One viewer did a few things, one nothing yet. The same requests every time.
    """
    random = np.random.default_rng(0)
    hour_ms = 3_600_000

    def posts(count: int) -> Candidates:
        return Candidates(
            post_ids=random.integers(1, 2**62, count),
            author_ids=random.integers(1, 2**62, count),
            surfaces=np.zeros(count, np.int64),
            created_at_ms=np.maximum(data_end_ms + random.integers(-hour_ms, hour_ms, count), 1),
        )

    def request(user_id: int, events: int) -> SampleRequest:
        seen = posts(events)
        history = History(
            post_ids=seen.post_ids,
            author_ids=seen.author_ids,
            actions=random.integers(0, 2, (events, DISCRETE_COUNT)).astype(np.float32),
            dwell_seconds=random.integers(0, 30, events).astype(np.float32),
            surfaces=seen.surfaces,
            created_at_ms=seen.created_at_ms,
        )
        return SampleRequest(user_id, history, posts(8), data_end_ms + hour_ms)

    return request(1, 8), request(2**53 + 1, 0)


def _floats_to_json(values: Float[np.ndarray, " n"]) -> list[float | None]:
    # Nine digits give a float32 back to the bit.
    return [None if np.isnan(value) else float(f"{value:.9g}") for value in values.tolist()]


def _floats(values: Sequence[float | None]) -> Float[np.ndarray, " n"]:
    return np.array([np.nan if value is None else value for value in values], np.float32)


def _integers(values: Sequence[int]) -> np.ndarray:
    return np.array(values, np.int64)


def _history_to_json(history: History) -> dict[str, Any]:
    return {
        "post_ids": history.post_ids.tolist(),
        "author_ids": history.author_ids.tolist(),
        # Indices of actions.json, one list an event.
        "actions": [np.flatnonzero(row).tolist() for row in history.actions],
        "dwell_seconds": _floats_to_json(history.dwell_seconds),
        "surfaces": history.surfaces.tolist(),
        "created_at_ms": history.created_at_ms.tolist(),
    }


def _candidates_to_json(candidates: Candidates) -> dict[str, Any]:
    return {
        "post_ids": candidates.post_ids.tolist(),
        "author_ids": candidates.author_ids.tolist(),
        "surfaces": candidates.surfaces.tolist(),
        "created_at_ms": candidates.created_at_ms.tolist(),
    }


def _request_from_json(value: Mapping[str, Any]) -> SampleRequest:
    history, candidates = value["history"], value["candidates"]
    actions = np.zeros((len(history["actions"]), DISCRETE_COUNT), np.float32)
    for row, indices in enumerate(history["actions"]):
        actions[row, indices] = 1.0
    return SampleRequest(
        user_id=int(value["user_id"]),
        history=History(
            post_ids=_integers(history["post_ids"]),
            author_ids=_integers(history["author_ids"]),
            actions=actions,
            dwell_seconds=_floats(history["dwell_seconds"]),
            surfaces=_integers(history["surfaces"]),
            created_at_ms=_integers(history["created_at_ms"]),
        ),
        candidates=Candidates(
            post_ids=_integers(candidates["post_ids"]),
            author_ids=_integers(candidates["author_ids"]),
            surfaces=_integers(candidates["surfaces"]),
            created_at_ms=_integers(candidates["created_at_ms"]),
        ),
        request_time_ms=int(value["request_time_ms"]),
    )


def _answer_from_json(value: Mapping[str, Any]) -> SampleAnswer:
    rows = [_floats(row) for row in value["probabilities"]]
    return SampleAnswer(
        probabilities=np.array(rows, np.float32).reshape(len(rows), DISCRETE_COUNT),
        dwell_seconds=_floats(value["dwell_seconds"]),
        user_vector=_floats(value["user_vector"]),
        similarities=_floats(value["similarities"]),
    )
