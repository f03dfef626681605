"""An index moves from one retrieval model to the next: the same posts, each embedded anew.

Between two steps requests are answered by the old model, and posts come and go. All of this runs
on the model thread, a step at a time, so that nothing changes in the middle of a step.
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Protocol

import numpy as np
from jaxtyping import Int

from phoenix.retrieval_index import IndexedPosts

# Posts embedded in one step: what a request may have to wait for. The larger of the two shapes
# that embedding is compiled for.
POSTS_PER_STEP = 1_024


class PostIndex(Protocol):
    """A retriever, as far as its index moves."""

    changes: "IndexChanges"

    def live_posts(self) -> IndexedPosts:
        """Every post of the index."""
        ...

    def upsert(self, posts: IndexedPosts) -> None:
        """Adds posts, or replaces them."""
        ...

    def remove(self, post_ids: Int[np.ndarray, " n"]) -> None:
        """Takes posts out."""
        ...


class IndexChanges:
    """Passes the changes of one index on to the index that follows it, once there is one.

    It goes on after the swap: a long request that began with the old model, and adds posts in
    several turns, adds them to the new one's index too.
    """

    def __init__(self) -> None:
        self._follower: PostIndex | None = None
        self._is_carried_over = False
        # What the follower made of a change before it took over.
        self._failure: Exception | None = None
        # Ids that changed since the follower began: their last change is in it already.
        self._changed: set[int] = set()

    def begin(self, follower: PostIndex) -> None:
        """From now on `follower` hears of every change."""
        self.end()
        self._follower = follower

    def end(self) -> None:
        """Nobody hears of changes any more."""
        self._follower = self._failure = None
        self._is_carried_over = False
        self._changed.clear()

    def complete(self) -> None:
        """All is carried over: only the passing on is still needed."""
        self.require_no_failure()
        self._is_carried_over = True
        self._changed.clear()

    def require_no_failure(self) -> None:
        """Raises what the follower raised at a change."""
        if self._failure is not None:
            raise self._failure

    def upserted(self, posts: IndexedPosts) -> None:
        """Posts came or were replaced."""
        self._pass_on(posts.post_ids, lambda follower: follower.upsert(posts))

    def removed(self, post_ids: Int[np.ndarray, " n"]) -> None:
        """Posts went."""
        self._pass_on(post_ids, lambda follower: follower.remove(post_ids))

    def unchanged(self, posts: IndexedPosts) -> IndexedPosts:
        """Those that did not change since the follower began."""
        kept = [post_id not in self._changed for post_id in posts.post_ids.tolist()]
        return posts.at(np.flatnonzero(kept))

    def _pass_on(
        self, post_ids: Int[np.ndarray, " n"], change: Callable[[PostIndex], None]
    ) -> None:
        follower = self._follower
        if follower is None or self._failure is not None:
            return
        try:
            change(follower)
        except Exception as error:
            if self._is_carried_over:
                raise
            # The request did what it should, with the model that answers. The swap fails.
            self._failure = error
        else:
            if not self._is_carried_over:
                self._changed.update(post_ids.tolist())


def carry_over_index(old: PostIndex, new: PostIndex) -> Generator[Callable[[], None], None, None]:
    """Steps after which `new` holds the posts of `old`. Closed before its end: `old` as it was."""
    is_done = False
    posts: list[IndexedPosts] = []

    def begin() -> None:
        old.changes.begin(new)
        posts.append(old.live_posts())

    def carry(rows: slice) -> None:
        old.changes.require_no_failure()
        new.upsert(old.changes.unchanged(posts[0].at(rows)))

    try:
        yield begin
        for start in range(0, posts[0].post_ids.shape[0], POSTS_PER_STEP):
            yield partial(carry, slice(start, start + POSTS_PER_STEP))
        yield old.changes.complete
        is_done = True
    finally:
        if not is_done:
            old.changes.end()
