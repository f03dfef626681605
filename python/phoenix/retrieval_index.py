"""The posts that retrieval searches: exact nearest neighbours over hourly segments.

A segment holds the posts that were created in one hour. New rows go to its end, removed ones are
tombstones until the whole segment leaves the window. Not thread-safe: one thread owns an index.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

_HOUR_MS = 3_600_000
_ROWS_MIN = 64
# Segments below this size keep their tombstones: rewriting them saves nothing.
_COMPACTION_ROWS_MIN = 1_024


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


class _Segment:
    """The posts of one hour; `length` rows of the arrays are in use."""

    def __init__(self, dimension: int) -> None:
        self.length = 0
        self.live_count = 0
        self.post_ids = np.zeros(_ROWS_MIN, np.int64)
        self.author_ids = np.zeros(_ROWS_MIN, np.int64)
        self.created_at_ms = np.zeros(_ROWS_MIN, np.int64)
        self.is_live = np.zeros(_ROWS_MIN, bool)
        self.vectors = np.zeros((_ROWS_MIN, dimension), np.float32)

    def _columns(self) -> dict[str, np.ndarray]:
        names = ("post_ids", "author_ids", "created_at_ms", "is_live", "vectors")
        return {name: getattr(self, name) for name in names}

    def append(self, posts: IndexedPosts, vectors: Float[np.ndarray, "n d"]) -> range:
        """The rows that the posts now have."""
        rows = range(self.length, self.length + posts.post_ids.shape[0])
        capacity = self.post_ids.shape[0]
        while capacity < rows.stop:
            capacity *= 2
        if capacity > self.post_ids.shape[0]:
            for name, column in self._columns().items():
                grown = np.zeros((capacity, *column.shape[1:]), column.dtype)
                grown[: self.length] = column[: self.length]
                setattr(self, name, grown)
        part = slice(rows.start, rows.stop)
        self.post_ids[part] = posts.post_ids
        self.author_ids[part] = posts.author_ids
        self.created_at_ms[part] = posts.created_at_ms
        self.is_live[part] = True
        self.vectors[part] = vectors
        self.length = rows.stop
        self.live_count += len(rows)
        return rows

    def remove(self, row: int) -> None:
        self.is_live[row] = False
        self.live_count -= 1

    def is_wasteful(self) -> bool:
        return self.length >= _COMPACTION_ROWS_MIN and self.live_count * 2 < self.length

    def compact(self) -> None:
        """Drops the tombstones; rows move."""
        live = np.flatnonzero(self.is_live[: self.length])
        for name, column in self._columns().items():
            setattr(self, name, column[live])
        self.length = live.shape[0]

    def scores(self, query: Float[np.ndarray, " d"]) -> Float[np.ndarray, " n"]:
        """Dot products; tombstones at minus infinity.

        einsum and not BLAS: its sums run in one order for every row, so that equal vectors have
        equal scores wherever they stand. BLAS gave up to three values for one vector.
        """
        products = np.einsum("nd,d->n", self.vectors[: self.length], query)
        products[~self.is_live[: self.length]] = -np.inf
        return products


class RetrievalIndex:
    """Posts of the last hours by id, searchable by vector.

    A change is seen by the next search. Every live post is compared: results are exact.
    """

    def __init__(self, dimension: int, *, hours_max: int = 48) -> None:
        """An empty index of vectors of one width; `hours_max` whole hours behind the current."""
        self._dimension = dimension
        self._hours_max = hours_max
        self._segments: dict[int, _Segment] = {}
        self._places: dict[int, tuple[int, int]] = {}

    @property
    def size(self) -> int:
        """How many posts can be found."""
        return len(self._places)

    @property
    def newest_created_at_ms(self) -> int:
        """Creation of the newest post; 0 when there is none."""
        if not self._segments:
            return 0
        segment = self._segments[max(self._segments)]
        return int(segment.created_at_ms[: segment.length][segment.is_live[: segment.length]].max())

    def live_posts(self) -> IndexedPosts:
        """Every post that can be found, in no particular order."""
        none = np.zeros(0, np.int64)
        columns = (
            np.concatenate(
                [
                    none,
                    *(
                        getattr(segment, name)[: segment.length][segment.is_live[: segment.length]]
                        for segment in self._segments.values()
                    ),
                ]
            )
            for name in ("post_ids", "author_ids", "created_at_ms")
        )
        return IndexedPosts(*columns)

    def upsert(
        self, posts: IndexedPosts, vectors: Float[np.ndarray, "n d"], *, now_ms: int
    ) -> None:
        """Adds posts; one that is there is replaced; of equal ids in `posts` the last counts.

        Posts older than the window are not kept.

        Raises:
          ValueError: Vectors have another width, or one is not finite. Nothing was changed.
        """
        if vectors.shape[1] != self._dimension:
            raise ValueError(
                f"vectors must have {self._dimension} columns, found {vectors.shape[1]}"
            )
        if not np.isfinite(vectors).all():
            raise ValueError("vectors must be finite")
        count = posts.post_ids.shape[0]
        _, from_the_end = np.unique(posts.post_ids[::-1], return_index=True)
        last = np.sort(count - 1 - from_the_end)
        self.remove(posts.post_ids[last])
        hours = posts.created_at_ms[last] // _HOUR_MS
        for hour in np.unique(hours[hours >= self._oldest_hour(now_ms)]).tolist():
            rows = last[hours == hour]
            segment = self._segments.setdefault(hour, _Segment(self._dimension))
            placed = segment.append(posts.at(rows), vectors[rows])
            for post_id, row in zip(posts.post_ids[rows].tolist(), placed, strict=True):
                self._places[post_id] = (hour, row)
        self.drop_expired(now_ms)

    def remove(self, post_ids: Int[np.ndarray, " n"]) -> None:
        """Takes posts out; unknown ids are ignored."""
        touched: set[int] = set()
        for post_id in post_ids.tolist():
            place = self._places.pop(post_id, None)
            if place is not None:
                hour, row = place
                self._segments[hour].remove(row)
                touched.add(hour)
        for hour in touched:
            segment = self._segments[hour]
            if segment.live_count == 0:
                del self._segments[hour]
            elif segment.is_wasteful():
                segment.compact()
                for row, post_id in enumerate(segment.post_ids.tolist()):
                    self._places[post_id] = (hour, row)

    def drop_expired(self, now_ms: int) -> None:
        """Drops the segments of which every post is older than the window."""
        oldest = self._oldest_hour(now_ms)
        for hour in [hour for hour in self._segments if hour < oldest]:
            segment = self._segments.pop(hour)
            live = segment.is_live[: segment.length]
            for post_id in segment.post_ids[: segment.length][live].tolist():
                del self._places[post_id]

    def search(
        self, query: Float[np.ndarray, " d"], *, count: int, posts_per_author_max: int
    ) -> SearchResult:
        """The `count` best posts by dot product, newest (largest) id first among equals.

        No author has more than `posts_per_author_max`: the result is that of walking all posts
        in order and skipping an author who has had as many.

        Raises:
          ValueError: The query is not finite.
        """
        if not np.isfinite(query).all():
            raise ValueError("the query vector must be finite")
        query = query.astype(np.float32, copy=False)
        segments = list(self._segments.values())
        none = np.zeros(0, np.int64)
        posts = IndexedPosts(
            *(
                np.concatenate([none, *(getattr(part, name)[: part.length] for part in segments)])
                for name in ("post_ids", "author_ids", "created_at_ms")
            )
        )
        scores = np.concatenate(
            [np.zeros(0, np.float32), *(segment.scores(query) for segment in segments)]
        )
        best = _best_rows(
            posts, scores, live=self.size, count=count, posts_per_author_max=posts_per_author_max
        )
        return SearchResult(posts.at(best), scores[best])

    def _oldest_hour(self, now_ms: int) -> int:
        return now_ms // _HOUR_MS - self._hours_max


def _best_rows(
    posts: IndexedPosts,
    scores: Float[np.ndarray, " n"],
    *,
    live: int,
    count: int,
    posts_per_author_max: int,
) -> Int[np.ndarray, " k"]:
    """Rows of the best live posts, best first.

    Sorts the posts at or above a threshold score, all of its equals among them. When the cap on
    authors leaves too few, the threshold falls; whatever is below it ranks behind what was taken.
    """
    taken = 2 * count
    while True:
        if taken < live:
            threshold = np.partition(scores, scores.shape[0] - taken)[scores.shape[0] - taken]
            chosen = np.flatnonzero(scores >= threshold)
        else:
            chosen = np.flatnonzero(scores > -np.inf)
        order = chosen[_best_first(posts.post_ids[chosen], scores[chosen])]
        kept = order[_is_within_cap(posts.author_ids[order], posts_per_author_max)]
        if kept.shape[0] >= count or taken >= live:
            return kept[:count]
        taken = 4 * chosen.shape[0]


def _best_first(
    post_ids: Int[np.ndarray, " n"], scores: Float[np.ndarray, " n"]
) -> Int[np.ndarray, " n"]:
    """The order of falling score, then falling id.

    Equal to a lexsort. Two plain 64-bit sorts are several times faster: the second one's keys
    hold the score's bits, made to grow as scores fall, above the place in the order of ids.
    """
    newest_first = np.argsort(-post_ids)
    # Adding 0 makes 0.0 of -0.0, which has other bits.
    bits = (scores[newest_first] + np.float32(0.0)).view(np.int32).astype(np.int64)
    rising = np.where(bits < 0, bits ^ 0x7FFF_FFFF, bits)
    keys = (-rising << 32) + np.arange(rising.shape[0])
    return newest_first[np.sort(keys) & 0xFFFF_FFFF]


def _is_within_cap(author_ids: Int[np.ndarray, " n"], cap: int) -> Bool[np.ndarray, " n"]:
    """True for the first `cap` entries of each author."""
    by_author = np.argsort(author_ids, kind="stable")
    grouped = author_ids[by_author]
    place = np.arange(grouped.shape[0])
    is_first = np.ones(grouped.shape[0], bool)
    is_first[1:] = grouped[1:] != grouped[:-1]
    first_of_group = np.maximum.accumulate(np.where(is_first, place, 0))
    within = np.zeros(grouped.shape[0], bool)
    within[by_author] = place - first_of_group < cap
    return within
