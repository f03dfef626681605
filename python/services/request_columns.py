"""Histories and candidates out of requests, plain or packed.

Both forms become the same columns before they are checked, so that both get the same answer and
the same refusal.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from phoenix.bundle import Candidates, History
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.snowflakes import creation_times
from services.column_checks import (
    FieldName,
    InvalidRequestError,
    optional_integers,
    packed_name,
    plain_name,
    require_dwell,
    require_ids,
    require_length,
    require_surfaces,
    require_times,
    to_integers,
    to_multi_hot,
)

# Of one ranking request; the gateway splits what is longer.
CANDIDATES_MAX = 5_000

_ACTION_INDEXES = {
    name: action.index for action in ACTIONS for name in (action.name, *action.aliases)
}


@dataclass(frozen=True)
class ColumnLimits:
    """What a model makes of columns."""

    # S: older events are left out.
    history_length: int
    # Rows of the model's table of surfaces.
    surfaces: int
    # The request's clock, ms since 1970.
    now_ms: int


def _plain_actions(actions: list[wire.Action], name: FieldName) -> Float[np.ndarray, "n v"]:
    """One row an action; dwell_time is continuous and has no column."""
    multi_hot = np.zeros((len(actions), DISCRETE_COUNT), np.float32)
    for row, action in enumerate(actions):
        names = [*([action.action_type] if action.action_type else []), *action.action_types]
        if not names:
            raise InvalidRequestError(f"{name('action_type', row)} is missing")
        for action_type in names:
            index = _ACTION_INDEXES.get(action_type)
            if index is None:
                raise InvalidRequestError(
                    f"{name('action_type', row)} {action_type!r} is unknown; known are "
                    + ", ".join(_ACTION_INDEXES)
                )
            if index < DISCRETE_COUNT:
                multi_hot[row, index] = 1.0
    return multi_hot


def _plain_history(actions: list[wire.Action], name: FieldName) -> History:
    count = len(actions)
    milliseconds = to_integers((action.dwell_ms for action in actions), count)
    return History(
        post_ids=to_integers((action.post_id for action in actions), count),
        author_ids=to_integers((action.author_id for action in actions), count),
        actions=_plain_actions(actions, name),
        dwell_seconds=(milliseconds / 1_000).astype(np.float32),
        surfaces=to_integers((action.surface for action in actions), count),
        created_at_ms=to_integers((action.post_created_at_ms for action in actions), count),
    )


def _packed_history(packed: wire.PackedActions) -> History:
    count = len(packed.post_ids)
    require_length(packed.author_ids, count, "packed_actions.author_ids")
    # No model reads these times yet; a column of another length is a fault all the same.
    optional_integers(packed.acted_at_ms, count, "packed_actions.acted_at_ms")
    dwell_seconds = np.zeros(count, np.float32)
    if packed.dwell_seconds:
        require_length(packed.dwell_seconds, count, "packed_actions.dwell_seconds")
        dwell_seconds = np.fromiter(packed.dwell_seconds, np.float32, count)
    return History(
        post_ids=to_integers(packed.post_ids, count),
        author_ids=to_integers(packed.author_ids, count),
        actions=to_multi_hot(packed.multi_hot, count, "packed_actions.multi_hot"),
        dwell_seconds=dwell_seconds,
        surfaces=optional_integers(packed.surfaces, count, "packed_actions.surfaces"),
        created_at_ms=optional_integers(
            packed.post_created_at_ms, count, "packed_actions.post_created_at_ms"
        ),
    )


def to_history(request: wire.RetrieveRequest | wire.RankRequest, limits: ColumnLimits) -> History:
    """The newest events of a request's history, packed or plain; may be empty.

    Creation times that are absent come from ids that are snowflakes; others stay 0.

    Raises:
      InvalidRequestError: A column's length or a value is not allowed.
    """
    if request.HasField("packed_actions"):
        name = packed_name("packed_actions")
        history = _packed_history(request.packed_actions)
    else:
        name = plain_name("user_action_sequence.actions")
        history = _plain_history(list(request.user_action_sequence.actions), name)
    require_ids(history.post_ids, "post_id", name)
    require_ids(history.author_ids, "author_id", name)
    require_times(history.created_at_ms, "post_created_at_ms", name)
    require_surfaces(history.surfaces, limits.surfaces, name)
    require_dwell(history.dwell_seconds, name)
    newest = slice(max(0, history.post_ids.shape[0] - limits.history_length), None)
    post_ids = history.post_ids[newest]
    return History(
        post_ids=post_ids,
        author_ids=history.author_ids[newest],
        actions=history.actions[newest],
        dwell_seconds=history.dwell_seconds[newest],
        surfaces=history.surfaces[newest],
        created_at_ms=creation_times(post_ids, history.created_at_ms[newest], limits.now_ms),
    )


def to_posts(packed: wire.PackedCandidates, columns: str, limits: ColumnLimits) -> Candidates:
    """Packed posts; `columns` is the field that holds them. As `to_history` about times and faults.

    Raises:
      InvalidRequestError: A column's length or a value is not allowed.
    """
    count = len(packed.post_ids)
    require_length(packed.author_ids, count, f"{columns}.author_ids")
    posts = Candidates(
        post_ids=to_integers(packed.post_ids, count),
        author_ids=to_integers(packed.author_ids, count),
        surfaces=optional_integers(packed.surfaces, count, f"{columns}.surfaces"),
        created_at_ms=optional_integers(packed.created_at_ms, count, f"{columns}.created_at_ms"),
    )
    return _checked_posts(posts, packed_name(columns), limits)


def to_candidates(request: wire.RankRequest, limits: ColumnLimits) -> Candidates:
    """The candidates of a request, packed or plain; may be empty.

    Raises:
      InvalidRequestError: There are too many, or a value is not allowed.
    """
    is_packed = request.HasField("packed_candidates")
    count = len(request.packed_candidates.post_ids if is_packed else request.candidates)
    if count > CANDIDATES_MAX:
        raise InvalidRequestError(
            f"candidates must be {CANDIDATES_MAX} at most, found {count}; split the request"
        )
    if is_packed:
        return to_posts(request.packed_candidates, "packed_candidates", limits)
    plain = request.candidates
    candidates = Candidates(
        post_ids=to_integers((candidate.post_id for candidate in plain), count),
        author_ids=to_integers((candidate.author_id for candidate in plain), count),
        surfaces=to_integers((candidate.surface for candidate in plain), count),
        created_at_ms=to_integers((candidate.created_at_ms for candidate in plain), count),
    )
    return _checked_posts(candidates, plain_name("candidates"), limits)


def _checked_posts(posts: Candidates, name: FieldName, limits: ColumnLimits) -> Candidates:
    require_ids(posts.post_ids, "post_id", name)
    require_ids(posts.author_ids, "author_id", name)
    require_times(posts.created_at_ms, "created_at_ms", name)
    require_surfaces(posts.surfaces, limits.surfaces, name)
    created_at_ms = creation_times(posts.post_ids, posts.created_at_ms, limits.now_ms)
    return replace(posts, created_at_ms=created_at_ms)
