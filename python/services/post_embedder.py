"""Unit vectors of posts, one and the same vector for every new post of an author."""

import numpy as np
from jaxtyping import Float

from phoenix.inference import InferenceEngine
from phoenix.retrieval_index import IndexedPosts

# Vectors kept for authors; beyond, all are forgotten and made again when they are needed.
_AUTHORS_MAX = 200_000


class PostEmbedder:
    """The candidate tower, asked once for each author of new posts.

    A post newer than the training data is its author alone. Its vector is kept, not because it is
    costly but because a program for 64 posts and one for 1,024 may round it differently, and such
    a difference would decide between posts that are equal. Not thread-safe.
    """

    def __init__(self, engine: InferenceEngine) -> None:
        self._engine = engine
        self._author_vector: dict[int, Float[np.ndarray, " d"]] = {}

    def embed(self, posts: IndexedPosts) -> Float[np.ndarray, "n d"]:
        """One unit vector a post, in order."""
        is_new = self._engine.bundle.item_scale(posts.created_at_ms) == 0
        new, known = np.flatnonzero(is_new), np.flatnonzero(~is_new)
        count = posts.post_ids.shape[0]
        vectors = np.empty((count, self._engine.config.embedding_size), np.float32)
        if known.shape[0]:
            vectors[known] = self._tower(posts.at(known))
        if new.shape[0]:
            vectors[new] = self._author_vectors(posts.at(new))
        return vectors

    def _tower(self, posts: IndexedPosts) -> Float[np.ndarray, "n d"]:
        return self._engine.embed_posts(posts.post_ids, posts.author_ids, posts.created_at_ms)

    def _author_vectors(self, posts: IndexedPosts) -> Float[np.ndarray, "n d"]:
        authors, first, author_of_post = np.unique(
            posts.author_ids, return_index=True, return_inverse=True
        )
        if len(self._author_vector) + authors.shape[0] > _AUTHORS_MAX:
            self._author_vector.clear()
        missing = [
            row for row, author in enumerate(authors.tolist()) if author not in self._author_vector
        ]
        if missing:
            asked = posts.at(first[missing])
            self._author_vector.update(
                zip(asked.author_ids.tolist(), self._tower(asked), strict=True)
            )
        return np.stack([self._author_vector[author] for author in authors.tolist()])[
            author_of_post
        ]
