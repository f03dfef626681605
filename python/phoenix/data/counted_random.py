"""Random numbers by counter: the value depends on its keys alone, never on what was drawn before.

So a world made hour by hour equals the same world made at once, and a person keeps their taste
whatever the size of the range that is generated.

Source: the mixing function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
"""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float64, Int64, UInt64

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_TWO_53 = float(2**53)

Key: TypeAlias = int | np.integer | np.ndarray


def mixed_bits(*keys: Key) -> UInt64[np.ndarray, "..."]:
    """64 well mixed bits for each tuple of keys; keys broadcast, order matters.

    Args:
      keys: Integers or integer arrays of any signedness.
    """
    state = np.zeros((), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for key in keys:
            values = np.asarray(key)
            bits = values if values.dtype == np.uint64 else values.astype(np.int64).view(np.uint64)
            state = (state ^ bits) + _GOLDEN
            state = (state ^ (state >> np.uint64(30))) * _MIX_1
            state = (state ^ (state >> np.uint64(27))) * _MIX_2
            state = state ^ (state >> np.uint64(31))
    return state


def uniforms(*keys: Key) -> Float64[np.ndarray, "..."]:
    """One number in [0, 1) for each tuple of keys."""
    return (mixed_bits(*keys) >> np.uint64(11)).astype(np.float64) / _TWO_53


def normals(*keys: Key) -> Float64[np.ndarray, "..."]:
    """One standard normal number for each tuple of keys (Box-Muller)."""
    radius = np.sqrt(-2.0 * np.log1p(-uniforms(*keys, 1)))
    return radius * np.cos(2.0 * np.pi * uniforms(*keys, 2))


def choices(count: int, *keys: Key) -> Int64[np.ndarray, "..."]:
    """One whole number in [0, count) for each tuple of keys."""
    return (uniforms(*keys) * count).astype(np.int64)


def categorical(
    uniform: Float64[np.ndarray, " n"], cumulative: Float64[np.ndarray, "n k"]
) -> Int64[np.ndarray, " n"]:
    """The category that each uniform number falls into, by rows of cumulative probabilities."""
    picked = (uniform[:, None] >= cumulative).sum(axis=1)
    return np.minimum(picked, cumulative.shape[1] - 1)
