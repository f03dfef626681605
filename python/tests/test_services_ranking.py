"""The ranking service as a process, over gRPC."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from phoenix.checkpoints import load_checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub
from phoenix.inference import InferenceEngine, empty_history
from phoenix.snowflakes import SNOWFLAKE_EPOCH_MS
from tests.random_checkpoint import DATA_END_MS, shared_checkpoint
from tests.service_process import running_service
from tests.service_requests import (
    NOW_MS,
    packed_matrix,
    packed_rank,
    plain_matrix,
    plain_rank,
    random_events,
    random_posts,
)


@pytest.fixture(scope="module")
def ranking() -> Iterator[RankingServiceStub]:
    with (
        running_service("ranking_service") as service,
        grpc.insecure_channel(
            service.address, options=[("grpc.max_receive_message_length", 32 * 1024 * 1024)]
        ) as channel,
    ):
        yield RankingServiceStub(channel)


def _refusal(ranking: RankingServiceStub, request: wire.RankRequest) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        ranking.Rank(request)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    return caught.value.details() or ""


@pytest.mark.parametrize(("events", "count"), [(0, 3), (5, 70), (12, 300), (40, 1_100)])
def test_both_forms_say_what_the_model_says(
    ranking: RankingServiceStub, events: int, count: int
) -> None:
    history, posts = random_events(events), random_posts(count)
    plain = ranking.Rank(plain_rank(history, posts))
    packed = ranking.Rank(packed_rank(history, posts))
    assert not plain.packed_probabilities
    assert not packed.predictions
    np.testing.assert_array_equal(plain_matrix(plain.predictions), packed_matrix(packed))
    checkpoint = load_checkpoint(shared_checkpoint())
    assert plain.model_version == packed.model_version == checkpoint.version
    probabilities, dwell = InferenceEngine(checkpoint.ranker).rank(
        user_id=7, history=history, candidates=posts, request_time_ms=NOW_MS
    )
    assert dwell is not None
    expected = np.concatenate([probabilities, dwell[:, None]], axis=1)
    np.testing.assert_allclose(packed_matrix(packed), expected, rtol=1e-5, atol=1e-6)


def test_only_the_newest_events_count(ranking: RankingServiceStub) -> None:
    history, posts = random_events(10_000), random_posts(4)
    newest = dataclasses.replace(
        history, **{name: column[-12:] for name, column in vars(history).items()}
    )
    whole = packed_matrix(ranking.Rank(packed_rank(history, posts)))
    np.testing.assert_array_equal(whole, packed_matrix(ranking.Rank(packed_rank(newest, posts))))


def test_the_largest_request_is_computed_in_parts_that_do_not_show(
    ranking: RankingServiceStub,
) -> None:
    history, posts = random_events(12), random_posts(5_000)
    whole = packed_matrix(ranking.Rank(packed_rank(history, posts)))
    assert whole.shape == (5_000, 19)
    assert np.isfinite(whole).all()
    tail = dataclasses.replace(
        posts, **{name: column[4_000:] for name, column in vars(posts).items()}
    )
    alone = packed_matrix(ranking.Rank(packed_rank(history, tail)))
    np.testing.assert_allclose(whole[4_000:], alone, rtol=1e-5, atol=1e-6)


def test_no_candidates_no_predictions_and_duplicates_twice(ranking: RankingServiceStub) -> None:
    history, none = random_events(3), random_posts(0)
    for request in (plain_rank(history, none), packed_rank(history, none)):
        answer = ranking.Rank(request)
        assert not answer.predictions
        assert not answer.packed_probabilities
        assert answer.model_version
    twice = wire.RankRequest(user_id=7, candidates=[wire.Candidate(post_id=3, author_id=4)] * 2)
    predictions = ranking.Rank(twice).predictions
    assert len(predictions) == 2
    assert predictions[0] == predictions[1]


@pytest.mark.parametrize(
    ("alias", "name"), [("like", "favorite"), ("retweet", "repost"), ("vqv", "video_quality_view")]
)
def test_an_alias_is_its_action(ranking: RankingServiceStub, alias: str, name: str) -> None:
    answers = [
        ranking.Rank(
            wire.RankRequest(
                user_id=7,
                user_action_sequence=wire.UserActionSequence(
                    actions=[wire.Action(post_id=3, author_id=4, action_type=action)]
                ),
                candidates=[wire.Candidate(post_id=5, author_id=6)],
            )
        ).predictions
        for action in (alias, name, "report")
    ]
    assert answers[0] == answers[1] != answers[2]


def test_a_post_that_training_cannot_know_is_its_author_alone(ranking: RankingServiceStub) -> None:
    def predictions(post_ids: list[int], created_at_ms: int) -> list[wire.ActionPredictions]:
        request = plain_rank(empty_history(), random_posts(0))
        request.candidates.extend(
            wire.Candidate(post_id=post_id, author_id=6, created_at_ms=created_at_ms)
            for post_id in post_ids
        )
        return list(ranking.Rank(request).predictions)

    old, other_old = predictions([5, 6], DATA_END_MS)
    assert old != other_old
    new, other_new = predictions([5, 6], DATA_END_MS + 1)
    assert new == other_new
    assert new not in (old, other_old)
    # Without a creation time a snowflake tells its own; other ids count as known.
    late = (DATA_END_MS + 1 - SNOWFLAKE_EPOCH_MS) << 22
    assert predictions([late, late + 1], 0) == [new, new]
    unknown, other_unknown = predictions([5, 6], 0)
    assert unknown != other_unknown


def test_faults_are_refused_by_name(ranking: RankingServiceStub) -> None:
    history, posts = random_events(2), random_posts(2)

    def fault(message: str, **changes: object) -> None:
        request = plain_rank(history, posts)
        for path, value in changes.items():
            target: Any = request
            *parents, field = path.split("__")
            for parent in parents:
                target = target[int(parent)] if parent.isdecimal() else getattr(target, parent)
            setattr(target, field, value)
        assert _refusal(ranking, request).startswith(message)

    action = "user_action_sequence__actions__1__"
    name = "user_action_sequence.actions[1]"
    fault("user_id must be 1 or more, found 0", user_id=0)
    fault("request_time_ms must be 0", request_time_ms=-1)
    fault("candidates[1].post_id must be 1 or more, found 0", candidates__1__post_id=0)
    fault("candidates[0].author_id must be 1 or more, found -5", candidates__0__author_id=-5)
    fault("candidates[0].surface must be 0 to 15, found 16", candidates__0__surface=16)
    fault("candidates[0].created_at_ms must be 0", candidates__0__created_at_ms=-1)
    fault(f"{name}.post_id must be 1 or more, found 0", **{f"{action}post_id": 0})
    fault(f"{name}.action_type 'applaud' is unknown", **{f"{action}action_type": "applaud"})
    fault(f"{name}.dwell_ms must be 0", **{f"{action}dwell_ms": -1})
    fault(f"{name}.surface must be 0 to 15, found -1", **{f"{action}surface": -1})
    no_type = wire.Action(post_id=1, author_id=1)
    request = wire.RankRequest(
        user_id=1, user_action_sequence=wire.UserActionSequence(actions=[no_type])
    )
    assert _refusal(ranking, request) == "user_action_sequence.actions[0].action_type is missing"


def test_too_many_candidates_are_refused_with_the_limit(ranking: RankingServiceStub) -> None:
    history, posts = random_events(1), random_posts(5_001)
    for request in (plain_rank(history, posts), packed_rank(history, posts)):
        refusal = _refusal(ranking, request)
        assert refusal == "candidates must be 5000 at most, found 5001; split the request"
