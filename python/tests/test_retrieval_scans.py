"""Every scan against brute force, where bounds are tight: equals, near-equals, odd lengths."""

from pathlib import Path

import numpy as np
import pytest

from phoenix.choose_scan import SCAN_VARIABLE, available_scans, default_scan, load_scans
from phoenix.index_scan import LOWEST, Room
from phoenix.index_segment import Segment
from phoenix.indexed_posts import IndexedPosts
from phoenix.retrieval_index import RetrievalIndex
from phoenix.segment_table import SegmentTable
from phoenix.vector_codes import encode, to_query
from tests.indexed_worlds import (
    NOW_MS,
    brute_force,
    indexed_posts,
    random_posts,
    scores_of,
    triples,
)

SCANS = list(available_scans())


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _filled(name: str, dimension: int) -> RetrievalIndex:
    return RetrievalIndex(dimension, scan=available_scans()[name])


def test_the_scans_of_this_machine_are_all_tested() -> None:
    flags = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    expected = {"numpy", "plain"}
    expected |= {"avx2"} & set(flags) | ({"vnni"} if "avx512_vnni" in flags else set())
    assert expected <= set(SCANS)


@pytest.mark.parametrize("dimension", [1, 12, 64, 128, 272])
@pytest.mark.parametrize("name", SCANS)
def test_answers_are_those_of_brute_force(name: str, dimension: int) -> None:
    random = np.random.default_rng(dimension)
    count = 6_000
    posts = random_posts(random, count, authors=120)
    centres = _unit(random.normal(size=(40, dimension)))
    # A third are equal to a centre; a third differ from it in the last bits, and a third clearly.
    spread = random.choice([0.0, 1e-7, 0.3], count)[:, None]
    noise = random.normal(size=(count, dimension))
    vectors = (centres[random.integers(0, 40, count)] + spread * noise).astype(np.float32)
    index = _filled(name, dimension)
    for part in np.array_split(np.arange(count), 11):
        index.upsert(posts.at(part), vectors[part], now_ms=NOW_MS)
    gone = random.choice(count, count // 3, replace=False)
    index.remove(posts.post_ids[gone])
    live = np.setdiff1d(np.arange(count), gone)
    for query in [centres[0], centres[1] + centres[2], np.zeros(dimension, np.float32)]:
        scores = scores_of(vectors[live], query)
        for wanted, cap in ((1, 1), (300, 4), (1_000, 20), (1_000, count), (count, count)):
            found = index.search(query, count=wanted, posts_per_author_max=cap)
            assert triples(found) == brute_force(posts.at(live), scores, count=wanted, cap=cap)


@pytest.mark.parametrize("name", SCANS)
def test_vectors_of_all_lengths_keep_their_order(name: str) -> None:
    random = np.random.default_rng(5)
    count, dimension = 4_000, 32
    lengths = 10.0 ** random.integers(-30, 15, count)
    lengths[::7] = 0.0
    vectors = (_unit(random.normal(size=(count, dimension))) * lengths[:, None]).astype(np.float32)
    posts = random_posts(random, count, authors=count)
    index = _filled(name, dimension)
    index.upsert(posts, vectors, now_ms=NOW_MS)
    for length in (1e-20, 1.0, 1e15):
        query = (random.normal(size=dimension) * length).astype(np.float32)
        found = index.search(query, count=2_500, posts_per_author_max=count)
        expected = brute_force(posts, scores_of(vectors, query), count=2_500, cap=count)
        assert triples(found) == expected


@pytest.mark.parametrize("name", SCANS)
def test_thousands_of_equals_decide_by_id_under_the_cap(name: str) -> None:
    random = np.random.default_rng(2)
    count, dimension, authors = 20_000, 64, 30
    posts = random_posts(random, count, authors)
    # As new posts have it: one vector an author. Eleven authors stand before rank 1,000.
    by_author = _unit(random.normal(size=(authors + 1, dimension)))
    index = _filled(name, dimension)
    index.upsert(posts, by_author[posts.author_ids], now_ms=NOW_MS)
    query = by_author[3] + by_author[4]
    scores = scores_of(by_author[posts.author_ids], query)
    for cap in (20, 50, count):
        found = index.search(query, count=1_000, posts_per_author_max=cap)
        assert triples(found) == brute_force(posts, scores, count=1_000, cap=cap)


@pytest.mark.parametrize("name", SCANS)
def test_a_sample_that_is_all_of_the_best_misleads_nobody(name: str) -> None:
    random = np.random.default_rng(4)
    count, dimension = 40_000, 64
    ids = np.arange(1, count + 1)
    posts = IndexedPosts(ids, ids, np.full(count, NOW_MS))
    vectors = _unit(random.normal(size=(count, dimension)))
    query = vectors[0]
    # The rows that a first threshold is guessed from, every 64th block of 16.
    vectors[(ids - 1) // 16 % 64 == 0] += 3 * query
    index = _filled(name, dimension)
    index.upsert(posts, vectors, now_ms=NOW_MS)
    scores = scores_of(vectors, query)
    for wanted in (100, 2_000):
        found = index.search(query, count=wanted, posts_per_author_max=1)
        assert triples(found) == brute_force(posts, scores, count=wanted, cap=1)


def test_scores_are_the_same_to_the_bit_whoever_scans() -> None:
    random = np.random.default_rng(3)
    posts = random_posts(random, 3_000, authors=50)
    vectors = _unit(random.normal(size=(3_000, 128)))
    query = _unit(random.normal(size=(1, 128)))[0]
    index = RetrievalIndex(128)
    index.upsert(posts, vectors, now_ms=NOW_MS)
    answers = []
    for scan in available_scans().values():
        index.scan = scan
        found = index.search(query, count=1_000, posts_per_author_max=20)
        answers.append((found.scores.tobytes(), found.posts.post_ids.tolist()))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("name", SCANS)
def test_an_empty_index_and_numbers_below_one(name: str) -> None:
    index = _filled(name, 8)
    query = np.ones(8, np.float32)
    assert triples(index.search(query, count=5, posts_per_author_max=5)) == []
    index.upsert(indexed_posts([], [], []), np.zeros((0, 8), np.float32), now_ms=NOW_MS)
    assert index.size == 0
    with pytest.raises(ValueError, match="must be at least 1, found 0 and 5"):
        index.search(query, count=0, posts_per_author_max=5)


def _names(directory: Path) -> list[str]:
    return list(load_scans(directory))


def test_without_a_compiler_numpy_scans_and_the_reason_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _names(tmp_path) == ["numpy"]
    assert [record.message for record in caplog.records] == [
        "retrieval scans with numpy, several times slower: there is no C compiler "
        "(cc, gcc, clang) and CC names none"
    ]


def test_a_compiler_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "scan.c:1: out of luck" >&2\nexit 3\n'
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    assert _names(tmp_path / "made") == ["numpy"]
    assert f"{compiler} ended with 3: scan.c:1: out of luck" in caplog.text
    assert list((tmp_path / "made").iterdir()) == []


def test_a_directory_that_cannot_be_written_leaves_numpy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert _names(tmp_path / "file") == ["numpy"]
    assert "cannot be written" in caplog.text


def test_the_compiled_scan_is_kept_and_a_torn_one_is_made_again(tmp_path: Path) -> None:
    assert "plain" in _names(tmp_path / "first")
    (library,) = (tmp_path / "first").iterdir()
    written = library.stat().st_mtime_ns
    assert "plain" in _names(tmp_path / "first")
    assert library.stat().st_mtime_ns == written
    torn = tmp_path / "second" / library.name
    torn.parent.mkdir()
    torn.write_bytes(library.read_bytes()[:100])
    assert "plain" in _names(torn.parent)
    assert torn.stat().st_size == library.stat().st_size


def test_the_environment_may_name_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCAN_VARIABLE, "numpy")
    assert default_scan().name == "numpy"
    monkeypatch.setenv(SCAN_VARIABLE, "abacus")
    with pytest.raises(ValueError, match=r"HOMEFEED_RETRIEVAL_SCAN must be one of .*'abacus'"):
        default_scan()
    monkeypatch.delenv(SCAN_VARIABLE)
    assert default_scan().name == SCANS[0]


@pytest.mark.parametrize("name", SCANS)
def test_no_exact_score_exceeds_its_bound(name: str) -> None:
    random = np.random.default_rng(8)
    count, width = 2_000, 64
    lengths = 10.0 ** random.integers(-12, 12, count)
    # Among them vectors of one large column, which codes describe worst.
    vectors = random.normal(size=(count, width)) ** random.choice([1, 9], count)[:, None]
    vectors = (_unit(vectors) * lengths[:, None]).astype(np.float32)
    segment = Segment(width)
    posts = random_posts(random, count, authors=9)
    segment.append(posts, vectors, encode(vectors))
    table, room, scan = SegmentTable([segment], width), Room(segment.rows), available_scans()[name]
    for query in (vectors[3], vectors[4], random.normal(size=width).astype(np.float32)):
        asked = to_query(query, width)
        every = segment.rows
        numbers, low = scan.find(table, asked, room, low=LOWEST, needed=every, wanted=every)
        assert (numbers.tolist(), low) == (list(range(count)), LOWEST)
        # All rows were found, so that places in the answer are numbers of rows.
        assert (room.upper[:count] >= scan.read(table, asked, numbers).scores).all()
        some, low = scan.find(table, asked, room, low=LOWEST, needed=100, wanted=100)
        assert 100 <= some.shape[0] <= 400
        assert np.array_equal(some, np.sort(some))
        left_out = np.setdiff1d(numbers, some)
        assert (scan.read(table, asked, left_out).scores < low).all()
