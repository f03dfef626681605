"""Requests in both forms out of the same columns."""

from collections.abc import Sequence

import numpy as np

from phoenix.bundle import Candidates, History
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from tests.random_checkpoint import DATA_END_MS

NAMES = [action.name for action in ACTIONS[:DISCRETE_COUNT]]
# A day after the random model's data range.
NOW_MS = DATA_END_MS + 86_400_000


def random_events(length: int, seed: int = 1) -> History:
    """A history with at least one action an event, about half of the posts new to the model."""
    random = np.random.default_rng(seed)
    actions = random.integers(0, 2, (length, DISCRETE_COUNT)).astype(np.float32)
    actions[:, 4] = 1.0
    return History(
        post_ids=random.integers(1, 2**31, length),
        author_ids=random.integers(1, 2**31, length),
        actions=actions,
        dwell_seconds=(random.integers(0, 40_000, length) / 1_000).astype(np.float32),
        surfaces=random.integers(0, 5, length),
        created_at_ms=DATA_END_MS + random.integers(-(10**7), 10**7, length),
    )


def random_posts(count: int, seed: int = 2) -> Candidates:
    """Candidates, about half of them new to the model."""
    random = np.random.default_rng(seed)
    return Candidates(
        post_ids=random.integers(1, 2**31, count),
        author_ids=random.integers(1, 2**31, count),
        surfaces=random.integers(0, 5, count),
        created_at_ms=DATA_END_MS + random.integers(-(10**7), 10**7, count),
    )


def plain_sequence(history: History) -> wire.UserActionSequence:
    """A history as a list of messages."""
    sequence = wire.UserActionSequence()
    for row in range(history.post_ids.shape[0]):
        names = [NAMES[index] for index in np.flatnonzero(history.actions[row])]
        sequence.actions.add(
            post_id=int(history.post_ids[row]),
            author_id=int(history.author_ids[row]),
            action_type=names[0],
            action_types=names[1:],
            dwell_ms=round(float(history.dwell_seconds[row]) * 1_000),
            surface=int(history.surfaces[row]),
            post_created_at_ms=int(history.created_at_ms[row]),
        )
    return sequence


def packed_actions(history: History) -> wire.PackedActions:
    """A history as columns."""
    return wire.PackedActions(
        post_ids=history.post_ids.tolist(),
        author_ids=history.author_ids.tolist(),
        multi_hot=history.actions.astype(np.uint8).tobytes(),
        dwell_seconds=history.dwell_seconds.tolist(),
        surfaces=history.surfaces.astype(np.uint8).tobytes(),
        post_created_at_ms=history.created_at_ms.tolist(),
    )


def plain_candidates(posts: Candidates) -> list[wire.Candidate]:
    """Candidates as messages."""
    columns = (posts.post_ids, posts.author_ids, posts.created_at_ms, posts.surfaces)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        wire.Candidate(post_id=post, author_id=author, created_at_ms=created, surface=surface)
        for post, author, created, surface in rows
    ]


def packed_candidates(posts: Candidates) -> wire.PackedCandidates:
    """Candidates as columns."""
    return wire.PackedCandidates(
        post_ids=posts.post_ids.tolist(),
        author_ids=posts.author_ids.tolist(),
        created_at_ms=posts.created_at_ms.tolist(),
        surfaces=posts.surfaces.astype(np.uint8).tobytes(),
    )


def plain_rank(history: History, posts: Candidates, user_id: int = 7) -> wire.RankRequest:
    """A ranking request of messages."""
    return wire.RankRequest(
        user_id=user_id,
        user_action_sequence=plain_sequence(history),
        candidates=plain_candidates(posts),
        request_time_ms=NOW_MS,
    )


def packed_rank(history: History, posts: Candidates, user_id: int = 7) -> wire.RankRequest:
    """A ranking request of columns."""
    return wire.RankRequest(
        user_id=user_id,
        packed_actions=packed_actions(history),
        packed_candidates=packed_candidates(posts),
        request_time_ms=NOW_MS,
    )


def plain_matrix(predictions: Sequence[wire.ActionPredictions]) -> np.ndarray:
    """[candidates, 18 probabilities and dwell seconds] of a plain answer."""
    fields = [*NAMES, "dwell_seconds"]
    rows = [[getattr(row, field) for field in fields] for row in predictions]
    return np.array(rows, np.float64).reshape(-1, len(fields))


def packed_matrix(answer: wire.RankResponse) -> np.ndarray:
    """The same of a packed answer."""
    probabilities = np.frombuffer(answer.packed_probabilities, "<f4").reshape(-1, DISCRETE_COUNT)
    seconds = np.frombuffer(answer.packed_dwell_seconds, "<f4")[:, None]
    return np.concatenate([probabilities, seconds], axis=1)
