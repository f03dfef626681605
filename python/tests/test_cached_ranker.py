"""What was scored is not scored again, whatever it depends on makes it new, memory is bounded."""

import dataclasses

import numpy as np
import pytest

from phoenix.bundle import Candidates, History
from phoenix.cached_ranker import Predictions, Ranker, RankingRequest
from phoenix.inference import InferenceEngine
from phoenix.serving_ranker import ViewerPrefix
from tests.random_models import event_history, id_candidates, random_bundle, small_config

HOUR_MS = 3_600_000
NOW_MS = 10 * HOUR_MS


@pytest.fixture(scope="module")
def engine() -> InferenceEngine:
    bundle = random_bundle("ranker", small_config())
    return InferenceEngine(dataclasses.replace(bundle, neutral_items_after_ms=900_000))


def _request(
    candidates: Candidates,
    *,
    history: History | None = None,
    user_id: int = 7,
    now_ms: int = NOW_MS,
) -> RankingRequest:
    return RankingRequest(user_id, history or event_history(9), candidates, now_ms)


def _rank(ranker: Ranker, request: RankingRequest) -> Predictions:
    return ranker.rank_together([request])[0]


def _chosen(candidates: Candidates, rows: np.ndarray) -> Candidates:
    return Candidates(**{name: column[rows] for name, column in vars(candidates).items()})


def _require_close(found: Predictions, expected: Predictions) -> None:
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.dwell_seconds, expected.dwell_seconds, rtol=1e-5, atol=1e-6)


def test_a_refresh_scores_its_new_candidates_only(engine: InferenceEngine) -> None:
    ranker = Ranker(engine, "1")
    candidates = id_candidates(200)
    first = _rank(ranker, _request(_chosen(candidates, np.arange(150))))
    assert vars(ranker.counts) == {
        "prefix_hits": 0,
        "prefix_misses": 1,
        "score_hits": 0,
        "score_misses": 150,
    }
    order = np.random.default_rng(0).permutation(200)
    again = _rank(ranker, _request(_chosen(candidates, order)))
    assert (ranker.counts.score_hits, ranker.counts.score_misses) == (150, 200)
    assert (ranker.counts.prefix_hits, ranker.counts.prefix_misses) == (1, 1)
    known = order < 150
    np.testing.assert_array_equal(
        again.probabilities[known], first.probabilities[order[known]], strict=True
    )
    _require_close(again, _rank(Ranker(engine, "2"), _request(_chosen(candidates, order))))


def test_everything_that_a_score_depends_on_makes_it_new(engine: InferenceEngine) -> None:
    candidates = id_candidates(6)
    history = event_history(9)
    usual = _request(candidates, history=history)

    def misses(request: RankingRequest) -> int:
        """Scores that are computed for a request behind the usual one; both are right."""
        ranker = Ranker(engine, "1")
        _rank(ranker, usual)
        found = _rank(ranker, request)
        _require_close(found, _rank(Ranker(engine, "2"), request))
        return ranker.counts.score_misses - 6

    def other(**columns: np.ndarray) -> RankingRequest:
        return _request(dataclasses.replace(candidates, **columns), history=history)

    def event(**columns: np.ndarray) -> RankingRequest:
        return _request(candidates, history=dataclasses.replace(history, **columns))

    assert misses(usual) == 0
    assert misses(_request(candidates, history=history, user_id=8)) == 6
    # Within the same hours of age nothing changes, an hour later all do.
    assert misses(dataclasses.replace(usual, request_time_ms=NOW_MS + 1)) == 0
    assert misses(dataclasses.replace(usual, request_time_ms=NOW_MS + HOUR_MS)) == 6
    assert misses(other(post_ids=candidates.post_ids + 1)) == 6
    assert misses(other(author_ids=candidates.author_ids + 1)) == 6
    assert misses(other(surfaces=candidates.surfaces + 1)) == 6
    # From the training log's side of its end to the other.
    neutral = np.where(candidates.created_at_ms > 900_000, 800_000, 950_000)
    assert misses(other(created_at_ms=neutral)) == 6
    assert misses(event(post_ids=history.post_ids + 1)) == 6
    assert misses(event(author_ids=history.author_ids + 1)) == 6
    assert misses(event(surfaces=history.surfaces + 1)) == 6
    assert misses(event(dwell_seconds=history.dwell_seconds + 1)) == 6
    assert misses(event(actions=1 - history.actions)) == 6
    assert misses(event(created_at_ms=np.full(9, 950_000))) == 6


def test_older_events_than_the_model_reads_do_not_matter(engine: InferenceEngine) -> None:
    ranker = Ranker(engine, "1")
    history = event_history(engine.config.history_length + 20)
    newest = slice(-engine.config.history_length, None)
    cut = History(**{name: column[newest] for name, column in vars(history).items()})
    first = _rank(ranker, _request(id_candidates(5), history=history))
    second = _rank(ranker, _request(id_candidates(5), history=cut))
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert ranker.counts.score_hits == 5


@pytest.mark.parametrize("seed", range(3))
def test_memory_stays_bounded_and_answers_right(engine: InferenceEngine, seed: int) -> None:
    random = np.random.default_rng(seed)
    one_prefix = engine.viewer_prefix(1, event_history(1)).byte_count
    ranker = Ranker(engine, "1", prefix_bytes_max=3 * one_prefix, score_bytes_max=40_000)
    plain = {user: Ranker(engine, "plain") for user in range(1, 7)}
    posts = id_candidates(300)
    for _ in range(40):
        user = int(random.integers(1, 7))
        request = _request(_chosen(posts, random.permutation(300)[:60]), user_id=user)
        _require_close(_rank(ranker, request), _rank(plain[user], request))
        assert ranker.cached_bytes <= 3 * one_prefix + 40_000
    assert ranker.counts.score_hits > 0
    assert ranker.counts.prefix_misses > 6


def test_requests_that_come_together_share_and_stay_themselves(engine: InferenceEngine) -> None:
    ranker = Ranker(engine, "1")
    posts = id_candidates(100)
    requests = [
        _request(_chosen(posts, np.arange(10)), user_id=1),
        _request(_chosen(posts, np.arange(0)), user_id=2),
        _request(_chosen(posts, np.arange(5, 80)), user_id=1),
        _request(posts, user_id=3, history=event_history(0)),
        _request(_chosen(posts, np.array([4, 4, 4])), user_id=4),
    ]
    together = ranker.rank_together(requests)
    assert ranker.counts.prefix_misses == 3
    assert ranker.counts.prefix_hits == 1
    for found, request in zip(together, requests, strict=True):
        _require_close(found, _rank(Ranker(engine, "2"), request))
    assert together[1].probabilities.shape == (0, 18)


def test_a_published_model_scores_by_slot_and_keeps_no_scores() -> None:
    config = small_config(positions="slot", candidates_length=5)
    engine = InferenceEngine(random_bundle("ranker", config))
    ranker = Ranker(engine, "1")
    posts = id_candidates(300)
    expected, _ = engine.rank(
        user_id=7, history=event_history(9), candidates=posts, request_time_ms=NOW_MS
    )
    for _ in range(2):
        found = _rank(ranker, _request(posts))
        np.testing.assert_allclose(found.probabilities, expected, rtol=1e-5, atol=1e-6)
    assert ranker.counts.score_hits == 0
    assert ranker.counts.prefix_hits == 1
    swapped = _rank(ranker, _request(_chosen(posts, np.arange(300)[::-1])))
    assert np.abs(swapped.probabilities[::-1] - expected).max() > 1e-4


class _WatchedEngine(InferenceEngine):
    """Notes what histories are padded to."""

    lengths: list[int | None]

    def viewer_prefix(
        self, user_id: int, history: History, *, length: int | None = None
    ) -> ViewerPrefix:
        self.lengths.append(length)
        return super().viewer_prefix(user_id, history, length=length)


def test_a_length_that_is_not_compiled_yet_takes_a_longer_one() -> None:
    engine = _WatchedEngine(random_bundle("ranker", small_config(history_length=100)))
    engine.lengths = []
    ranker = Ranker(engine, "1")

    def ask(seed: int) -> Predictions:
        engine.lengths.clear()
        return _rank(ranker, _request(id_candidates(3), history=event_history(20, seed)))

    for step in ranker.page_programs():
        step()
    early = ask(seed=1)
    assert engine.lengths == [128]
    for step in ranker.other_programs():
        step()
    ask(seed=2)
    assert engine.lengths == [32]
    request = _request(id_candidates(3), history=event_history(20, 1))
    _require_close(early, _rank(Ranker(engine, "2"), request))
