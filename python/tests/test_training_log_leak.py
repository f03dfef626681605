"""No history holds what had not happened: held by brute force, and planted leaks are caught."""

import dataclasses

import numpy as np
import pytest

from phoenix.data.training_log import UNATTRIBUTED, TrainingLog
from phoenix.training.viewer_sequences import (
    LeakError,
    ViewerSequences,
    check_no_leak,
    viewer_sequences,
)

START_MS = 1_793_491_200_000
MINUTE_MS = 60_000


def _random_log(seed: int) -> TrainingLog:
    """Requests that are read for a while, overlap, and are acted on; a clock or two is wrong."""
    random = np.random.default_rng(seed)
    requests, slots, actions = 40, 6, 300
    viewer = random.integers(1, 5, requests)
    ranked = START_MS + random.integers(0, 600, requests) * MINUTE_MS
    request = np.repeat(np.arange(requests), slots)
    count = len(request)
    seen = ranked[request] + random.integers(-2 * MINUTE_MS, 30 * MINUTE_MS, count)
    done_request = random.integers(0, requests, actions)
    named = random.random(actions) < 0.5
    done_ms = ranked[done_request] + random.integers(-MINUTE_MS, 40 * MINUTE_MS, actions)
    action_order = np.argsort(done_ms, kind="stable")
    order = np.argsort(seen, kind="stable")
    outcomes = (random.random((count, 18)) < 0.1).astype(np.uint8)
    done = np.zeros((actions, 18), np.uint8)
    done[np.arange(actions), random.integers(0, 18, actions)] = 1
    return TrainingLog(
        request_id=request[order].astype(np.int64),
        viewer_id=viewer[request][order],
        post_id=random.integers(1, 20, count)[order],
        author_id=random.integers(1, 9, count)[order],
        at_ms=seen[order],
        post_created_at_ms=np.full(count, START_MS - MINUTE_MS),
        position=np.tile(np.arange(slots), requests)[order],
        surface=np.ones(count, np.uint8),
        source=np.zeros(count, np.uint8),
        propensity=np.ones(count, np.float32),
        outcomes=outcomes[order],
        dwell_seconds=np.zeros(count, np.float32),
        ranked_at_ms=np.where(random.random(count) < 0.2, 0, ranked[request])[order],
        action_viewer_id=viewer[done_request][action_order],
        action_post_id=random.integers(1, 20, actions)[action_order],
        action_author_id=random.integers(1, 9, actions)[action_order],
        action_post_created_at_ms=np.full(actions, START_MS - MINUTE_MS),
        action_at_ms=done_ms[action_order],
        action_request_id=np.where(named, done_request, UNATTRIBUTED)[action_order],
        action_actions=done[action_order],
        action_dwell_seconds=np.zeros(actions, np.float32),
    )


def _without_deeds(log: TrainingLog) -> TrainingLog:
    """The same log, as the demo world tells it: outcomes alone."""
    columns = {
        field.name: getattr(log, field.name)
        for field in dataclasses.fields(log)
        if not field.name.startswith("action_")
    }
    return TrainingLog(**columns)


def _histories_hold_the_past_alone(sequences: ViewerSequences) -> None:
    """Impression by impression, token by token."""
    tokens, impressions = sequences.tokens, sequences.impressions
    for viewer in range(len(sequences.viewer_ids)):
        start = int(tokens.offsets[viewer])
        for at in range(impressions.offsets[viewer], impressions.offsets[viewer + 1]):
            for token in range(start, start + int(impressions.visible[at])):
                assert tokens.last_ms[token] < impressions.at_ms[at]
                assert tokens.last_ms[token] < impressions.request_ms[at]
                assert tokens.request_id[token] != impressions.request_id[at]


@pytest.mark.parametrize("seed", range(8))
def test_a_history_is_what_was_done_before(seed: int) -> None:
    for log in (_random_log(seed), _without_deeds(_random_log(seed))):
        sequences = viewer_sequences(log)
        _histories_hold_the_past_alone(sequences)
        check_no_leak(sequences)
        assert sequences.impressions.visible.max() > 3
        for viewer in range(len(sequences.viewer_ids)):
            mine = slice(*sequences.impressions.offsets[viewer : viewer + 2])
            # What cuts sequences into rows relies on it.
            assert (np.diff(sequences.impressions.visible[mine]) >= 0).all()


def _first_with(sequences: ViewerSequences, kind: str) -> tuple[int, int]:
    """(impression, how many tokens it would see) of a leak of one kind."""
    tokens, impressions = sequences.tokens, sequences.impressions
    for viewer in range(len(sequences.viewer_ids)):
        start, end = tokens.offsets[viewer], tokens.offsets[viewer + 1]
        for at in range(impressions.offsets[viewer], impressions.offsets[viewer + 1]):
            for token in range(int(start + impressions.visible[at]), int(end)):
                own = tokens.request_id[token] == impressions.request_id[at]
                late = tokens.last_ms[token] >= impressions.at_ms[at]
                unasked = not late and tokens.last_ms[token] >= impressions.request_ms[at]
                found = {"outcome": own and late, "later": late and not own, "unasked": unasked}
                if found[kind]:
                    return at, int(token - start) + 1
    raise AssertionError(f"the log has no {kind} to leak")


@pytest.mark.parametrize("kind", ["outcome", "later", "unasked"])
def test_a_planted_leak_is_caught(kind: str) -> None:
    sequences = viewer_sequences(_random_log(3))
    at, count = _first_with(sequences, kind)
    visible = sequences.impressions.visible.copy()
    visible[at] = count
    leaking = dataclasses.replace(
        sequences, impressions=dataclasses.replace(sequences.impressions, visible=visible)
    )
    with pytest.raises(LeakError, match="1 impressions see what came later"):
        check_no_leak(leaking)
    with pytest.raises(AssertionError):
        _histories_hold_the_past_alone(leaking)


def test_an_own_action_is_hidden_from_its_request_whatever_the_clocks_say() -> None:
    log = _random_log(5)
    # Every action claims to have been done before everything was asked for.
    early = dataclasses.replace(log, action_at_ms=np.full(300, START_MS - 30 * MINUTE_MS))
    _histories_hold_the_past_alone(viewer_sequences(early))
