"""One request from ids to answers: padding, cutting, neutral posts, both models."""

import dataclasses

import numpy as np
import pytest

from phoenix.bundle import Candidates, History
from phoenix.inference import InferenceEngine, bucket_for, empty_history
from tests.random_models import (
    event_history,
    id_candidates,
    random_bundle,
    retrieval_config,
    small_config,
)

NOW_MS = 1_000_000


@pytest.fixture(scope="module")
def ranker() -> InferenceEngine:
    return InferenceEngine(random_bundle("ranker", small_config()))


@pytest.fixture(scope="module")
def retrieval() -> InferenceEngine:
    return InferenceEngine(random_bundle("retrieval", retrieval_config()))


def _rank(
    engine: InferenceEngine, history: History, candidates: Candidates
) -> tuple[np.ndarray, np.ndarray]:
    probabilities, dwell = engine.rank(
        user_id=7, history=history, candidates=candidates, request_time_ms=NOW_MS
    )
    assert dwell is not None
    return probabilities, dwell


def _newest(history: History, count: int) -> History:
    columns = vars(history).items()
    return History(**{name: column[-count:] for name, column in columns})


def _some(candidates: Candidates, chosen: np.ndarray | slice) -> Candidates:
    return Candidates(**{name: column[chosen] for name, column in vars(candidates).items()})


def test_buckets() -> None:
    assert [bucket_for(count, (4, 8)) for count in (0, 4, 5, 9, 17)] == [4, 4, 8, 16, 32]


def test_scores_do_not_depend_on_bucket_order_or_company(ranker: InferenceEngine) -> None:
    history, candidates = event_history(9), id_candidates(70)
    probabilities, dwell = _rank(ranker, history, candidates)
    assert probabilities.shape == (70, 18)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    assert ((dwell > 0) & (dwell < 30)).all()
    order = np.random.default_rng(0).permutation(70)[:20]
    fewer, seconds = _rank(ranker, history, _some(candidates, order))
    np.testing.assert_allclose(fewer, probabilities[order], rtol=1e-5)
    np.testing.assert_allclose(seconds, dwell[order], rtol=1e-5)


def test_the_newest_events_count(ranker: InferenceEngine, retrieval: InferenceEngine) -> None:
    length = ranker.config.history_length
    history, candidates = event_history(length + 30), id_candidates(3)
    cut = _newest(history, length)
    np.testing.assert_array_equal(
        _rank(ranker, history, candidates)[0], _rank(ranker, cut, candidates)[0]
    )
    np.testing.assert_array_equal(retrieval.embed_user(7, history), retrieval.embed_user(7, cut))


def test_an_empty_history_is_valid(ranker: InferenceEngine, retrieval: InferenceEngine) -> None:
    probabilities, _ = _rank(ranker, empty_history(), id_candidates(3))
    assert np.isfinite(probabilities).all()
    vector = retrieval.embed_user(7, empty_history())
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert np.abs(vector - retrieval.embed_user(8, empty_history())).max() > 1e-3


def test_age_surface_and_history_matter(ranker: InferenceEngine) -> None:
    history, candidates = event_history(5), id_candidates(3)
    probabilities, _ = _rank(ranker, history, candidates)
    for other in (
        dataclasses.replace(candidates, created_at_ms=candidates.created_at_ms - 10**8),
        dataclasses.replace(candidates, surfaces=candidates.surfaces + 1),
    ):
        assert np.abs(_rank(ranker, history, other)[0] - probabilities).max() > 1e-4
    assert np.abs(_rank(ranker, event_history(5, 99), candidates)[0] - probabilities).max() > 1e-4


def test_posts_behind_the_training_log_share_what_is_not_theirs() -> None:
    old = dataclasses.replace(
        random_bundle("retrieval", retrieval_config()), neutral_items_after_ms=500
    )
    engine = InferenceEngine(old)
    authors = np.full(4, 3)
    created = np.array([500, 500, 501, 900])
    vectors = engine.embed_posts(np.array([10, 11, 12, 13]), authors, created)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    np.testing.assert_array_equal(vectors[2], vectors[3])
    ranker = InferenceEngine(
        dataclasses.replace(random_bundle("ranker", small_config()), neutral_items_after_ms=500)
    )
    candidates = Candidates(np.array([10, 11, 12, 13]), authors, np.zeros(4, int), created)
    probabilities, _ = _rank(ranker, event_history(5), candidates)
    assert np.abs(probabilities[0] - probabilities[1]).max() > 1e-4
    np.testing.assert_allclose(probabilities[2], probabilities[3], rtol=1e-6)


def test_posts_embed_alike_in_any_number(retrieval: InferenceEngine) -> None:
    ids = np.arange(1, 9_001)
    every = retrieval.embed_posts(ids, ids + 5, ids)
    assert every.shape == (9_000, 16)
    few = retrieval.embed_posts(ids[8_990:], ids[8_990:] + 5, ids[8_990:])
    np.testing.assert_allclose(few, every[8_990:], atol=1e-6)
    assert retrieval.embed_posts(ids[:0], ids[:0], ids[:0]).shape == (0, 16)


def test_warm_runs_every_shape(ranker: InferenceEngine, retrieval: InferenceEngine) -> None:
    ranker.warm([0, 40], [3, 70])
    retrieval.warm([5], [3])


def test_the_wrong_model_is_refused(ranker: InferenceEngine) -> None:
    with pytest.raises(ValueError, match="needs the retrieval model, the engine holds ranker"):
        ranker.embed_user(1, empty_history())
