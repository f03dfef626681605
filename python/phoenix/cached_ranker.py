"""The ranking model behind its caches: what was computed for a viewer is not computed again.

A prefix is known by a hash of everything that it is made of, so nothing is ever invalidated: a
viewer who does something new has another prefix. Everything of a model hangs off its `Ranker`;
another model is another `Ranker`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from phoenix.bundle import Candidates, History
from phoenix.byte_bounded_cache import ByteBoundedCache
from phoenix.gen.actions import DISCRETE_COUNT
from phoenix.inference import InferenceEngine, StartedScores
from phoenix.padding import HISTORY_BUCKETS, bucket_for, chunk_sizes
from phoenix.score_table import ScoreTable, score_keys
from phoenix.serving_ranker import ViewerPrefix

# 60 viewers with 1,024 actions each of the benchmark's model, thousands of the demo's.
PREFIX_BYTES_MAX = 256 * 2**20
# 150 viewers with 1,500 posts each.
SCORE_BYTES_MAX = 64 * 2**20
# Of one viewer: ten pages' worth of candidates.
_SCORES_PER_PREFIX_MAX = 16_384
# The 18 probabilities, then dwell in seconds.
_WIDTH = DISCRETE_COUNT + 1


@dataclass(frozen=True)
class RankingRequest:
    """One viewer and the posts to score."""

    user_id: int
    history: History
    candidates: Candidates
    request_time_ms: int


@dataclass(frozen=True)
class Predictions:
    """One row a candidate; NaN where the model has no such head."""

    # In the order of actions.json.
    probabilities: Float[np.ndarray, "c v"]
    dwell_seconds: Float[np.ndarray, " c"]


@dataclass
class CacheCounts:
    """Of prefixes one an ask, of scores one a candidate."""

    prefix_hits: int = 0
    prefix_misses: int = 0
    score_hits: int = 0
    score_misses: int = 0


@dataclass(frozen=True)
class _Started:
    """A request whose missing scores the device is computing."""

    keys: list[bytes]
    table: ScoreTable
    version: bytes
    # Known scores; rows of the missing ones are not filled yet.
    scores: Float[np.ndarray, "c w"]
    missing: Int[np.ndarray, " m"]
    running: StartedScores


class Ranker:
    """One ranking model and what it computed lately. For one thread."""

    def __init__(
        self,
        engine: InferenceEngine,
        version: str,
        *,
        prefix_bytes_max: int = PREFIX_BYTES_MAX,
        score_bytes_max: int = SCORE_BYTES_MAX,
    ) -> None:
        self.engine = engine
        self.version = version
        self.counts = CacheCounts()
        self._prefixes = ByteBoundedCache[bytes, ViewerPrefix](prefix_bytes_max)
        self._scores = ByteBoundedCache[bytes, ScoreTable](score_bytes_max)
        # With slots a score depends on the place in the request.
        self._keeps_scores = engine.config.positions != "slot"
        self._warm_lengths: tuple[int, ...] = ()

    @property
    def cached_bytes(self) -> int:
        """What both caches hold."""
        return self._prefixes.byte_count + self._scores.byte_count

    def page_programs(self) -> Sequence[Callable[[], None]]:
        """Compiles what answers any request: the longest history, with each number of posts."""
        return self._programs(bucket_for(self.engine.config.history_length, HISTORY_BUCKETS))

    def other_programs(self) -> Sequence[Callable[[], None]]:
        """Compiles what makes short histories cheaper. May run on a thread of its own."""
        longest = bucket_for(self.engine.config.history_length, HISTORY_BUCKETS)
        shorter = [length for length in HISTORY_BUCKETS if length < longest]
        return [step for length in reversed(shorter) for step in self._programs(length)]

    def _programs(self, length: int) -> Sequence[Callable[[], None]]:
        def is_warm() -> None:
            self._warm_lengths = tuple(sorted({*self._warm_lengths, length}))

        sizes = chunk_sizes(length)
        return [*(partial(self.engine.warm, [length], [size]) for size in sizes), is_warm]

    def _padded_length(self, history: History) -> int:
        """The bucket that fits; while it is not compiled yet, a longer one that is."""
        count = min(history.post_ids.shape[0], self.engine.config.history_length)
        fitting = bucket_for(count, HISTORY_BUCKETS)
        return next((length for length in self._warm_lengths if length >= fitting), fitting)

    def _prefix_version(self, user_id: int, history: History) -> bytes:
        """A hash of all that the prefix is made of."""
        newest = slice(max(0, history.post_ids.shape[0] - self.engine.config.history_length), None)
        digest = hashlib.blake2b(user_id.to_bytes(8, "little"), digest_size=16)
        for column in (
            history.post_ids.astype(np.int64),
            history.author_ids.astype(np.int64),
            history.surfaces.astype(np.int32),
            history.dwell_seconds.astype(np.float32),
            history.actions.astype(np.float32),
            self.engine.bundle.item_scale(history.created_at_ms),
        ):
            digest.update(np.ascontiguousarray(column[newest]).data)
        return digest.digest()

    def _prefix(self, version: bytes, request: RankingRequest) -> ViewerPrefix:
        prefix = self._prefixes.get(version)
        if prefix is not None:
            self.counts.prefix_hits += 1
            return prefix
        self.counts.prefix_misses += 1
        length = self._padded_length(request.history)
        prefix = self.engine.viewer_prefix(request.user_id, request.history, length=length)
        self._prefixes.put(version, prefix, prefix.byte_count)
        return prefix

    def _table(self, version: bytes) -> ScoreTable:
        table = self._scores.get(version) if self._keeps_scores else None
        if table is None:
            table = ScoreTable(_WIDTH, _SCORES_PER_PREFIX_MAX)
            if self._keeps_scores:
                self._scores.put(version, table, table.byte_count)
        return table

    def _start(self, request: RankingRequest) -> _Started:
        version = self._prefix_version(request.user_id, request.history)
        keys = score_keys(self.engine.bundle, request.candidates, request.request_time_ms)
        table = self._table(version)
        rows = table.find(keys)
        known, missing = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
        self.counts.score_hits += known.shape[0]
        self.counts.score_misses += missing.shape[0]
        scores = np.empty((len(keys), _WIDTH), np.float32)
        scores[known] = table.take(rows[known])
        running: StartedScores = []
        if missing.shape[0] > 0:
            columns = vars(request.candidates).items()
            fewer = Candidates(**{name: column[missing] for name, column in columns})
            prefix = self._prefix(version, request)
            running = self.engine.start_scoring(prefix, fewer, request.request_time_ms)
        return _Started(keys, table, version, scores, missing, running)

    def _finish(self, started: _Started) -> Predictions:
        outputs = self.engine.finish_scoring(started.running)
        probabilities, seconds = self.engine.predictions(*outputs)
        scores, missing = started.scores, started.missing
        scores[missing, :DISCRETE_COUNT] = probabilities
        scores[missing, DISCRETE_COUNT] = np.nan if seconds is None else seconds
        if self._keeps_scores and missing.shape[0] > 0:
            started.table.add([started.keys[row] for row in missing], scores[missing])
            self._scores.put(started.version, started.table, started.table.byte_count)
        return Predictions(scores[:, :DISCRETE_COUNT], scores[:, DISCRETE_COUNT])

    def rank_together(self, requests: Sequence[RankingRequest]) -> list[Predictions]:
        """Predictions of several requests, in their order; candidates in theirs.

        All of them are handed to the device before the first answer is waited for, so that it
        never idles between two.
        """
        started = [self._start(request) for request in requests]
        return [self._finish(one) for one in started]

    def rank(
        self, *, user_id: int, history: History, candidates: Candidates, request_time_ms: int
    ) -> Predictions:
        """Predictions of one request, in the order of the candidates."""
        [predictions] = self.rank_together(
            [RankingRequest(user_id, history, candidates, request_time_ms)]
        )
        return predictions
