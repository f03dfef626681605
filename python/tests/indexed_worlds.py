"""Posts and brute force for tests of the retrieval index."""

import numpy as np

from phoenix.index_scan import exact_scores
from phoenix.indexed_posts import IndexedPosts, SearchResult

HOUR_MS = 3_600_000
NOW_MS = 1_000 * HOUR_MS + 12_345


def indexed_posts(
    post_ids: list[int], author_ids: list[int], created_at_ms: list[int]
) -> IndexedPosts:
    """Posts out of lists."""
    return IndexedPosts(*(np.array(c, np.int64) for c in (post_ids, author_ids, created_at_ms)))


def random_posts(random: np.random.Generator, count: int, authors: int) -> IndexedPosts:
    """Posts of the last 48 hours, ids without order."""
    return IndexedPosts(
        random.choice(10 * count, count, replace=False).astype(np.int64) + 1,
        random.integers(1, authors + 1, count),
        NOW_MS - random.integers(0, 48 * HOUR_MS, count),
    )


def brute_force(
    posts: IndexedPosts, scores: np.ndarray, *, count: int, cap: int
) -> list[tuple[int, int, int]]:
    """Walks all posts, best first, newest id first among equals, skipping authors at the cap."""
    columns = (posts.post_ids.tolist(), posts.author_ids.tolist(), posts.created_at_ms.tolist())
    rows = sorted(zip(scores.tolist(), *columns, strict=True), key=lambda row: (-row[0], -row[1]))
    seen: dict[int, int] = {}
    best: list[tuple[int, int, int]] = []
    for _, post_id, author_id, created_at_ms in rows:
        seen[author_id] = seen.get(author_id, 0) + 1
        if seen[author_id] <= cap and len(best) < count:
            best.append((post_id, author_id, created_at_ms))
    return best


def triples(result: SearchResult) -> list[tuple[int, int, int]]:
    """What a search found, in order."""
    posts = result.posts
    columns = (posts.post_ids.tolist(), posts.author_ids.tolist(), posts.created_at_ms.tolist())
    return list(zip(*columns, strict=True))


def scores_of(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The scores that an index must give, vector by vector."""
    width = -(-vectors.shape[1] // 16) * 16
    missing = width - vectors.shape[1]
    return exact_scores(np.pad(vectors, ((0, 0), (0, missing))), np.pad(query, (0, missing)))
