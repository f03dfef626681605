"""Posts as the retrieval index takes and gives them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class IndexedPosts:
    """Posts, one column a field."""

    post_ids: Int[np.ndarray, " n"]
    author_ids: Int[np.ndarray, " n"]
    # ms since 1970.
    created_at_ms: Int[np.ndarray, " n"]

    def at(self, rows: Int[np.ndarray, " m"] | slice) -> "IndexedPosts":
        """The posts of some rows, in their order."""
        return IndexedPosts(self.post_ids[rows], self.author_ids[rows], self.created_at_ms[rows])


@dataclass(frozen=True)
class SearchResult:
    """What a search found, best first."""

    posts: IndexedPosts
    # Dot products with the query.
    scores: Float[np.ndarray, " n"]

    def at(self, rows: Int[np.ndarray, " m"] | slice) -> "SearchResult":
        """Some of the rows, in their order."""
        return SearchResult(self.posts.at(rows), self.scores[rows])


def join_posts(parts: Sequence[IndexedPosts]) -> IndexedPosts:
    """The posts of all parts, one part behind the other."""
    none = np.zeros(0, np.int64)
    return IndexedPosts(
        np.concatenate([none, *(part.post_ids for part in parts)]),
        np.concatenate([none, *(part.author_ids for part in parts)]),
        np.concatenate([none, *(part.created_at_ms for part in parts)]),
    )


def join_results(parts: Sequence[SearchResult]) -> SearchResult:
    """The rows of all parts, one part behind the other."""
    scores = [np.zeros(0, np.float32), *(part.scores for part in parts)]
    return SearchResult(join_posts([part.posts for part in parts]), np.concatenate(scores))
