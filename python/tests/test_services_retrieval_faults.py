"""Bad input and rough handling of the retrieval service, over gRPC."""

import threading
import time
from collections import Counter
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RetrievalServiceStub
from tests.service_process import END_SECONDS_MAX, RunningService, running_service
from tests.service_requests import packed_actions, random_events

ID_MAX = 2**63 - 1
POSTS_MAX = 50_000
WAITING_MAX = 64


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with running_service("retrieval_service", "--waiting-max", str(WAITING_MAX)) as running:
        yield running


@pytest.fixture
def retrieval(service: RunningService) -> Iterator[RetrievalServiceStub]:
    """The service with an empty index."""
    with grpc.insecure_channel(
        service.address, options=[("grpc.max_receive_message_length", 32 * 1024 * 1024)]
    ) as channel:
        stub = RetrievalServiceStub(channel)
        yield stub
        everything = stub.Retrieve(
            wire.RetrieveRequest(user_id=1, max_results=5_000, posts_per_author_max=5_000)
        )
        ids = [post.post_id for post in everything.candidates]
        assert stub.RemovePosts(wire.RemovePostsRequest(post_ids=ids)).index_size == 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _posts(ids: list[int], authors: list[int] | None = None) -> wire.PackedCandidates:
    return wire.PackedCandidates(
        post_ids=ids, author_ids=authors or ids, created_at_ms=[_now_ms()] * len(ids)
    )


def _found(stub: RetrievalServiceStub, **request: object) -> list[tuple[int, int]]:
    answer = stub.Retrieve(wire.RetrieveRequest(user_id=7, **request))  # pyright: ignore
    return [(post.post_id, post.author_id) for post in answer.candidates]


def test_the_largest_ids_are_ids_like_others(retrieval: RetrievalServiceStub) -> None:
    ids = [ID_MAX, ID_MAX - 1]
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=_posts(ids, [ID_MAX, ID_MAX])))
    answer = retrieval.Retrieve(wire.RetrieveRequest(user_id=ID_MAX))
    assert [post.post_id for post in answer.candidates] == ids
    assert retrieval.RemovePosts(wire.RemovePostsRequest(post_ids=ids)).index_size == 0


def test_the_last_of_equal_ids_in_a_request_counts(retrieval: RetrievalServiceStub) -> None:
    posts = _posts([5, 6, 5, 5], [1, 2, 3, 4])
    assert retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=posts)).index_size == 2
    assert sorted(_found(retrieval)) == [(5, 4), (6, 2)]


def test_no_posts_and_unknown_posts_change_nothing(retrieval: RetrievalServiceStub) -> None:
    nothing = wire.PackedCandidates()
    assert retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=nothing)).index_size == 0
    assert retrieval.EmbedPosts(wire.EmbedPostsRequest(posts=nothing)).vectors == b""
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=_posts([1])))
    for unknown in ([], [2], [0, -5, ID_MAX], [2] * 1_000):
        request = wire.RemovePostsRequest(post_ids=unknown)
        assert retrieval.RemovePosts(request).index_size == 1
    assert retrieval.RemovePosts(wire.RemovePostsRequest(post_ids=[1, 1])).index_size == 0


def test_a_request_of_too_many_posts_is_refused_whole(retrieval: RetrievalServiceStub) -> None:
    ids = list(range(1, POSTS_MAX + 2))
    with pytest.raises(grpc.RpcError) as refused:
        retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=_posts(ids)))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == "posts must be 50000 at most, found 50001; split the request"
    assert retrieval.GetStatus(wire.GetStatusRequest()).index_size == 0


def test_posts_of_the_past_and_of_the_future(retrieval: RetrievalServiceStub) -> None:
    posts = wire.PackedCandidates(
        post_ids=[1, 2], author_ids=[1, 2], created_at_ms=[_now_ms() - 50 * 3_600_000, ID_MAX]
    )
    assert retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=posts)).index_size == 1
    assert _found(retrieval) == [(2, 2)]


def test_of_a_long_history_the_newest_actions_count(retrieval: RetrievalServiceStub) -> None:
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=_posts(list(range(1, 301)))))
    long = packed_actions(random_events(10_000, seed=4))
    kept = 128
    short = wire.PackedActions(
        post_ids=long.post_ids[-kept:],
        author_ids=long.author_ids[-kept:],
        multi_hot=long.multi_hot[-kept * 18 :],
        dwell_seconds=long.dwell_seconds[-kept:],
        surfaces=long.surfaces[-kept:],
        post_created_at_ms=long.post_created_at_ms[-kept:],
    )
    answers = [
        retrieval.Retrieve(wire.RetrieveRequest(user_id=7, packed_actions=actions, max_results=50))
        for actions in (long, short, wire.PackedActions())
    ]
    assert list(answers[0].scores) == list(answers[1].scores)
    assert list(answers[0].packed_candidates.post_ids) == list(
        answers[1].packed_candidates.post_ids
    )
    assert len(answers[2].scores) == 50


def test_numbers_that_are_none_never_reach_the_order(retrieval: RetrievalServiceStub) -> None:
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=_posts([1, 2, 3])))
    actions = packed_actions(random_events(3))
    actions.dwell_seconds[1] = float("nan")
    with pytest.raises(grpc.RpcError) as refused:
        retrieval.Retrieve(wire.RetrieveRequest(user_id=7, packed_actions=actions))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    actions.dwell_seconds[1] = float("inf")
    answer = retrieval.Retrieve(wire.RetrieveRequest(user_id=7, packed_actions=actions))
    assert len(answer.scores) == 3
    assert np.isfinite(answer.scores).all()


def test_200_requests_at_once_are_answered_or_refused_at_once(
    retrieval: RetrievalServiceStub,
) -> None:
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=_posts(list(range(1, 2_001)))))
    request = wire.RetrieveRequest(user_id=7, packed_actions=packed_actions(random_events(40)))
    calls = [retrieval.Retrieve.future(request, timeout=END_SECONDS_MAX) for _ in range(200)]
    codes = Counter(call.code() for call in calls)
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    # As many as may wait are never refused.
    assert codes[grpc.StatusCode.OK] >= WAITING_MAX
    answers = {tuple(call.result().scores) for call in calls if call.code() == grpc.StatusCode.OK}
    assert len(answers) == 1


def test_peers_that_go_away_leave_no_work_behind(
    service: RunningService, retrieval: RetrievalServiceStub
) -> None:
    request = wire.RetrieveRequest(user_id=7, packed_actions=packed_actions(random_events(40)))
    upsert = wire.UpsertPostsRequest(posts=_posts(list(range(1, 20_001))))
    with grpc.insecure_channel(service.address) as leaving:
        stub = RetrievalServiceStub(leaving)
        taken = threading.Event()
        calls = [stub.UpsertPosts.future(upsert), *(stub.Retrieve.future(request) for _ in "123")]
        calls[1].add_done_callback(lambda _: taken.set())
        assert taken.wait(END_SECONDS_MAX)
    assert all(call.done() for call in calls)
    # Their place is free again: the next request is computed.
    assert retrieval.Retrieve(request).scores
    deadline = time.monotonic() + END_SECONDS_MAX
    while retrieval.GetStatus(wire.GetStatusRequest()).queue_length > 0:
        assert time.monotonic() < deadline
    everything = list(range(1, 20_001))
    retrieval.RemovePosts(wire.RemovePostsRequest(post_ids=everything))
