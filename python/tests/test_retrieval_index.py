"""The index against brute force, and its window, changes and ties."""

import numpy as np
import pytest

from phoenix.choose_scan import available_scans
from phoenix.retrieval_index import RetrievalIndex
from tests.indexed_worlds import (
    HOUR_MS,
    NOW_MS,
    brute_force,
    indexed_posts,
    random_posts,
    scores_of,
    triples,
)

DIMENSION = 12


@pytest.fixture(params=list(available_scans()))
def index(request: pytest.FixtureRequest) -> RetrievalIndex:
    """An empty index; every test runs with each scan of this machine."""
    return RetrievalIndex(DIMENSION, scan=available_scans()[request.param])


def _ids(index: RetrievalIndex, count: int = 100) -> list[int]:
    query = np.ones(DIMENSION, np.float32)
    return index.search(query, count=count, posts_per_author_max=count).posts.post_ids.tolist()


def _one_vector(count: int) -> np.ndarray:
    return np.full((count, DIMENSION), 0.25, np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_random_changes_answer_as_brute_force_does(index: RetrievalIndex, seed: int) -> None:
    random = np.random.default_rng(seed)
    # Few distinct vectors of small integers: products are exact and ties are many.
    vectors = random.integers(-2, 3, (60, DIMENSION)).astype(np.float32)
    posts = random_posts(random, 3_000, authors=40)
    which = random.integers(0, len(vectors), 3_000)
    live = np.zeros(3_000, bool)
    for _ in range(6):
        chosen = random.choice(3_000, 700, replace=False)
        index.upsert(posts.at(chosen), vectors[which[chosen]], now_ms=NOW_MS)
        live[chosen] = True
        gone = random.choice(3_000, 300, replace=False)
        index.remove(posts.post_ids[gone])
        live[gone] = False
        assert index.size == live.sum()
        assert index.newest_created_at_ms == posts.created_at_ms[live].max()
        query = random.integers(-2, 3, DIMENSION).astype(np.float32)
        rows = np.flatnonzero(live)
        for count, cap in ((1, 1), (50, 3), (500, 20), (5_000, 5_000), (200, 1)):
            found = index.search(query, count=count, posts_per_author_max=cap)
            scores = vectors[which[rows]] @ query
            expected = brute_force(posts.at(rows), scores, count=count, cap=cap)
            assert triples(found) == expected


@pytest.mark.parametrize("seed", range(3))
def test_a_search_among_some_answers_as_if_there_were_no_others(
    index: RetrievalIndex, seed: int
) -> None:
    random = np.random.default_rng(seed)
    # Real vectors, so that scores must agree to the bit, and some of them twice.
    vectors = random.normal(size=(700, DIMENSION)).astype(np.float32)
    posts = random_posts(random, 3_000, authors=40)
    which = random.integers(0, len(vectors), 3_000)
    live = np.zeros(3_000, bool)
    for _ in range(4):
        chosen = random.choice(3_000, 900, replace=False)
        index.upsert(posts.at(chosen), vectors[which[chosen]], now_ms=NOW_MS)
        live[chosen] = True
        gone = random.choice(3_000, 300, replace=False)
        index.remove(posts.post_ids[gone])
        live[gone] = False
        query = random.normal(size=DIMENSION).astype(np.float32)
        for share, count, cap in ((0.0, 5, 5), (0.01, 50, 50), (0.3, 100, 3), (1.0, 5_000, 20)):
            wanted = random.random(3_000) < share
            # Repeated and unknown ids change nothing.
            ids = np.concatenate([posts.post_ids[wanted], posts.post_ids[wanted][:9], [10**9]])
            found = index.search(
                query, count=count, posts_per_author_max=cap, among=random.permutation(ids)
            )
            rows = np.flatnonzero(live & wanted)
            scores = scores_of(vectors[which[rows]], query)
            expected = brute_force(posts.at(rows), scores, count=count, cap=cap)
            assert triples(found) == expected


def test_a_search_among_posts_of_an_empty_index_finds_nothing(index: RetrievalIndex) -> None:
    query = np.ones(DIMENSION, np.float32)
    among = np.array([1, 2], np.int64)
    found = index.search(query, count=1, posts_per_author_max=1, among=among)
    assert triples(found) == []


def test_thousands_of_equal_vectors_come_newest_id_first(index: RetrievalIndex) -> None:
    random = np.random.default_rng(0)
    count = 7_001
    posts = random_posts(random, count, authors=2_000)
    vector = random.normal(size=DIMENSION).astype(np.float32)
    for part in np.array_split(np.arange(count), 37):
        index.upsert(posts.at(part), np.tile(vector, (len(part), 1)), now_ms=NOW_MS)
    found = index.search(vector, count=1_000, posts_per_author_max=20)
    assert len(set(found.scores.tolist())) == 1
    assert triples(found) == brute_force(posts, np.zeros(count), count=1_000, cap=20)


def test_an_author_of_thousands_of_best_posts_leaves_room_for_the_others(
    index: RetrievalIndex,
) -> None:
    loud = indexed_posts(list(range(1, 4_001)), [1] * 4_000, [NOW_MS] * 4_000)
    quiet = indexed_posts(list(range(5_001, 5_101)), list(range(2, 102)), [NOW_MS] * 100)
    index.upsert(loud, _one_vector(4_000), now_ms=NOW_MS)
    index.upsert(quiet, _one_vector(100) / 2, now_ms=NOW_MS)
    query = np.ones(DIMENSION, np.float32)
    found = index.search(query, count=50, posts_per_author_max=20).posts.post_ids.tolist()
    assert found == [*range(4_000, 3_980, -1), *range(5_100, 5_070, -1)]


def test_a_replaced_post_has_only_its_new_place(index: RetrievalIndex) -> None:
    index.upsert(indexed_posts([7, 8], [1, 1], [NOW_MS, NOW_MS]), _one_vector(2), now_ms=NOW_MS)
    moved = indexed_posts([7, 7], [2, 3], [NOW_MS, NOW_MS - 5 * HOUR_MS])
    index.upsert(moved, np.stack([_one_vector(1)[0], -_one_vector(1)[0]]), now_ms=NOW_MS)
    assert index.size == 2
    found = index.search(np.ones(DIMENSION, np.float32), count=9, posts_per_author_max=9)
    assert triples(found) == [(8, 1, NOW_MS), (7, 3, NOW_MS - 5 * HOUR_MS)]
    assert found.scores.tolist() == [3.0, -3.0]


def test_a_removed_post_is_gone_from_the_next_search(index: RetrievalIndex) -> None:
    index.upsert(indexed_posts([7, 8], [1, 1], [NOW_MS, NOW_MS - 1]), _one_vector(2), now_ms=NOW_MS)
    index.remove(np.array([7, 99], np.int64))
    assert _ids(index) == [8]
    assert index.newest_created_at_ms == NOW_MS - 1
    index.remove(np.array([8], np.int64))
    assert (_ids(index), index.size, index.newest_created_at_ms) == ([], 0, 0)


def test_whole_hours_leave_the_window(index: RetrievalIndex) -> None:
    ages = [0, 47, 48, 49]
    posts = indexed_posts([1, 2, 3, 4], [1] * 4, [NOW_MS - age * HOUR_MS for age in ages])
    index.upsert(posts, _one_vector(4), now_ms=NOW_MS)
    assert _ids(index) == [3, 2, 1]
    index.drop_expired(NOW_MS + HOUR_MS)
    assert _ids(index) == [2, 1]
    index.drop_expired(NOW_MS + 100 * HOUR_MS)
    assert (_ids(index), index.size) == ([], 0)


def test_tombstones_are_dropped_when_most_of_a_segment_is_dead(index: RetrievalIndex) -> None:
    count = 5_000
    posts = indexed_posts(list(range(1, count + 1)), [1] * count, [NOW_MS] * count)
    index.upsert(posts, _one_vector(count), now_ms=NOW_MS)
    index.remove(np.arange(1, count - 99, dtype=np.int64))
    assert _ids(index) == list(range(count, count - 100, -1))
    index.remove(np.array([count], np.int64))
    index.upsert(indexed_posts([count + 5], [2], [NOW_MS]), _one_vector(1), now_ms=NOW_MS)
    assert _ids(index) == [count + 5, *range(count - 1, count - 100, -1)]


def test_vectors_that_would_spoil_the_order_are_refused(index: RetrievalIndex) -> None:
    one = indexed_posts([1], [1], [NOW_MS])
    with pytest.raises(ValueError, match="must be finite"):
        index.upsert(one, np.full((1, DIMENSION), np.nan, np.float32), now_ms=NOW_MS)
    with pytest.raises(ValueError, match="must have 12 columns, found 3"):
        index.upsert(one, np.ones((1, 3), np.float32), now_ms=NOW_MS)
    with pytest.raises(ValueError, match="query vector must be finite"):
        index.search(np.full(DIMENSION, np.inf, np.float32), count=1, posts_per_author_max=1)
    assert index.size == 0


def test_a_snapshot_has_the_live_posts_oldest_first(index: RetrievalIndex) -> None:
    ages = [0, 30, 5, 5, 47, 49]
    posts = indexed_posts([1, 2, 4, 3, 5, 6], [7] * 6, [NOW_MS - age * HOUR_MS for age in ages])
    index.upsert(posts, _one_vector(6), now_ms=NOW_MS)
    index.remove(np.array([2], np.int64))
    snapshot = index.live_posts()
    index.remove(np.array([5], np.int64))
    assert snapshot.post_ids.tolist() == [5, 3, 4, 1]
    assert snapshot.created_at_ms.tolist() == sorted(snapshot.created_at_ms.tolist())
    assert index.live_posts().post_ids.tolist() == [3, 4, 1]


def test_a_post_of_the_future_leaves_with_the_hour_it_came_in(index: RetrievalIndex) -> None:
    posts = indexed_posts([1, 2**63 - 1], [1, 2**63 - 1], [2**63 - 1, NOW_MS])
    index.upsert(posts, _one_vector(2), now_ms=NOW_MS)
    assert _ids(index) == [2**63 - 1, 1]
    index.drop_expired(NOW_MS + 49 * HOUR_MS)
    assert index.size == 0
