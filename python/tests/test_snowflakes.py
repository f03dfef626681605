"""Creation times out of ids."""

import numpy as np

from phoenix.snowflakes import SNOWFLAKE_EPOCH_MS, creation_times

NOW_MS = 1_700_000_000_000


def test_a_time_is_taken_as_given_then_from_the_id_then_unknown() -> None:
    made_ms = NOW_MS - 5_000
    snowflake = (made_ms - SNOWFLAKE_EPOCH_MS) << 22 | 7
    of_tomorrow = (NOW_MS + 86_400_000 - SNOWFLAKE_EPOCH_MS) << 22
    ids = np.array([snowflake, snowflake, 12, (1 << 32) - 1, 1 << 32, of_tomorrow], np.int64)
    given = np.array([42, 0, 0, 0, 0, 0], np.int64)
    first = SNOWFLAKE_EPOCH_MS + ((1 << 32) >> 22)
    assert creation_times(ids, given, NOW_MS).tolist() == [42, made_ms, 0, 0, first, 0]
