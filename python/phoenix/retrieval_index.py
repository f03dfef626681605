"""The posts that retrieval searches: exact nearest neighbours over hourly segments.

A segment holds the posts that were created in one hour. New rows go to its end, removed ones are
tombstones until the whole segment leaves the window. Not thread-safe: one thread owns an index.
"""

from itertools import repeat

import numpy as np
from jaxtyping import Float, Int

from phoenix.choose_scan import default_scan
from phoenix.index_scan import Scan
from phoenix.index_search import Searcher, best_within_cap
from phoenix.index_segment import Segment
from phoenix.indexed_posts import IndexedPosts, SearchResult, join_posts
from phoenix.segment_table import SegmentTable
from phoenix.vector_codes import LENGTH_MAX, are_usable, encode, padded, padded_width, to_query

_HOUR_MS = 3_600_000
# A place is one number: the hour above 32 bits of the row.
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1


class RetrievalIndex:
    """Posts of the last hours by id, searchable by vector.

    A change is seen by the next search. Results are exact: those of comparing every live post.
    """

    def __init__(self, dimension: int, *, hours_max: int = 48, scan: Scan | None = None) -> None:
        """An empty index of vectors of one width; `hours_max` whole hours behind the current.

        Args:
          scan: None = the fastest of this machine, which may have to be compiled first.
        """
        # May be replaced at any time; answers stay the same.
        self.scan = scan or default_scan()
        self._dimension = dimension
        self._width = padded_width(dimension)
        self._hours_max = hours_max
        self._segments: dict[int, Segment] = {}
        self._places: dict[int, int] = {}
        self._searcher = Searcher()
        # None = something changed since it was made.
        self._table: SegmentTable | None = None

    @property
    def size(self) -> int:
        """How many posts can be found."""
        return len(self._places)

    @property
    def newest_created_at_ms(self) -> int:
        """Creation of the newest post; 0 when there is none."""
        if not self._segments:
            return 0
        return self._segments[max(self._segments)].newest_created_at_ms

    def live_posts(self) -> IndexedPosts:
        """Every post as it is now, oldest first, of equal times the smallest id."""
        segments = self._segments.values()
        posts = join_posts([segment.posts_at(segment.live_rows) for segment in segments])
        return posts.at(np.lexsort((posts.post_ids, posts.created_at_ms)))

    def upsert(
        self, posts: IndexedPosts, vectors: Float[np.ndarray, "n d"], *, now_ms: int
    ) -> None:
        """Adds posts; one that is there is replaced; of equal ids in `posts` the last counts.

        Posts older than the window are not kept. Those of the future leave with the current hour.

        Raises:
          ValueError: Vectors have another width, or one is not finite. Nothing was changed.
        """
        if vectors.shape[1] != self._dimension:
            raise ValueError(
                f"vectors must have {self._dimension} columns, found {vectors.shape[1]}"
            )
        if not are_usable(vectors):
            raise ValueError(f"vectors must be finite, and no longer than {LENGTH_MAX}")
        count = posts.post_ids.shape[0]
        _, from_the_end = np.unique(posts.post_ids[::-1], return_index=True)
        last = np.sort(count - 1 - from_the_end)
        self.remove(posts.post_ids[last])
        kept = posts.at(last)
        whole = padded(vectors[last], self._width)
        encoded = encode(whole)
        hours = np.minimum(kept.created_at_ms, now_ms) // _HOUR_MS
        for hour in np.unique(hours[hours >= self._oldest_hour(now_ms)]).tolist():
            rows = np.flatnonzero(hours == hour)
            if hour not in self._segments:
                self._segments[hour] = Segment(self._width)
            placed = self._segments[hour].append(kept.at(rows), whole[rows], encoded.at(rows))
            self._remember(hour, kept.post_ids[rows], placed)
        self._table = None
        self.drop_expired(now_ms)

    def remove(self, post_ids: Int[np.ndarray, " n"]) -> None:
        """Takes posts out; unknown ids are ignored."""
        forget = self._places.pop
        found = np.array([forget(post_id, -1) for post_id in post_ids.tolist()], np.int64)
        places = found[found >= 0]
        hours = places >> _ROW_BITS
        for hour in np.unique(hours).tolist():
            self._remove_rows(hour, places[hours == hour] & _ROW_MASK)

    def drop_expired(self, now_ms: int) -> None:
        """Drops the segments of which every post is older than the window."""
        oldest = self._oldest_hour(now_ms)
        for hour in [hour for hour in self._segments if hour < oldest]:
            segment = self._segments.pop(hour)
            for post_id in segment.posts_at(segment.live_rows).post_ids.tolist():
                del self._places[post_id]
            self._table = None

    def search(
        self,
        query: Float[np.ndarray, " d"],
        *,
        count: int,
        posts_per_author_max: int,
        among: Int[np.ndarray, " n"] | None = None,
    ) -> SearchResult:
        """The `count` best posts by dot product, newest (largest) id first among equals.

        No author has more than `posts_per_author_max`: the result is that of walking all posts
        in order and skipping an author who has had as many.

        Args:
          among: Ids: all other posts count as absent, and unknown ids are ignored. Every one of
            them is read, so the time grows with their number. None = all posts.

        Raises:
          ValueError: The query is not finite, or a number is below 1.
        """
        if count < 1 or posts_per_author_max < 1:
            raise ValueError(
                "count and posts_per_author_max must be at least 1, "
                f"found {count} and {posts_per_author_max}"
            )
        asked = to_query(query, self._width)
        table = self._current_table()
        if among is not None:
            candidates = self.scan.read(table, asked, self._numbers_of(among))
            return best_within_cap(candidates, count=count, cap=posts_per_author_max)
        return self._searcher.best_posts(
            self.scan,
            table,
            asked,
            count=count,
            cap=posts_per_author_max,
        )

    def _current_table(self) -> SegmentTable:
        if self._table is None:
            self._table = SegmentTable(list(self._segments.values()), self._width)
        return self._table

    def _numbers_of(self, post_ids: Int[np.ndarray, " n"]) -> Int[np.ndarray, " m"]:
        """Numbers in the current table of those that are in the index, rising."""
        ids = post_ids.tolist()
        found = np.fromiter(map(self._places.get, ids, repeat(-1)), np.int64, len(ids))
        places = found[found >= 0]
        # Segments stand in the table as they do here.
        hours = np.array(list(self._segments), np.int64)
        by_hour = np.argsort(hours)
        at = by_hour[np.searchsorted(hours, places >> _ROW_BITS, sorter=by_hour)]
        numbers = np.sort(self._current_table().firsts[at] + (places & _ROW_MASK))
        is_first = np.ones(numbers.shape[0], bool)
        is_first[1:] = numbers[1:] != numbers[:-1]
        return numbers[is_first]

    def _remember(
        self, hour: int, post_ids: Int[np.ndarray, " n"], rows: Int[np.ndarray, " n"]
    ) -> None:
        places = (hour << _ROW_BITS) + rows
        self._places.update(zip(post_ids.tolist(), places.tolist(), strict=True))

    def _remove_rows(self, hour: int, rows: Int[np.ndarray, " n"]) -> None:
        segment = self._segments[hour]
        segment.remove(rows)
        self._table = None
        if segment.live_count == 0:
            del self._segments[hour]
        elif segment.is_wasteful():
            smaller = segment.compacted()
            self._segments[hour] = smaller
            live = smaller.live_rows
            self._remember(hour, smaller.posts_at(live).post_ids, live)

    def _oldest_hour(self, now_ms: int) -> int:
        return now_ms // _HOUR_MS - self._hours_max
