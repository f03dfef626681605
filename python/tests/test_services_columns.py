"""Packed columns: what is left out, and what is refused."""

import math

import numpy as np
import pytest

from phoenix.gen import phoenix_pb2 as wire
from services.column_checks import InvalidRequestError
from services.request_columns import ColumnLimits, to_candidates, to_history
from tests.service_requests import NOW_MS, packed_rank, random_events, random_posts

LIMITS = ColumnLimits(history_length=12, surfaces=16, now_ms=NOW_MS)


def _request() -> wire.RankRequest:
    request = packed_rank(random_events(3), random_posts(2))
    request.packed_actions.acted_at_ms.extend([1, 2, 3])
    return request


def test_optional_columns_may_be_left_out() -> None:
    request = _request()
    for field in ("dwell_seconds", "surfaces", "acted_at_ms", "post_created_at_ms"):
        request.packed_actions.ClearField(field)
    for field in ("surfaces", "created_at_ms"):
        request.packed_candidates.ClearField(field)
    history, candidates = to_history(request, LIMITS), to_candidates(request, LIMITS)
    assert history.dwell_seconds.tolist() == [0.0, 0.0, 0.0]
    assert history.surfaces.tolist() == history.created_at_ms.tolist() == [0, 0, 0]
    assert candidates.surfaces.tolist() == candidates.created_at_ms.tolist() == [0, 0]


def test_an_empty_packed_history_is_valid() -> None:
    request = wire.RetrieveRequest(user_id=1, packed_actions=wire.PackedActions())
    assert to_history(request, LIMITS).post_ids.shape == (0,)


@pytest.mark.parametrize(
    "field",
    [
        "packed_actions.author_ids",
        "packed_actions.dwell_seconds",
        "packed_actions.acted_at_ms",
        "packed_actions.post_created_at_ms",
        "packed_candidates.author_ids",
        "packed_candidates.created_at_ms",
    ],
)
def test_a_column_of_another_length_is_refused_by_name(field: str) -> None:
    request = _request()
    message, column = field.split(".")
    getattr(getattr(request, message), column).append(5)
    is_history = message == "packed_actions"
    expected = 3 if is_history else 2
    refusal = f"^{field} must have {expected} entries, found {expected + 1}$"
    with pytest.raises(InvalidRequestError, match=refusal):
        (to_history if is_history else to_candidates)(request, LIMITS)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("multi_hot", bytes(53), r"packed_actions.multi_hot must have 54 entries, found 53"),
        ("multi_hot", bytes([0] * 20 + [2] * 34), r"multi_hot\[20\] must be 0 or 1, found 2"),
        ("surfaces", bytes([1, 2]), "packed_actions.surfaces must have 3 entries, found 2"),
        ("surfaces", bytes([0, 0, 16]), r"surfaces\[2\] must be 0 to 15, found 16"),
    ],
)
def test_bytes_are_checked(field: str, value: bytes, message: str) -> None:
    request = _request()
    setattr(request.packed_actions, field, value)
    with pytest.raises(InvalidRequestError, match=message):
        to_history(request, LIMITS)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("post_ids", 0, r"packed_actions.post_ids\[1\] must be 1 or more, found 0"),
        ("author_ids", -1, r"packed_actions.author_ids\[1\] must be 1 or more, found -1"),
        ("dwell_seconds", math.nan, r"packed_actions.dwell_seconds\[1\] must be 0 \(none\) or"),
        ("dwell_seconds", -0.5, r"packed_actions.dwell_seconds\[1\] must be 0 \(none\) or"),
        ("post_created_at_ms", -1, r"packed_actions.post_created_at_ms\[1\] must be 0"),
    ],
)
def test_values_are_checked(field: str, value: float, message: str) -> None:
    request = _request()
    getattr(request.packed_actions, field)[1] = value
    with pytest.raises(InvalidRequestError, match=message):
        to_history(request, LIMITS)


def test_every_name_of_a_burst_counts_and_dwell_time_has_no_column() -> None:
    action = wire.Action(
        post_id=1, author_id=2, action_type="dwell_time", action_types=["like", "reply"]
    )
    action.dwell_ms = 2_500
    request = wire.RankRequest(
        user_id=1, user_action_sequence=wire.UserActionSequence(actions=[action])
    )
    history = to_history(request, LIMITS)
    assert np.flatnonzero(history.actions[0]).tolist() == [0, 1]
    assert history.dwell_seconds.tolist() == [2.5]
