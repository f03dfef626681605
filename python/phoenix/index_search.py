"""The exact best posts of an index, found without looking at most of them closely.

A scan gives an upper bound of every post's score. Whatever stays below a threshold is left out; the
rest is read exactly. When the worst of the answer scores at least the threshold, nothing that was
left out can belong to it: the answer is certified. Else the threshold falls to that score, and one
more round is the last, for more posts only make the worst of the answer better.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from phoenix.index_scan import LOWEST, Room, Scan
from phoenix.indexed_posts import SearchResult
from phoenix.segment_table import SegmentTable
from phoenix.vector_codes import Query

# Posts to read for each that is asked for. A second round is as dear as the first, so what it read
# is remembered, and forgotten over some hundred searches.
_MARGIN_MIN = 1.2
_MARGIN_MAX = 8.0
_MARGIN_DECAY = 0.995


class Searcher:
    """Searches with the memory of the last search, and with what it learnt."""

    def __init__(self) -> None:
        self._room = Room(0)
        self._margin = _MARGIN_MIN

    def best_posts(
        self, scan: Scan, table: SegmentTable, query: Query, *, count: int, cap: int
    ) -> SearchResult:
        """The `count` best, largest id first among equals, no author more than `cap` times."""
        if self._room.rows < table.rows:
            self._room = Room(1 << (table.rows - 1).bit_length())
        needed, wanted, low, rounds = count, int(count * self._margin), LOWEST, 0
        while True:
            numbers, low = scan.find(
                table, query, self._room, low=low, needed=needed, wanted=wanted
            )
            candidates = scan.read(table, query, numbers)
            best = best_within_cap(candidates, count=count, cap=cap)
            rounds += 1
            is_full = best.scores.shape[0] == count
            is_certified = is_full and best.scores[-1] >= low
            if is_certified or numbers.shape[0] == table.live_count:
                self._learn(numbers.shape[0] / count, rounds)
                return best
            if is_full:
                wanted, low = table.rows, float(best.scores[-1])
            else:
                needed, wanted, low = 4 * needed, 4 * wanted, LOWEST

    def _learn(self, margin: float, rounds: int) -> None:
        if rounds == 1:
            self._margin = max(self._margin * _MARGIN_DECAY, _MARGIN_MIN)
        else:
            self._margin = min(max(self._margin, margin), _MARGIN_MAX)


def best_within_cap(candidates: SearchResult, *, count: int, cap: int) -> SearchResult:
    """The best of some posts: what is left of all in order when an author's further are skipped.

    Sorts no more than it must: thousands of equals are usual, and a tenth of them decides.
    """
    total = candidates.scores.shape[0]
    taken = 4 * count
    while True:
        some = candidates if total <= taken else candidates.at(_largest(candidates, taken))
        order = _best_first(some.posts.post_ids, some.scores)
        authors = some.posts.author_ids[order]
        kept = order if _none_above(authors, cap) else order[_is_within_cap(authors, cap)]
        if kept.shape[0] >= count or taken >= total:
            return some.at(kept[:count])
        taken *= 4


def _largest(candidates: SearchResult, taken: int) -> Int[np.ndarray, " n"]:
    """Places of the `taken` best, of which there are more, in no order."""
    scores = candidates.scores
    threshold = np.partition(scores, scores.shape[0] - taken)[scores.shape[0] - taken]
    above, equal = np.flatnonzero(scores > threshold), np.flatnonzero(scores == threshold)
    ids = candidates.posts.post_ids[equal]
    place = ids.shape[0] - (taken - above.shape[0])
    newest = equal[ids >= np.partition(ids, place)[place]]
    return np.concatenate([above, newest])


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


def _none_above(author_ids: Int[np.ndarray, " n"], cap: int) -> bool:
    """Whether no author has more than `cap` entries."""
    if cap >= author_ids.shape[0]:
        return True
    grouped = np.sort(author_ids)
    return not bool((grouped[cap:] == grouped[:-cap]).any())


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
