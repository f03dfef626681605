"""Metrics of the evaluation: vectors worked out by hand, and what must hold for any numbers."""

import numpy as np
import pytest

from phoenix.evaluation.calibration import calibration
from phoenix.evaluation.counts_regression import fit_logistic
from phoenix.evaluation.intervals import (
    AucReplicates,
    bootstrap_mean,
    bootstrap_weights,
    clustered_error,
)
from phoenix.evaluation.metrics import auc, log_losses, ndcg, ndcg_of_rank

SEEDS = range(20)


def naive_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """By its definition: every pair of a positive and a negative, one by one."""
    pairs = [
        1.0 if good > bad else 0.5 if good == bad else 0.0
        for good in scores[positive]
        for bad in scores[~positive]
    ]
    return sum(pairs) / len(pairs)


def test_auc_of_a_vector_worked_out_by_hand_counts_a_tie_half() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.8])
    positive = np.array([False, True, False, True])
    # Pairs: 0.4 beats 0.1, ties 0.4; 0.8 beats both.
    assert auc(scores, positive) == pytest.approx(3.5 / 4)


def test_auc_needs_both_outcomes() -> None:
    assert np.isnan(auc(np.array([0.1, 0.2]), np.array([True, True])))
    assert np.isnan(auc(np.zeros(0), np.zeros(0, bool)))


@pytest.mark.parametrize("seed", SEEDS)
def test_auc_is_the_share_of_pairs_in_order_and_blind_to_monotone_changes(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 12, 60) / 12.0
    positive = random.random(60) < 0.3
    positive[:2] = [True, False]
    value = auc(scores, positive)
    assert value == pytest.approx(naive_auc(scores, positive))
    assert auc(np.exp(3 * scores), positive) == pytest.approx(value)
    assert auc(-scores, positive) == pytest.approx(1 - value)
    shuffled = random.permutation(60)
    assert auc(scores[shuffled], positive[shuffled]) == pytest.approx(value)


def test_log_losses_by_hand_and_finite_at_the_ends() -> None:
    losses = log_losses(np.array([0.8, 0.8, 0.0]), np.array([True, False, True]))
    assert losses[:2] == pytest.approx([-np.log(0.8), -np.log(0.2)])
    assert np.isfinite(losses[2])


def test_ndcg_of_one_relevant_item_by_rank() -> None:
    assert ndcg_of_rank(np.array([0, 1, 2, 9, 10]), 10) == pytest.approx(
        [1.0, 1 / np.log2(3), 0.5, 1 / np.log2(11), 0.0]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_ndcg_lies_between_0_and_1_and_is_largest_for_the_best_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    gains = random.exponential(size=30)
    value = ndcg(random.random(30), gains, 10)
    assert 0.0 <= value <= 1.0
    assert ndcg(gains, gains, 10) == pytest.approx(1.0)
    assert ndcg(-gains, gains, 10) <= value + 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_a_perfectly_calibrated_predictor_has_hardly_any_error(seed: int) -> None:
    random = np.random.default_rng(seed)
    probabilities = random.beta(1, 20, 100_000)
    outcomes = random.random(100_000) < probabilities
    measured = calibration(probabilities, outcomes)
    assert measured.error < 0.004
    # Its error is what luck makes of it, no more than twice that.
    assert measured.error < 2 * measured.noise


def test_a_predictor_that_says_too_much_is_caught() -> None:
    random = np.random.default_rng(0)
    probabilities = random.beta(1, 20, 50_000)
    outcomes = random.random(50_000) < probabilities / 2
    measured = calibration(probabilities, outcomes)
    assert measured.error == pytest.approx(probabilities.mean() / 2, rel=0.05)
    assert measured.error > 5 * measured.noise
    assert len(measured.counts) == 15
    assert measured.counts.max() - measured.counts.min() <= 1


def test_calibration_by_hand_with_equal_predictions_in_one_bin() -> None:
    probabilities = np.array([0.2, 0.2, 0.2, 0.2, 0.9, 0.9])
    outcomes = np.array([True, False, False, False, True, False])
    measured = calibration(probabilities, outcomes, bins=3)
    assert measured.counts.tolist() == [4, 2]
    assert measured.observed == pytest.approx([0.25, 0.5])
    assert measured.error == pytest.approx((4 * 0.05 + 2 * 0.4) / 6)


def test_calibration_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one prediction"):
        calibration(np.zeros(0), np.zeros(0, bool))


@pytest.mark.parametrize("seed", range(5))
def test_weighted_auc_equals_the_auc_of_copied_viewers(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 9, 80) / 9.0
    positive, cluster = random.random(80) < 0.4, random.integers(0, 10, 80)
    weights = bootstrap_weights(10, 8, seed)
    assert (weights.sum(axis=1) == 10).all()
    replicates = AucReplicates(scores, positive, cluster).all(weights)
    for row, value in zip(weights, replicates, strict=True):
        copies = np.repeat(np.arange(80), row[cluster])
        assert value == pytest.approx(auc(scores[copies], positive[copies]), nan_ok=True)


def test_the_bootstrap_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    cluster = np.repeat(np.arange(60), 5)
    covered = []
    for seed in range(200):
        values = np.repeat(random.normal(size=60), 5) + random.normal(size=300)
        interval = bootstrap_mean(values, cluster, bootstrap_weights(60, 300, seed))
        covered.append(interval.holds(0.0))
    # 95 % are meant to; 60 clusters make it a little less, and 200 tries leave +- 4 %.
    assert 0.88 <= np.mean(covered) <= 0.99


def test_clustered_errors_are_wider_when_a_viewers_impressions_are_alike() -> None:
    random = np.random.default_rng(5)
    alike = np.repeat(random.normal(size=50), 10)
    together = clustered_error(alike - alike.mean(), np.repeat(np.arange(50), 10), 500.0)
    apart = clustered_error(alike - alike.mean(), np.arange(500), 500.0)
    assert together == pytest.approx(apart * np.sqrt(10), rel=0.05)


def test_the_logistic_regression_finds_the_weights_that_made_the_data() -> None:
    random = np.random.default_rng(6)
    features = np.c_[np.ones(40_000), random.normal(size=(40_000, 2))]
    true = np.array([-2.0, 1.0, -0.5])
    outcomes = random.random(40_000) < 1 / (1 + np.exp(-features @ true))
    assert fit_logistic(features, outcomes) == pytest.approx(true, abs=0.07)
    # An action that never happened neither fails nor predicts more than next to nothing.
    never = fit_logistic(features, np.zeros(40_000, bool))
    assert np.isfinite(never).all()
    assert 1 / (1 + np.exp(-never[0])) < 1e-4
