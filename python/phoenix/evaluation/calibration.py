"""How far probabilities are from what happens: reliability points and the expected error.

Bins hold equal numbers of predictions (equal mass), because most actions are rare: bins of equal
width would put nearly everything into the first. Equal predictions share a bin.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

BINS = 15


@dataclass(frozen=True)
class Calibration:
    """One action. Points by rising prediction: mean predicted, observed share, how many.

    error: mean over predictions of |observed - predicted| of their bin (ECE), in [0, 1].
    noise: the error that a perfectly calibrated model with these predictions would show, by luck.
    """

    predicted: Float[np.ndarray, " bins"]
    observed: Float[np.ndarray, " bins"]
    counts: Int[np.ndarray, " bins"]
    error: float
    noise: float


def _bin_of(probabilities: np.ndarray, bins: int) -> tuple[np.ndarray, int]:
    ordered = np.sort(probabilities)
    starts = (np.arange(1, bins) * len(ordered)) // bins
    edges = np.unique(ordered[starts])
    number = np.searchsorted(edges, probabilities, side="right")
    used, number = np.unique(number, return_inverse=True)
    return number, len(used)


def calibration(
    probabilities: Float[np.ndarray, " n"],
    outcomes: Bool[np.ndarray, " n"],
    *,
    bins: int = BINS,
    draws: int = 20,
    seed: int = 0,
) -> Calibration:
    """Expected calibration error of one action's predictions. O(n log n + draws x n).

    Args:
      probabilities: In [0, 1].
      outcomes: What happened.
      bins: Of equal mass.
      draws: How often outcomes are drawn from the predictions themselves, for `noise`.
      seed: Of those draws.

    Raises:
      ValueError: There is no prediction.
    """
    if len(probabilities) == 0:
        raise ValueError("probabilities: expected at least one prediction")
    number, used = _bin_of(probabilities, bins)
    counts = np.bincount(number, minlength=used)
    predicted = np.bincount(number, weights=probabilities, minlength=used) / counts

    def shares(happened: np.ndarray) -> np.ndarray:
        return np.bincount(number, weights=happened, minlength=used) / counts

    def error_of(observed: np.ndarray) -> float:
        return float(np.abs(observed - predicted) @ counts / len(probabilities))

    random = np.random.default_rng(seed)
    lucky = [
        error_of(shares(random.random(len(probabilities)) < probabilities)) for _ in range(draws)
    ]
    observed = shares(outcomes)
    return Calibration(
        predicted=predicted,
        observed=observed,
        counts=counts,
        error=error_of(observed),
        noise=float(np.mean(lucky)) if lucky else float("nan"),
    )
