"""Weights of impressions in the loss: less for what the logging policy showed anyway.

A model that learns from a feed's own log learns where the feed put things. With the recorded
propensity p each impression counts (1 / p)^power, so that at power 1 the loss is that of a policy
that shows everything alike; weights are cut, since one rare impression must not be the whole loss.

Source: Joachims, Swaminathan, Schnabel, "Unbiased learning-to-rank with biased feedback", 2017.
"""

import numpy as np
from jaxtyping import Float32

_WEIGHT_MIN, _WEIGHT_MAX = 0.1, 10.0


def impression_weights(
    propensity: Float32[np.ndarray, " n"], power: float
) -> Float32[np.ndarray, " n"]:
    """Weights of mean 1 before they are cut to [0.1, 10]; 1 where no propensity is known.

    Args:
      propensity: In (0, 1]; NaN or 0 = unknown.
      power: 0 = no debiasing, 1 = all of it.

    Raises:
      ValueError: power is not in [0, 1].
    """
    if not 0.0 <= power <= 1.0:
        raise ValueError(f"debias: expected 0 to 1, found {power}")
    known = np.isfinite(propensity) & (propensity > 0)
    weights = np.ones(len(propensity))
    if power > 0 and known.any():
        inverse = propensity[known].astype(np.float64) ** -power
        weights[known] = (inverse / inverse.mean()).clip(_WEIGHT_MIN, _WEIGHT_MAX)
    return weights.astype(np.float32)
