"""The cache does what a naive one does, and never holds more than it may."""

import numpy as np
import pytest

from phoenix.byte_bounded_cache import ByteBoundedCache


@pytest.mark.parametrize("seed", range(5))
def test_random_use_equals_a_list_in_order_of_use(seed: int) -> None:
    random = np.random.default_rng(seed)
    cache = ByteBoundedCache[int, str](100)
    # Least recently used first: key, value, bytes.
    naive: list[tuple[int, str, int]] = []
    for step in range(2_000):
        key = int(random.integers(0, 12))
        held = next((entry for entry in naive if entry[0] == key), None)
        if random.random() < 0.5:
            assert cache.get(key) == (held[1] if held else None)
            if held:
                naive.remove(held)
                naive.append(held)
        else:
            value, size = str(step), int(random.integers(0, 130))
            cache.put(key, value, size)
            naive = [entry for entry in naive if entry[0] != key]
            if size <= 100:
                naive.append((key, value, size))
            while sum(entry[2] for entry in naive) > 100:
                naive.pop(0)
        assert len(cache) == len(naive)
        assert cache.byte_count == sum(entry[2] for entry in naive) <= 100
