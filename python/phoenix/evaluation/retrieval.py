"""Leave-one-out retrieval: a viewer's last like, looked for among all posts of its moment.

The index is the served one (RetrievalIndex, 48 whole hours), filled with the vectors of
InferenceEngine.embed_posts hour by hour as time goes on, and searched with embed_user of what the
viewer had done before the request. All live posts are ranked (no cap per author); what the viewer
was shown before the request is left out. Popularity and recency rank the very same posts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64, UInt8

from phoenix.data.posts import HOUR_MS, ORIGINAL, QUOTE
from phoenix.data.training_log import TrainingLog
from phoenix.data.world import World
from phoenix.evaluation.impressions import EvaluationError, LoggedRequests
from phoenix.inference import InferenceEngine
from phoenix.retrieval_index import IndexedPosts, RetrievalIndex
from phoenix.training.viewer_sequences import ViewerSequences

DEPTH = 1_000
_HOURS = 48
_FAVORITE, _REPLY, _REPOST = 0, 1, 2
_NO_CAP = 1 << 40
RANKERS = ("model", "popularity", "recency")


@dataclass(frozen=True)
class HeldOutLikes:
    """One like a viewer, by time of its request. Ranks of each target by ranker are 0-based."""

    viewer: Int64[np.ndarray, " n"]
    viewer_ids: Int64[np.ndarray, " n"]
    request_ms: Int64[np.ndarray, " n"]
    post_ids: Int64[np.ndarray, " n"]
    source: UInt8[np.ndarray, " n"]
    created_at_ms: Int64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.viewer)


@dataclass(frozen=True)
class Ranks:
    """By ranker, the 0-based rank of each held-out post; DEPTH when it lies behind the last.

    live: how many posts were ranked, at the mean.
    """

    of: Mapping[str, Int64[np.ndarray, " n"]]
    live: float


def world_corpus(world: World) -> IndexedPosts:
    """What the served index takes in: originals and quotes of unprotected authors."""
    posts, people = world.posts, world.people
    kept = ((posts.kind == ORIGINAL) | (posts.kind == QUOTE)) & ~posts.subscribers_only
    kept &= ~people.protected[posts.author] & (posts.created_ms < world.now_ms)
    return IndexedPosts(posts.id[kept], people.user_ids[posts.author[kept]], posts.created_ms[kept])


def log_corpus(log: TrainingLog) -> IndexedPosts:
    """Every post that a log showed to anybody, by creation."""
    _, first = np.unique(log.post_id, return_index=True)
    first = first[np.argsort(log.post_created_at_ms[first], kind="stable")]
    return IndexedPosts(log.post_id[first], log.author_id[first], log.post_created_at_ms[first])


def held_out_likes(
    requests: LoggedRequests, corpus: IndexedPosts, *, count: int | None, seed: int
) -> HeldOutLikes:
    """Each viewer's last like of a post that the index held when the request began.

    Raises:
      EvaluationError: There is none.
    """
    asked = requests.request_ms[requests.request]
    # The index drops whole hours.
    oldest = (asked // HOUR_MS - _HOURS) * HOUR_MS
    there = np.isin(requests.post_ids, corpus.post_ids)
    there &= (requests.created_at_ms >= oldest) & (requests.created_at_ms < asked)
    liked = np.flatnonzero(there & (requests.outcomes[:, _FAVORITE] > 0))
    if len(liked) == 0:
        raise EvaluationError("no like of an indexed post lies after the checkpoint's data")
    viewer = requests.impression_viewer
    by_time = liked[np.lexsort((requests.at_ms[liked], viewer[liked]))]
    last = np.append(np.diff(viewer[by_time]) != 0, True)
    chosen = by_time[last]
    if count is not None:
        chosen = np.random.default_rng(seed).permutation(chosen)[:count]
    chosen = chosen[np.argsort(asked[chosen], kind="stable")]
    request = requests.request[chosen]
    return HeldOutLikes(
        viewer=requests.viewer[request],
        viewer_ids=requests.viewer_ids[request],
        request_ms=requests.request_ms[request],
        post_ids=requests.post_ids[chosen],
        source=requests.source[chosen],
        created_at_ms=requests.created_at_ms[chosen],
    )


class _Clock:
    """The index and the counts as they were at one moment after the other."""

    def __init__(
        self, corpus: IndexedPosts, vectors: Float[np.ndarray, "n d"], log: TrainingLog
    ) -> None:
        order = np.argsort(corpus.created_at_ms, kind="stable")
        self.corpus, self._vectors = corpus.at(order), vectors[order]
        self.index = RetrievalIndex(vectors.shape[1], hours_max=_HOURS)
        self._next = 0
        self._by_id = np.argsort(self.corpus.post_ids, kind="stable")
        self._sorted_ids = self.corpus.post_ids[self._by_id]
        place = self.places(log.post_id)
        weight = log.outcomes[:, _FAVORITE].astype(np.float64)
        weight += 2.0 * log.outcomes[:, _REPLY] + 2.0 * log.outcomes[:, _REPOST]
        counted = np.flatnonzero((place >= 0) & (weight > 0))
        counted = counted[np.argsort(log.at_ms[counted], kind="stable")]
        self._event_ms, self._event_place = log.at_ms[counted], place[counted]
        self._event_weight, self._event = weight[counted], 0
        self.counts = np.zeros(len(order))

    def places(self, post_ids: np.ndarray) -> np.ndarray:
        """Positions in the corpus; -1 for others."""
        found = np.searchsorted(self._sorted_ids, post_ids)
        found = np.minimum(found, len(self._sorted_ids) - 1)
        return np.where(self._sorted_ids[found] == post_ids, self._by_id[found], -1)

    def live(self) -> slice:
        """The posts of the index, in the corpus's order of creation."""
        return slice(self._next - self.index.size, self._next)

    def move_to(self, now_ms: int) -> None:
        """Takes in what was created, and counts what was done, before a moment."""
        end = int(np.searchsorted(self.corpus.created_at_ms, now_ms))
        first = max(self._next, int(np.searchsorted(
            self.corpus.created_at_ms, (now_ms // HOUR_MS - _HOURS) * HOUR_MS)))  # fmt: skip
        part = slice(first, end)
        self.index.upsert(self.corpus.at(part), self._vectors[part], now_ms=now_ms)
        self._next = end
        event = int(np.searchsorted(self._event_ms, now_ms))
        done = slice(self._event, event)
        np.add.at(self.counts, self._event_place[done], self._event_weight[done])
        self._event = event


def _rank_among(scores: np.ndarray, target: int, excluded: np.ndarray) -> int:
    """Rank of a place by falling score; of equals the later place first, as newer ids are."""
    allowed = np.ones(len(scores), bool)
    allowed[excluded] = False
    ahead = scores > scores[target]
    ahead |= (scores == scores[target]) & (np.arange(len(scores)) > target)
    return min(int((ahead & allowed).sum()), DEPTH)


def _model_rank(found: np.ndarray, target: int, seen: np.ndarray) -> int:
    kept = found[~np.isin(found, seen)][:DEPTH]
    place = np.flatnonzero(kept == target)
    return int(place[0]) if len(place) else DEPTH


def retrieval_ranks(
    engine: InferenceEngine,
    sequences: ViewerSequences,
    log: TrainingLog,
    *,
    corpus: IndexedPosts,
    likes: HeldOutLikes,
) -> Ranks:
    """Ranks of the held-out posts. A search of the whole index for each like."""
    first_ms = int((likes.request_ms.min() // HOUR_MS - _HOURS) * HOUR_MS)
    corpus = corpus.at(np.flatnonzero(corpus.created_at_ms >= first_ms))
    vectors = engine.embed_posts(corpus.post_ids, corpus.author_ids, corpus.created_at_ms)
    clock = _Clock(corpus, vectors, log)
    shown = sequences.impressions
    ranks: dict[str, list[int]] = {name: [] for name in RANKERS}
    live = 0
    for row in range(len(likes)):
        viewer, now_ms = int(likes.viewer[row]), int(likes.request_ms[row])
        clock.move_to(now_ms)
        mine = slice(shown.offsets[viewer], shown.offsets[viewer + 1])
        seen = shown.post_ids[mine][shown.at_ms[mine] < now_ms]
        history = sequences.history_before(viewer, now_ms, engine.config.history_length)
        query = engine.embed_user(int(likes.viewer_ids[row]), history)
        among = clock.live()
        seen_places = clock.places(seen)
        seen_places = seen_places[seen_places >= among.start] - among.start
        found = clock.index.search(
            query, count=DEPTH + len(seen_places), posts_per_author_max=_NO_CAP
        )
        target_id = int(likes.post_ids[row])
        ranks["model"].append(_model_rank(found.posts.post_ids, target_id, seen))
        target = int(clock.places(np.array([target_id]))[0]) - among.start
        ranks["popularity"].append(_rank_among(clock.counts[among], target, seen_places))
        created = clock.corpus.created_at_ms[among].astype(np.float64)
        ranks["recency"].append(_rank_among(created, target, seen_places))
        live += clock.index.size
    return Ranks(
        {name: np.array(values, np.int64) for name, values in ranks.items()}, live / len(likes)
    )
