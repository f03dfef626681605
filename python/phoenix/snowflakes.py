"""Creation times that ids carry, for posts that come without one."""

import numpy as np
from jaxtyping import Int

# First millisecond of the snowflake clock (4 November 2010).
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
# Ids below this were given out before snowflakes, or are not ours; src/ids.ts has the same rule.
_SNOWFLAKE_MIN = 1 << 32
_TIME_SHIFT = 22


def creation_times(
    post_ids: Int[np.ndarray, " n"], created_at_ms: Int[np.ndarray, " n"], now_ms: int
) -> Int[np.ndarray, " n"]:
    """Creation times in ms since 1970: as given, else from the id, else 0 (unknown).

    An id whose time lies after `now_ms` is no snowflake.
    """
    decoded = (post_ids >> _TIME_SHIFT) + SNOWFLAKE_EPOCH_MS
    is_snowflake = (post_ids >= _SNOWFLAKE_MIN) & (decoded <= now_ms)
    return np.where(created_at_ms > 0, created_at_ms, np.where(is_snowflake, decoded, 0))
