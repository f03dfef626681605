"""Another checkpoint takes over while requests flow: real processes, real gRPC."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from phoenix.checkpoints import install_checkpoint, load_checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub, RetrievalServiceStub
from phoenix.inference import InferenceEngine
from phoenix.retrieval_index import IndexedPosts, SearchResult
from services.retriever import Retriever
from tests.random_checkpoint import save_random_checkpoint
from tests.service_process import RunningService, running_service
from tests.service_requests import (
    packed_actions,
    packed_matrix,
    packed_rank,
    random_events,
    random_posts,
)
from tests.swap_requests import REQUESTS, ask_during, status, wait_for_version, wait_until

VIEWERS = 5
POSTS = 4_000


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models of the same shape."""
    folder = tmp_path_factory.mktemp("two")
    save_random_checkpoint(folder / "first", 1)
    save_random_checkpoint(folder / "second", 2)
    return folder / "first", folder / "second"


@pytest.fixture
def served(tmp_path: Path, checkpoints: tuple[Path, Path]) -> Path:
    """The path that a service watches; the first model is there."""
    install_checkpoint(checkpoints[0], tmp_path / "served")
    return tmp_path / "served"


@contextlib.contextmanager
def _running(module: str, served: Path, *arguments: str) -> Iterator[RunningService]:
    usual = ("--checkpoint", str(served), "--watch-seconds", "0.05")
    with running_service(module, *usual, *arguments) as service:
        yield service


@pytest.fixture
def ranking(served: Path) -> Iterator[RunningService]:
    with _running("ranking_service", served) as service:
        yield service


@pytest.fixture
def retrieval(served: Path) -> Iterator[RunningService]:
    with _running("retrieval_service", served) as service:
        yield service


def _rank_request(number: int) -> wire.RankRequest:
    viewer = number % VIEWERS
    return packed_rank(random_events(3 + viewer, viewer), random_posts(40, viewer), 7 + viewer)


def _retrieve_request(number: int) -> wire.RetrieveRequest:
    viewer = number % VIEWERS
    return wire.RetrieveRequest(
        user_id=7 + viewer,
        packed_actions=packed_actions(random_events(3 + viewer, viewer)),
        max_results=100,
        posts_per_author_max=POSTS,
    )


def _posts(first: int, count: int) -> IndexedPosts:
    """Posts of now, an author each."""
    ids = np.arange(first, first + count)
    return IndexedPosts(ids, ids + 1_000_000, np.full(count, time.time_ns() // 1_000_000))


def _upsert(stub: RetrievalServiceStub, posts: IndexedPosts) -> int:
    packed = wire.PackedCandidates(
        post_ids=posts.post_ids.tolist(),
        author_ids=posts.author_ids.tolist(),
        created_at_ms=posts.created_at_ms.tolist(),
    )
    return stub.UpsertPosts(wire.UpsertPostsRequest(posts=packed)).index_size


def _fresh_retriever(checkpoint: Path) -> Retriever:
    loaded = load_checkpoint(checkpoint)
    return Retriever(InferenceEngine(loaded.retrieval), loaded.version)


def _fresh_answer(fresh: Retriever, number: int) -> SearchResult:
    viewer = number % VIEWERS
    history = random_events(3 + viewer, viewer)
    return fresh.retrieve(
        user_id=7 + viewer, history=history, results_max=100, posts_per_author_max=POSTS
    )


def _require_same(answer: wire.RetrieveResponse, expected: SearchResult) -> None:
    np.testing.assert_allclose(answer.scores, expected.scores, rtol=0, atol=1e-5)
    found = {
        post: score
        for post, score in zip(answer.packed_candidates.post_ids, answer.scores, strict=True)
    }
    # Scores that differ by rounding alone may change places, also across the last one.
    for post, score in zip(expected.posts.post_ids.tolist(), expected.scores, strict=True):
        assert abs(found.get(post, expected.scores[-1]) - score) <= 1e-5


def test_a_ranker_takes_over_under_200_requests(
    ranking: RunningService, served: Path, checkpoints: tuple[Path, Path]
) -> None:
    first, second = (load_checkpoint(path).version for path in checkpoints)
    with grpc.insecure_channel(ranking.address) as channel:
        stub = RankingServiceStub(channel)
        own = {first: [packed_matrix(stub.Rank(_rank_request(viewer))) for viewer in range(5)]}
        answers = ask_during(
            lambda: install_checkpoint(checkpoints[1], served),
            lambda number: stub.Rank(_rank_request(number)),
            until_version=second,
        )
        own[second] = [packed_matrix(stub.Rank(_rank_request(viewer))) for viewer in range(5)]
        assert status(stub).swaps == 1
        assert status(stub).refused_checkpoints == 0
    assert len(answers) >= REQUESTS
    assert {answer.model_version for _, answer in answers} == {first, second}
    assert np.abs(own[first][0] - own[second][0]).max() > 0.01
    for number, answer in answers:
        expected = own[answer.model_version][number % VIEWERS]
        np.testing.assert_allclose(packed_matrix(answer), expected, rtol=0, atol=1e-5)


def test_a_retriever_takes_over_with_its_index_under_200_requests(
    retrieval: RunningService, served: Path, checkpoints: tuple[Path, Path]
) -> None:
    first, second = (load_checkpoint(path).version for path in checkpoints)
    posts = _posts(1, POSTS)
    own = {first: _fresh_retriever(checkpoints[0]), second: _fresh_retriever(checkpoints[1])}
    for fresh in own.values():
        fresh.upsert(posts)
    with grpc.insecure_channel(retrieval.address) as channel:
        stub = RetrievalServiceStub(channel)
        assert _upsert(stub, posts) == POSTS
        before = status(stub)
        answers = ask_during(
            lambda: install_checkpoint(checkpoints[1], served),
            lambda number: stub.Retrieve(_retrieve_request(number)),
            until_version=second,
        )
        after = status(stub)
    assert (after.index_size, after.instance_id) == (POSTS, before.instance_id)
    assert after.newest_post_created_at_ms == before.newest_post_created_at_ms
    assert len(answers) >= REQUESTS
    assert {answer.model_version for _, answer in answers} == {first, second}
    expected = {
        version: [_fresh_answer(fresh, viewer) for viewer in range(VIEWERS)]
        for version, fresh in own.items()
    }
    for number, answer in answers:
        _require_same(answer, expected[answer.model_version][number % VIEWERS])


def test_what_changes_during_a_swap_is_in_both_indexes(
    retrieval: RunningService, served: Path, checkpoints: tuple[Path, Path]
) -> None:
    second = load_checkpoint(checkpoints[1]).version
    fresh = _fresh_retriever(checkpoints[1])
    with grpc.insecure_channel(retrieval.address) as channel:
        stub = RetrievalServiceStub(channel)
        posts = _posts(1, POSTS)
        _upsert(stub, posts)
        fresh.upsert(posts)
        install_checkpoint(checkpoints[1], served)
        turn = 0
        # Until well after the swap: posts come, go, and change their author.
        while status(stub).model_version != second or turn < 20:
            turn += 1
            added = _posts(10_000 + 3 * turn, 3)
            changed = IndexedPosts(
                np.array([turn]), np.array([2_000_000 + turn]), posts.created_at_ms[:1]
            )
            gone = np.array([POSTS - turn, 10_000 + 3 * turn])
            for one in (added, changed):
                _upsert(stub, one)
                fresh.upsert(one)
            stub.RemovePosts(wire.RemovePostsRequest(post_ids=gone.tolist()))
            fresh.remove(gone)
        assert status(stub).index_size == fresh.contents.size == POSTS + turn
        for number in range(VIEWERS):
            _require_same(stub.Retrieve(_retrieve_request(number)), _fresh_answer(fresh, number))


@pytest.mark.parametrize("module", ["ranking_service", "retrieval_service"])
def test_a_model_of_another_shape_compiles_while_requests_flow(
    module: str, served: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    save_random_checkpoint(other, 3, embedding_size=24, layers=1, history_length=40)
    version = load_checkpoint(other).version
    posts = _posts(1, 300)
    with (
        _running(module, served) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        ranking, retrieval = RankingServiceStub(channel), RetrievalServiceStub(channel)

        def ask(number: int) -> wire.RankResponse | wire.RetrieveResponse:
            if module == "ranking_service":
                return ranking.Rank(_rank_request(number))
            return retrieval.Retrieve(_retrieve_request(number))

        if module == "retrieval_service":
            _upsert(retrieval, posts)
        answers = ask_during(lambda: install_checkpoint(other, served), ask, until_version=version)
        assert len({answer.model_version for _, answer in answers}) == 2
        if module == "retrieval_service":
            fresh = _fresh_retriever(other)
            fresh.upsert(posts)
            assert status(retrieval).index_size == 300
            for number in range(VIEWERS):
                answer = retrieval.Retrieve(_retrieve_request(number))
                _require_same(answer, _fresh_answer(fresh, number))


@pytest.mark.parametrize("module", ["ranking_service", "retrieval_service"])
def test_the_old_model_is_released(
    module: str, served: Path, checkpoints: tuple[Path, Path]
) -> None:
    stub_of = RankingServiceStub if module == "ranking_service" else RetrievalServiceStub
    with _running(module, served) as service:
        maps = Path("/proc", str(service.process.pid), "maps")

        def mapped_tables(maps: Path = maps) -> list[str]:
            return [line for line in maps.read_text().splitlines() if "embedding_tables" in line]

        assert mapped_tables()
        with grpc.insecure_channel(service.address) as channel:
            stub = stub_of(channel)
            # Once from the model of the start, once from one that took over.
            for path in reversed(checkpoints):
                install_checkpoint(path, served)
                wait_for_version(stub, load_checkpoint(path).version)
                # The old files are gone from the disk and, with their model, from memory.
                wait_until(
                    lambda: not any("(deleted)" in line for line in mapped_tables()),
                    "the old tables leave memory",
                )
