"""The retrieval model beside the index of its posts: what one checkpoint answers from."""

import time
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from phoenix.bundle import History
from phoenix.inference import InferenceEngine
from phoenix.retrieval_index import IndexedPosts, RetrievalIndex, SearchResult
from services.carry_over_index import IndexChanges
from services.post_embedder import PostEmbedder


def now_ms() -> int:
    """Ms since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class IndexContents:
    """What an index holds."""

    size: int
    # 0 = nothing.
    newest_created_at_ms: int


class Retriever:
    """The retrieval model and the index of its posts. One thread may call its methods."""

    def __init__(self, engine: InferenceEngine, version: str) -> None:
        self.engine = engine
        self.version = version
        # Replaced as a whole on the model thread, so that any thread may read it.
        self.contents = IndexContents(0, 0)
        # Hears of every change, so that the retriever that follows this one misses none.
        self.changes = IndexChanges()
        self._index = RetrievalIndex(engine.config.embedding_size)
        self._embedder = PostEmbedder(engine)

    def retrieve(
        self,
        *,
        user_id: int,
        history: History,
        results_max: int,
        posts_per_author_max: int,
        among: Int[np.ndarray, " n"] | None = None,
    ) -> SearchResult:
        """The posts nearest to a viewer, best first; `among` some, None = all."""
        self._index.drop_expired(now_ms())
        self._publish_contents()
        return self._index.search(
            self.engine.embed_user(user_id, history),
            count=results_max,
            posts_per_author_max=posts_per_author_max,
            among=among,
        )

    @property
    def scan(self) -> str:
        """The name of the index's scan."""
        return self._index.scan.name

    def embed(self, posts: IndexedPosts) -> Float[np.ndarray, "n d"]:
        """Unit vectors, one a post."""
        return self._embedder.embed(posts)

    def upsert(self, posts: IndexedPosts) -> None:
        """Adds posts to the index, or replaces them."""
        self._index.upsert(posts, self.embed(posts), now_ms=now_ms())
        self._publish_contents()
        self.changes.upserted(posts)

    def remove(self, post_ids: Int[np.ndarray, " n"]) -> None:
        """Takes posts out of the index."""
        self._index.remove(post_ids)
        self._publish_contents()
        self.changes.removed(post_ids)

    def live_posts(self) -> IndexedPosts:
        """Every post of the index."""
        return self._index.live_posts()

    def _publish_contents(self) -> None:
        index = self._index
        self.contents = IndexContents(index.size, index.newest_created_at_ms)
