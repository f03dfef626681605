"""The retrieval service as a process, over gRPC."""

import time
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

from phoenix.checkpoints import load_checkpoint
from phoenix.choose_scan import available_scans
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RetrievalServiceStub
from phoenix.inference import InferenceEngine
from tests.random_checkpoint import DATA_END_MS, shared_checkpoint
from tests.service_process import running_service
from tests.service_requests import packed_actions, plain_sequence, random_events

POSTS = 2_500
AUTHORS = 60


@pytest.fixture
def retrieval() -> Iterator[RetrievalServiceStub]:
    with (
        running_service("retrieval_service", "--posts-per-author-max", "3") as service,
        grpc.insecure_channel(
            service.address, options=[("grpc.max_receive_message_length", 32 * 1024 * 1024)]
        ) as channel,
    ):
        yield RetrievalServiceStub(channel)


def _columns(count: int, created_at_ms: int) -> wire.PackedCandidates:
    random = np.random.default_rng(0)
    ids = random.permutation(np.arange(1, count + 1))
    return wire.PackedCandidates(
        post_ids=ids.tolist(),
        author_ids=(ids % AUTHORS + 1).tolist(),
        created_at_ms=[created_at_ms] * count,
    )


def _vectors(retrieval: RetrievalServiceStub, posts: wire.PackedCandidates) -> np.ndarray:
    answer = retrieval.EmbedPosts(wire.EmbedPostsRequest(posts=posts))
    return np.frombuffer(answer.vectors, "<f4").reshape(len(posts.post_ids), answer.dimension)


def _refusal(call: grpc.UnaryUnaryMultiCallable, request: object) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    return caught.value.details() or ""


def test_the_index_lives_through_grpc(retrieval: RetrievalServiceStub) -> None:
    now_ms = time.time_ns() // 1_000_000
    posts = _columns(POSTS, now_ms)
    empty = retrieval.Retrieve(wire.RetrieveRequest(user_id=7))
    assert not empty.candidates
    assert empty.model_version == load_checkpoint(shared_checkpoint()).version
    added = retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=posts))
    assert added.index_size == POSTS
    status = retrieval.GetStatus(wire.GetStatusRequest())
    assert (status.index_size, status.newest_post_created_at_ms) == (POSTS, now_ms)
    assert status.instance_id
    assert status.scan in available_scans()

    answer = retrieval.Retrieve(wire.RetrieveRequest(user_id=7, posts_per_author_max=POSTS))
    assert len(answer.candidates) == len(answer.scores) == 1_000
    ranks = [
        (-score, -post.post_id)
        for score, post in zip(answer.scores, answer.candidates, strict=True)
    ]
    # All posts are new: one vector an author, so that ties are many and the newest id leads them.
    assert ranks == sorted(ranks)
    assert len(set(answer.scores)) <= AUTHORS
    assert {post.created_at_ms for post in answer.candidates} == {now_ms}

    by_setting = retrieval.Retrieve(wire.RetrieveRequest(user_id=7)).candidates
    authors = [post.author_id for post in by_setting]
    assert len(authors) == 3 * AUTHORS
    assert {authors.count(author) for author in authors} == {3}

    gone = [post.post_id for post in by_setting[:2]]
    removed = retrieval.RemovePosts(wire.RemovePostsRequest(post_ids=[*gone, 10**15]))
    assert removed.index_size == POSTS - 2
    left = retrieval.Retrieve(wire.RetrieveRequest(user_id=7, posts_per_author_max=POSTS))
    assert not {post.post_id for post in left.candidates} & set(gone)
    back = wire.PackedCandidates(post_ids=gone[:1], author_ids=[1], created_at_ms=[now_ms])
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=back))
    everything = retrieval.Retrieve(
        wire.RetrieveRequest(user_id=7, max_results=5_000, posts_per_author_max=POSTS)
    )
    assert gone[0] in {post.post_id for post in everything.candidates}


def test_both_forms_say_what_the_model_says(retrieval: RetrievalServiceStub) -> None:
    now_ms = time.time_ns() // 1_000_000
    posts = _columns(300, now_ms)
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=posts))
    engine = InferenceEngine(load_checkpoint(shared_checkpoint()).retrieval)
    ids, authors = (np.array(column) for column in (posts.post_ids, posts.author_ids))
    vectors = engine.embed_posts(ids, authors, np.full(300, now_ms))
    np.testing.assert_allclose(_vectors(retrieval, posts), vectors, rtol=1e-5, atol=1e-6)
    for events in (0, 4, 40):
        history = random_events(events)
        plain = retrieval.Retrieve(
            wire.RetrieveRequest(
                user_id=7, user_action_sequence=plain_sequence(history), max_results=50
            )
        )
        packed = retrieval.Retrieve(
            wire.RetrieveRequest(user_id=7, packed_actions=packed_actions(history), max_results=50)
        )
        assert not plain.HasField("packed_candidates")
        assert not packed.candidates
        columns = packed.packed_candidates
        triples = zip(columns.post_ids, columns.author_ids, columns.created_at_ms, strict=True)
        assert list(triples) == [
            (post.post_id, post.author_id, post.created_at_ms) for post in plain.candidates
        ]
        assert list(plain.scores) == list(packed.scores)
        assert len(plain.scores) == 50
        products = np.sort(vectors @ engine.embed_user(7, history))[::-1]
        assert plain.scores[0] == pytest.approx(products[0], abs=1e-5)


def test_a_search_may_be_restricted_to_some_posts(retrieval: RetrievalServiceStub) -> None:
    now_ms = time.time_ns() // 1_000_000
    retrieval.UpsertPosts(wire.UpsertPostsRequest(posts=_columns(POSTS, now_ms)))

    def retrieve(among: wire.PostIds | None = None) -> list[int]:
        request = wire.RetrieveRequest(
            user_id=7, max_results=5_000, posts_per_author_max=POSTS, among=among
        )
        return [post.post_id for post in retrieval.Retrieve(request).candidates]

    everything = retrieve()
    some = set(range(1, POSTS, 7))
    among = wire.PostIds(post_ids=[*some, 10**15])
    assert retrieve(among) == [post_id for post_id in everything if post_id in some]
    assert retrieve(wire.PostIds()) == []


def test_new_posts_of_an_author_share_one_vector_to_the_bit(
    retrieval: RetrievalServiceStub,
) -> None:
    def author_vectors(count: int, created_at_ms: int) -> np.ndarray:
        posts = wire.PackedCandidates(
            post_ids=range(1, count + 1),
            author_ids=[5] * count,
            created_at_ms=[created_at_ms] * count,
        )
        return _vectors(retrieval, posts)

    new = np.concatenate([author_vectors(count, DATA_END_MS + 1) for count in (1, 90, 1_500)])
    assert len(np.unique(new, axis=0)) == 1
    known = author_vectors(90, DATA_END_MS)
    assert len(np.unique(known, axis=0)) > 1
    assert np.linalg.norm(known, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_faults_are_refused_by_name(retrieval: RetrievalServiceStub) -> None:
    for request, message in [
        (wire.RetrieveRequest(), "user_id must be 1 or more, found 0"),
        (
            wire.RetrieveRequest(user_id=1, max_results=5_001),
            "max_results must be 0 (the default, 1000) to 5000, found 5001",
        ),
        (
            wire.RetrieveRequest(user_id=1, max_results=-1),
            "max_results must be 0 (the default, 1000) to 5000, found -1",
        ),
        (
            wire.RetrieveRequest(user_id=1, posts_per_author_max=-1),
            "posts_per_author_max must be 0 (the server's setting) or more, found -1",
        ),
        (
            wire.RetrieveRequest(user_id=1, among=wire.PostIds(post_ids=[1] * 100_001)),
            "among.post_ids must be 100000 at most, found 100001",
        ),
    ]:
        assert _refusal(retrieval.Retrieve, request) == message
    one = {"post_ids": [3], "author_ids": [4], "created_at_ms": [5]}
    for changes, message in [
        ({"post_ids": [0]}, "posts.post_ids[0] must be 1 or more, found 0"),
        ({"author_ids": [4, 4]}, "posts.author_ids must have 1 entries, found 2"),
        (
            {"created_at_ms": []},
            "posts.created_at_ms[0] is missing, and the id 3 does not tell when the post was "
            "created",
        ),
    ]:
        posts = wire.PackedCandidates(**(one | changes))
        assert _refusal(retrieval.UpsertPosts, wire.UpsertPostsRequest(posts=posts)) == message
    assert retrieval.GetStatus(wire.GetStatusRequest()).index_size == 0
    many = wire.PackedCandidates(post_ids=[1] * 50_001, author_ids=[1] * 50_001)
    assert _refusal(retrieval.EmbedPosts, wire.EmbedPostsRequest(posts=many)) == (
        "posts must be 50000 at most, found 50001; split the request"
    )
