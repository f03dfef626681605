"""What is evaluated: requests after the data, told what came before them and nothing else."""

import dataclasses

import numpy as np
import pytest

from phoenix.checkpoints import load_checkpoint
from phoenix.data.posts import HOUR_MS
from phoenix.data.training_log import TrainingLog
from phoenix.evaluation.counts_regression import RegressionOptions, predict_from_counts
from phoenix.evaluation.impressions import (
    EvaluationError,
    LoggedRequests,
    logged_requests,
    predict_served,
    sampled,
)
from phoenix.evaluation.ranking_slices import held_posts, slices_of
from phoenix.evaluation.retrieval import (
    DEPTH,
    HeldOutLikes,
    Ranks,
    held_out_likes,
    log_corpus,
    retrieval_ranks,
)
from phoenix.inference import InferenceEngine
from phoenix.training.viewer_sequences import ViewerSequences, viewer_sequences
from tests.evaluation_log import DEMO, data_end_ms, small_log


@pytest.fixture(scope="module")
def log() -> TrainingLog:
    return small_log()


@pytest.fixture(scope="module")
def sequences(log: TrainingLog) -> ViewerSequences:
    return viewer_sequences(log)


@pytest.fixture(scope="module")
def requests(log: TrainingLog, sequences: ViewerSequences) -> LoggedRequests:
    return logged_requests(log, sequences, from_ms=data_end_ms())


def test_requests_hold_exactly_what_the_log_shows_after_the_data(
    log: TrainingLog, requests: LoggedRequests
) -> None:
    later = log.at_ms >= data_end_ms()
    began = {int(r) for r in log.request_id[~later]}
    # A request that began before the end does not count.
    wanted = later & ~np.isin(log.request_id, list(began))
    assert len(requests.post_ids) == wanted.sum()
    assert len(requests) == len(np.unique(log.request_id[wanted]))
    by_post = {
        (int(v), int(p)): (int(s), float(q))
        for v, p, s, q in zip(
            log.viewer_id[wanted], log.post_id[wanted], log.source[wanted],
            log.propensity[wanted], strict=True,
        )
    }  # fmt: skip
    for number in range(0, len(requests), 7):
        assert requests.request_ms[number] >= data_end_ms()
        for row in range(requests.offsets[number], requests.offsets[number + 1]):
            key = (int(requests.viewer_ids[number]), int(requests.post_ids[row]))
            assert by_post[key] == (int(requests.source[row]), float(requests.propensity[row]))


def test_a_log_that_ends_with_the_data_is_refused(
    log: TrainingLog, sequences: ViewerSequences
) -> None:
    with pytest.raises(EvaluationError, match="has no request after"):
        logged_requests(log, sequences, from_ms=int(log.at_ms.max()) + 1)


def test_a_sample_holds_whole_viewers_and_is_the_same_again(requests: LoggedRequests) -> None:
    some = sampled(requests, 40, seed=3)
    assert 40 <= len(some) < len(requests)
    for viewer in np.unique(some.viewer):
        assert (some.viewer == viewer).sum() == (requests.viewer == viewer).sum()
    assert np.array_equal(some.place, sampled(requests, 40, seed=3).place)
    assert np.array_equal(some.request, np.repeat(np.arange(len(some)), np.diff(some.offsets)))
    assert sampled(requests, None, seed=3) is requests


def _without_what_followed(log: TrainingLog, cut_ms: int) -> TrainingLog:
    """The log in which everything that was done from a moment on is turned around."""
    later = (log.at_ms >= cut_ms)[:, None]
    return dataclasses.replace(log, outcomes=np.where(later, 1 - log.outcomes, log.outcomes))


def test_no_prediction_sees_what_was_done_after_its_request_began(
    log: TrainingLog, sequences: ViewerSequences, requests: LoggedRequests
) -> None:
    cut_ms = data_end_ms() + 20 * HOUR_MS
    early = requests.take(np.flatnonzero(requests.request_ms <= cut_ms)[-25:])
    changed = viewer_sequences(_without_what_followed(log, cut_ms))
    engine = InferenceEngine(load_checkpoint(DEMO).ranker)
    first = predict_served(engine, early, sequences)
    second = predict_served(engine, early, changed)
    assert np.array_equal(first.probabilities, second.probabilities)
    assert np.isfinite(first.probabilities).all()
    options = RegressionOptions(int(log.at_ms.min()), data_end_ms())
    counts = [predict_from_counts(each, options, early.place) for each in (sequences, changed)]
    assert np.array_equal(counts[0].probabilities, counts[1].probabilities)
    # The test would see a leak: what was done before the requests does change them.
    before = viewer_sequences(_without_what_followed(log, data_end_ms()))
    counts_before = predict_from_counts(before, options, early.place)
    assert not np.array_equal(counts[0].probabilities, counts_before.probabilities)


def test_the_counts_beat_the_constant(
    log: TrainingLog, sequences: ViewerSequences, requests: LoggedRequests
) -> None:
    options = RegressionOptions(int(log.at_ms.min()), data_end_ms())
    counts = predict_from_counts(sequences, options, requests.place)
    liked = requests.outcomes[:, 0] > 0
    losses = [
        -np.log(np.where(liked, each, 1 - each)).mean()
        for each in (counts.probabilities[:, 0], np.full(len(liked), counts.constant[0]))
    ]
    assert losses[0] < losses[1]


def test_slices_of_posts_share_out_the_impressions(
    sequences: ViewerSequences, requests: LoggedRequests
) -> None:
    held = held_posts(sequences, data_end_ms())
    masks = slices_of(requests, held=held, data_end_ms=data_end_ms())
    by_post = [
        masks["post newer than the log"],
        masks["post that the log holds"],
        masks["older post that the log lacks"],
    ]
    assert (np.sum(by_post, axis=0) == 1).all()
    assert all(mask.any() for mask in by_post)
    assert (masks["in network"] ^ masks["out of network"]).all()


@pytest.fixture(scope="module")
def likes(log: TrainingLog, requests: LoggedRequests) -> HeldOutLikes:
    return held_out_likes(requests, log_corpus(log), count=12, seed=1)


@pytest.fixture(scope="module")
def ranks(log: TrainingLog, sequences: ViewerSequences, likes: HeldOutLikes) -> Ranks:
    engine = InferenceEngine(load_checkpoint(DEMO).retrieval)
    return retrieval_ranks(engine, sequences, log, corpus=log_corpus(log), likes=likes)


def test_held_out_likes_are_one_a_viewer_in_order_of_time(likes: HeldOutLikes) -> None:
    assert len(np.unique(likes.viewer)) == len(likes) == 12
    assert (np.diff(likes.request_ms) >= 0).all()
    assert (likes.created_at_ms < likes.request_ms).all()


def test_ranks_are_those_of_comparing_with_every_post(
    log: TrainingLog, sequences: ViewerSequences, likes: HeldOutLikes, ranks: Ranks
) -> None:
    engine = InferenceEngine(load_checkpoint(DEMO).retrieval)
    corpus = log_corpus(log)
    vectors = engine.embed_posts(corpus.post_ids, corpus.author_ids, corpus.created_at_ms)
    weight = log.outcomes[:, 0] + 2.0 * log.outcomes[:, 1] + 2.0 * log.outcomes[:, 2]
    for row in range(len(likes)):
        now_ms, viewer_id = int(likes.request_ms[row]), int(likes.viewer_ids[row])
        oldest = (now_ms // HOUR_MS - 48) * HOUR_MS
        seen = log.post_id[(log.viewer_id == viewer_id) & (log.at_ms < now_ms)]
        live = (corpus.created_at_ms >= oldest) & (corpus.created_at_ms < now_ms)
        live &= ~np.isin(corpus.post_ids, seen)
        ids = corpus.post_ids[live]
        history = sequences.history_before(int(likes.viewer[row]), now_ms, 128)
        query = engine.embed_user(viewer_id, history)
        done = log.at_ms < now_ms
        scores = {
            "model": np.einsum("nd,d->n", vectors[live], query),
            "popularity": np.array(
                [weight[done & (log.post_id == each)].sum() for each in ids.tolist()]
            ),
            "recency": corpus.created_at_ms[live].astype(float),
        }
        for name, values in scores.items():
            order = np.lexsort((-ids, -values))
            place = int(np.flatnonzero(ids[order] == likes.post_ids[row])[0])
            assert ranks.of[name][row] == min(place, DEPTH), (name, row)
