"""The posts and viewers of the retrieval benchmark."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from phoenix.indexed_posts import IndexedPosts

DIMENSION = 128
NOW_MS = 1_764_115_200_000
_WINDOW_MS = 48 * 3_600_000
_CLUSTERS = 1_000
_AUTHORS = 100_000
_ROWS_AT_A_TIME = 65_536


@dataclass(frozen=True)
class RetrievalWorld:
    """Posts of 48 hours by 100,000 authors, their unit vectors, and viewers.

    As the demo model's outputs are: in clusters (1,000 topics, of Zipf's sizes), most of the
    variance in few directions (the i-th has 1 / i of the first), cosines of two posts from -0.45
    to 0.45 for 98 %. A viewer stands between two topics. No two posts are equal.
    """

    posts: IndexedPosts
    vectors: Float[np.ndarray, "n d"]
    viewers: Float[np.ndarray, "v d"]


def make_world(posts: int, viewers: int) -> RetrievalWorld:
    """The same world for the same numbers."""
    random = np.random.default_rng(7)
    centres = _unit(_draws(random, _CLUSTERS))
    sizes = 1 / np.arange(1, _CLUSTERS + 1)
    topics = random.choice(_CLUSTERS, posts, p=sizes / sizes.sum())
    vectors = np.empty((posts, DIMENSION), np.float32)
    for start in range(0, posts, _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        noise = _unit(_draws(random, vectors[part].shape[0]))
        vectors[part] = _unit(centres[topics[part]] + 0.8 * noise)
    pairs = random.integers(0, _CLUSTERS, (2, viewers))
    between = centres[pairs[0]] + centres[pairs[1]] + _unit(_draws(random, viewers))
    columns = IndexedPosts(
        np.arange(1, posts + 1) * 7,
        random.integers(1, _AUTHORS + 1, posts),
        NOW_MS - random.integers(0, _WINDOW_MS, posts),
    )
    return RetrievalWorld(columns, vectors, _unit(between))


def batches(world: RetrievalWorld, size: int) -> Iterator[slice]:
    """The rows of a world, so many at a time."""
    count = world.vectors.shape[0]
    return (slice(start, start + size) for start in range(0, count, size))


def _draws(random: np.random.Generator, count: int) -> Float[np.ndarray, "n d"]:
    falling = (np.arange(1, DIMENSION + 1) ** -0.5).astype(np.float32)
    return random.standard_normal((count, DIMENSION), dtype=np.float32) * falling


def _unit(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
