"""Estimates of another policy's worth: they cover the truth of synthetic logs as often as said."""

from dataclasses import dataclass

import numpy as np
import pytest

from phoenix.evaluation.impressions import EvaluationError
from phoenix.evaluation.policy import parse_weights
from phoenix.evaluation.policy_estimators import (
    ESTIMATORS,
    LoggedSlots,
    direct_method,
    doubly_robust,
    inverse_propensity,
    self_normalised,
)
from phoenix.gen.actions import ACTIONS

LOGS = 300
VIEWERS, SLOTS_A_VIEWER, ACTIONS_A_SLOT = 120, 6, 8


@dataclass(frozen=True)
class Synthetic:
    """Viewers with known rewards of every action, a logging policy, and a new one."""

    rewards: np.ndarray
    logging: np.ndarray
    new: np.ndarray
    model: np.ndarray

    @property
    def truth(self) -> float:
        """The new policy's true worth."""
        return float((self.new * self.rewards).sum(axis=1).mean())

    def log(self, random: np.random.Generator) -> LoggedSlots:
        """One log. In a tenth of the slots nothing is shown."""
        viewer = np.repeat(np.arange(VIEWERS), SLOTS_A_VIEWER)
        uniform = random.random((len(viewer), 1))
        drawn = (uniform > np.cumsum(self.logging[viewer], axis=1)).sum(axis=1)
        shown = drawn < ACTIONS_A_SLOT
        action = np.minimum(drawn, ACTIONS_A_SLOT - 1)
        happened = random.random(len(viewer)) < self.rewards[viewer, action]
        direct = (self.new * self.model).sum(axis=1)
        ratio = self.new[viewer, action] / self.logging[viewer, action]
        return LoggedSlots(
            ratio=np.where(shown, ratio, 0.0),
            reward=np.where(shown, happened, 0.0).astype(np.float64),
            predicted=np.where(shown, self.model[viewer, action], 0.0),
            direct=direct[viewer],
            cluster=viewer,
        )


@pytest.fixture(scope="module")
def synthetic() -> Synthetic:
    random = np.random.default_rng(8)
    rewards = random.beta(1, 4, (VIEWERS, ACTIONS_A_SLOT))
    logging = random.dirichlet(np.ones(ACTIONS_A_SLOT) * 5, VIEWERS) * 0.9
    wanted = np.exp(3 * rewards + random.normal(size=rewards.shape) * 0.3)
    new = wanted / wanted.sum(axis=1, keepdims=True)
    # A reward model that is half right, and too high.
    model = 0.5 * rewards + 0.5 * rewards.mean() + 0.15
    return Synthetic(rewards, logging, new, model)


@pytest.fixture(scope="module")
def logs(synthetic: Synthetic) -> list[LoggedSlots]:
    random = np.random.default_rng(9)
    return [synthetic.log(random) for _ in range(LOGS)]


@pytest.mark.parametrize("method", ["inverse propensity", "doubly robust"])
def test_intervals_cover_the_truth_as_often_as_they_say(
    synthetic: Synthetic, logs: list[LoggedSlots], method: str
) -> None:
    covered = [ESTIMATORS[method](log).holds(synthetic.truth) for log in logs]
    # 95 % are meant to; between-viewer spread makes the intervals a little too wide.
    assert np.mean(covered) >= 0.92


def test_unbiased_estimates_average_to_the_truth(
    synthetic: Synthetic, logs: list[LoggedSlots]
) -> None:
    for estimate in (inverse_propensity, doubly_robust):
        values = np.array([estimate(log).value for log in logs])
        error = values.std(ddof=1) / np.sqrt(LOGS)
        assert abs(values.mean() - synthetic.truth) < 3.5 * error
    # The model alone keeps its bias, however much is logged.
    assert direct_method(logs[0]) - synthetic.truth > 0.08


def test_doubly_robust_is_narrower_and_the_plain_mean_is_wrong(
    synthetic: Synthetic, logs: list[LoggedSlots]
) -> None:
    plain = np.array([inverse_propensity(log).value for log in logs])
    robust = np.array([doubly_robust(log).value for log in logs])
    assert robust.std() < plain.std()
    logged = np.mean([log.reward.mean() for log in logs])
    assert abs(logged - synthetic.truth) > 5 * plain.std() / np.sqrt(LOGS)


def test_self_normalised_estimates_of_full_slots_are_close(synthetic: Synthetic) -> None:
    random = np.random.default_rng(10)
    full = Synthetic(synthetic.rewards, synthetic.logging / 0.9, synthetic.new, synthetic.model)
    covered = [self_normalised(full.log(random)).holds(full.truth) for _ in range(LOGS)]
    assert np.mean(covered) >= 0.90


def test_equal_policies_have_ratios_of_one_and_the_logged_mean() -> None:
    random = np.random.default_rng(11)
    reward = random.random(200)
    ones, cluster = np.ones(200), np.arange(200)
    slots = LoggedSlots(ones, reward, np.zeros(200), np.zeros(200), cluster)
    assert slots.effective_size == pytest.approx(200)
    for estimate in ESTIMATORS.values():
        assert estimate(slots).value == pytest.approx(reward.mean())


def test_no_overlap_gives_no_self_normalised_estimate() -> None:
    none, cluster = np.zeros(5), np.arange(5)
    slots = LoggedSlots(none, none, none, none, cluster)
    assert np.isnan(self_normalised(slots).value)
    assert slots.effective_size == 0.0


def test_weights_are_read_by_name_and_refused_by_name() -> None:
    weights = parse_weights("favorite=1, reply=13.5,dwell_seconds=0.01")
    by_name = {action.name: weights.actions[action.index] for action in ACTIONS[:18]}
    assert (by_name["favorite"], by_name["reply"], weights.dwell) == (1.0, 13.5, 0.01)
    assert weights.actions.sum() == 14.5
    with pytest.raises(EvaluationError, match="unknown action 'likes'; known: favorite"):
        parse_weights("likes=1")
    with pytest.raises(EvaluationError, match="expected NAME=NUMBER, found 'favorite'"):
        parse_weights("favorite")
