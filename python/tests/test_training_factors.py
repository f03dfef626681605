"""The factors that training starts from: follows, habits, and the moment that divides the log."""

import dataclasses

import numpy as np
import pytest

from phoenix.bundle import EmbeddingTables
from phoenix.training.author_habits import (
    HABITS,
    AuthorDeeds,
    habit_axes,
    habit_deviations,
)
from phoenix.training.factor_tables import factor_scale, tables_from_factors
from phoenix.training.factorise import SplitFactors, factorise
from phoenix.training.followed_authors import follow_coordinates
from phoenix.training.initialise import demo_config, demo_hashes, initial_tables
from phoenix.training.ranker_training import (
    RANKER_SHARE,
    ranker_from_ms,
    with_newer_factors,
)
from phoenix.training.viewer_sequences import ViewerSequences, check_no_leak
from tests.small_world import small_sequences

SIZE = 8


@pytest.fixture(scope="module")
def sequences() -> ViewerSequences:
    return small_sequences()


@pytest.fixture(scope="module")
def factors(sequences: ViewerSequences) -> SplitFactors:
    until_ms = ranker_from_ms(sequences)
    return factorise(sequences, size=SIZE, rounds=3, seed=5, until_ms=until_ms)


def test_who_follows_alike_lies_together() -> None:
    """Two circles of viewers, each with authors of its own."""
    random = np.random.default_rng(1)
    circle = np.arange(40) % 2
    viewer, author = np.nonzero(
        random.random((40, 60)) < np.where(circle[:, None] == np.arange(60) % 2, 0.4, 0.02)
    )
    twice = np.concatenate([viewer, viewer]), np.concatenate([author, author])
    viewers, authors = follow_coordinates(*twice, shape=(40, 60), size=3)
    assert (viewers[:, -1] == 1).all()
    assert np.allclose(authors[:, :-1].std(axis=0), 1)
    side = max(abs(np.corrcoef(column, circle)[0, 1]) for column in viewers[:, :-1].T)
    assert side > 0.9
    again, _ = follow_coordinates(viewer, author, shape=(40, 60), size=3)
    assert np.array_equal(viewers, again)


@pytest.mark.parametrize("shape", [(5, 4), (1, 4), (4, 1)])
def test_without_follows_nothing_is_known(shape: tuple[int, int]) -> None:
    none = np.zeros(0, np.int64)
    viewers, authors = follow_coordinates(none, none, shape=shape, size=3)
    assert viewers.tolist() == [[1.0]] * shape[0]
    assert authors.tolist() == [[1.0]] * shape[1]


def test_a_habit_is_what_liking_does_not_explain() -> None:
    random = np.random.default_rng(2)
    count, authors = 40_000, 50
    author, liking = random.integers(authors, size=count), random.normal(size=count)
    films = np.arange(authors) % 5 == 0
    chance = np.full((count, 18), 0.002)
    chance[:, 0] = 1 / (1 + np.exp(2 - liking))
    chance[:, 6] = np.where(films[author], 0.3, 0.02)
    outcomes = (random.random((count, 18)) < chance).astype(np.uint8)
    deviations = habit_deviations(AuthorDeeds(author, liking, outcomes), authors + 1)
    # Nothing is known of an author whom nobody was shown.
    assert (deviations[-1] == 0).all()
    assert (deviations[:-1, 6][films] > 1.0).all()
    assert np.abs(deviations[:-1, 0]).mean() < 0.15
    axes = habit_axes(deviations, outcomes)
    assert axes.shape == (18, HABITS)
    habits = deviations @ axes
    assert np.allclose(habits.std(axis=0), 1)
    assert habits[:-1, 0][films].min() > habits[:-1, 0][~films].max()


def test_the_ranker_learns_from_the_newest_part_with_all_histories(
    sequences: ViewerSequences,
) -> None:
    cut_ms = ranker_from_ms(sequences)
    newest = sequences.asked_from(cut_ms)
    shown = newest.impressions
    assert shown.request_ms.min() >= cut_ms
    share = len(shown.post_ids) / len(sequences.impressions.post_ids)
    assert share == pytest.approx(RANKER_SHARE, abs=0.02)
    assert newest.tokens is sequences.tokens
    assert np.diff(shown.offsets).sum() == len(shown.post_ids) == len(shown.outcomes)
    check_no_leak(newest)
    everything = sequences.asked_from(0).impressions
    assert np.array_equal(everything.offsets, sequences.impressions.offsets)


def test_earlier_factors_know_no_outcome_behind_the_moment(
    sequences: ViewerSequences, factors: SplitFactors
) -> None:
    cut_ms, shown = ranker_from_ms(sequences), sequences.impressions
    later = shown.request_ms >= cut_ms
    outcomes = np.where(later[:, None], 1 - shown.outcomes, shown.outcomes).astype(np.uint8)
    turned = dataclasses.replace(
        sequences, impressions=dataclasses.replace(shown, outcomes=outcomes)
    )
    other = factorise(turned, size=SIZE, rounds=3, seed=5, until_ms=cut_ms)
    for name in ("viewer", "author", "habit"):
        mine, theirs = getattr(factors.earlier, name), getattr(other.earlier, name)
        assert np.array_equal(mine, theirs), name
        assert not np.allclose(getattr(factors.all, name), getattr(other.all, name)), name


def test_all_and_earlier_factors_share_a_basis(factors: SplitFactors) -> None:
    for name in ("viewer", "author", "habit"):
        before, after = getattr(factors.earlier, name), getattr(factors.all, name)
        assert before.shape == after.shape
        cosine = (before * after).sum() / np.linalg.norm(before) / np.linalg.norm(after)
        assert cosine > 0.8, name


def test_a_log_of_one_moment_has_one_set_of_factors(sequences: ViewerSequences) -> None:
    same = factorise(sequences, size=SIZE, rounds=1, seed=5, until_ms=0)
    assert np.array_equal(same.earlier.viewer, same.all.viewer)


def test_newer_factors_are_added_to_what_training_changed(factors: SplitFactors) -> None:
    config, hashes = demo_config("ranker"), demo_hashes()
    scale = factor_scale(factors.earlier, 0.5)
    blank = initial_tables(config, hashes, np.random.default_rng(1))
    before, after = (
        tables_from_factors(blank, hashes, chosen, scale=scale)
        for chosen in (factors.earlier, factors.all)
    )
    trained = EmbeddingTables(
        user=before.user + np.float32(0.25), item=before.item, author=before.author
    )
    newer = with_newer_factors(trained, factors, hashes=hashes, spread=0.5)
    assert np.allclose(newer.user, after.user + 0.25, atol=1e-6)
    assert np.allclose(newer.author, after.author, atol=1e-6)
    assert newer.item is trained.item
