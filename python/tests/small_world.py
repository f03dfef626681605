"""Four days of a small part of the demo world, as training reads them."""

import functools

from phoenix.data.posts import HOUR_MS
from phoenix.data.world import create_world, world_training_log
from phoenix.training.viewer_sequences import ViewerSequences, viewer_sequences

NOW_MS = 1_793_491_200_000


@functools.cache
def small_sequences() -> ViewerSequences:
    """Made once for all tests, which only read it."""
    world = create_world(7, NOW_MS, scale=0.05, from_ms=NOW_MS - 4 * 24 * HOUR_MS)
    return viewer_sequences(world_training_log(world))
