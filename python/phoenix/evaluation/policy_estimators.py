"""What another policy would have earned, from what this one logged.

A slot has a context x; the logging policy showed action a with propensity p(a | x) and reward r
came of it; a new policy would show a with probability q(a | x). A slot in which nothing was shown
counts too: its ratio, reward and prediction are 0. With w = q / p, n slots and a model m(x, a) of
the reward:
    inverse propensity   sum w r / n
    self-normalised      sum w r / sum w
    doubly robust        sum (direct + w (r - m)) / n,  direct = sum over a of q(a | x) m(x, a)
Doubly robust is unbiased whatever m is, and the better m, the narrower its interval.

Source: Dudik, Langford, Li, "Doubly robust policy evaluation and learning", ICML 2011.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from phoenix.evaluation.intervals import Z_95, Interval, clustered_error


@dataclass(frozen=True)
class LoggedSlots:
    """Slots and what is known of their contexts.

    ratio: q / p of what was shown. predicted: the reward model for what was shown. direct: its
    expectation under the new policy. cluster: slots with one number may depend on each other.
    """

    ratio: Float[np.ndarray, " n"]
    reward: Float[np.ndarray, " n"]
    predicted: Float[np.ndarray, " n"]
    direct: Float[np.ndarray, " n"]
    cluster: Int[np.ndarray, " n"]

    @property
    def effective_size(self) -> float:
        """How many equally weighted slots would be as good: (sum w)^2 / sum w^2."""
        squares = float(self.ratio @ self.ratio)
        return float(self.ratio.sum()) ** 2 / squares if squares > 0 else 0.0


def _mean_of(terms: np.ndarray, cluster: np.ndarray) -> Interval:
    value = float(terms.mean())
    error = clustered_error(terms - value, cluster, float(len(terms)))
    return Interval(value, value - Z_95 * error, value + Z_95 * error)


def inverse_propensity(slots: LoggedSlots) -> Interval:
    """Unbiased, and wide."""
    return _mean_of(slots.ratio * slots.reward, slots.cluster)


def self_normalised(slots: LoggedSlots) -> Interval:
    """A little biased, and narrower: the luck of the ratios cancels. NaN when all are 0."""
    total = float(slots.ratio.sum())
    if total <= 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    value = float(slots.ratio @ slots.reward) / total
    error = clustered_error(slots.ratio * (slots.reward - value), slots.cluster, total)
    return Interval(value, value - Z_95 * error, value + Z_95 * error)


def doubly_robust(slots: LoggedSlots) -> Interval:
    """Unbiased, and the narrower the better the reward model."""
    terms = slots.direct + slots.ratio * (slots.reward - slots.predicted)
    return _mean_of(terms, slots.cluster)


def direct_method(slots: LoggedSlots) -> float:
    """The reward model alone: hardly any variance, and all of its bias."""
    return float(slots.direct.mean())


ESTIMATORS = {
    "inverse propensity": inverse_propensity,
    "self-normalised": self_normalised,
    "doubly robust": doubly_robust,
}
