"""One request from ids to answers: what services, run scripts, evaluation and golden vectors call.

Requests are padded to a few shapes (buckets), so that each is compiled once.
"""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array, Float, Integer

from phoenix.action_order import action_order, dwell_seconds
from phoenix.array_types import Parameters, UserRepresentation, UserRows
from phoenix.bundle import Candidates, History, ModelBundle, ModelKind
from phoenix.config import ModelConfig
from phoenix.recsys_model import Prefix, RankerOutputs, encode_prefix, score_candidates
from phoenix.recsys_retrieval_model import (
    candidate_representation,
    normalise,
    pooled_user_outputs,
)
from phoenix.tokens import CandidateTokens, HistoryTokens

# Lengths that requests are padded to. Guess, to be measured with the ranking benchmark.
HISTORY_BUCKETS = (32, 64, 128, 256, 512, 1_024)
CANDIDATE_BUCKETS = (64, 256, 1_024, 1_536, 2_560, 5_120)
POST_BUCKETS = (64, 1_024, 8_192)

_encode_prefix = jax.jit(encode_prefix, static_argnames="config")
_score_candidates = jax.jit(score_candidates, static_argnames="config")
_represent_posts = jax.jit(candidate_representation, static_argnames="config")


def _user_vector(
    parameters: Parameters, config: ModelConfig, *, user_rows: UserRows, history: HistoryTokens
) -> tuple[UserRepresentation, Float[Array, "b 1"]]:
    pooled = pooled_user_outputs(parameters, config, user_rows=user_rows, history=history)
    return normalise(pooled)


_represent_user = jax.jit(_user_vector, static_argnames="config")


def bucket_for(count: int, buckets: Sequence[int]) -> int:
    """The smallest bucket that holds `count`; behind the last one, its doubles."""
    for bucket in buckets:
        if count <= bucket:
            return bucket
    bucket = buckets[-1]
    while bucket < count:
        bucket *= 2
    return bucket


def empty_history() -> History:
    """The history of a viewer who did nothing yet."""
    none = np.zeros(0, np.int64)
    return History(
        post_ids=none,
        author_ids=none,
        actions=np.zeros((0, 18), np.float32),
        dwell_seconds=np.zeros(0, np.float32),
        surfaces=none,
        created_at_ms=none,
    )


def _padded(column: np.ndarray, length: int) -> np.ndarray:
    """A column as a batch of one row, zeros behind."""
    width = [(0, length - column.shape[0])] + [(0, 0)] * (column.ndim - 1)
    return np.pad(column, width)[None]


def pad_history(history: History, history_length: int) -> History:
    """A batch of one: the newest `history_length` events, padded behind to their bucket."""
    kept = slice(max(0, history.post_ids.shape[0] - history_length), None)
    length = bucket_for(history.post_ids[kept].shape[0], HISTORY_BUCKETS)
    return History(
        post_ids=_padded(history.post_ids[kept], length),
        author_ids=_padded(history.author_ids[kept], length),
        actions=_padded(history.actions[kept], length),
        dwell_seconds=_padded(history.dwell_seconds[kept], length),
        surfaces=_padded(history.surfaces[kept], length),
        created_at_ms=_padded(history.created_at_ms[kept], length),
    )


def pad_candidates(candidates: Candidates) -> Candidates:
    """A batch of one, padded behind to its bucket."""
    length = bucket_for(candidates.post_ids.shape[0], CANDIDATE_BUCKETS)
    return Candidates(
        post_ids=_padded(candidates.post_ids, length),
        author_ids=_padded(candidates.author_ids, length),
        surfaces=_padded(candidates.surfaces, length),
        created_at_ms=_padded(candidates.created_at_ms, length),
    )


class InferenceEngine:
    """One model, ready to answer. Thread-safe: nothing changes after construction."""

    def __init__(self, bundle: ModelBundle) -> None:
        """Puts the weights on the device; the tables stay where they are.

        Raises:
          ValueError: The model's outputs are in no known order.
        """
        self.bundle = bundle
        self.config = bundle.config
        self._order = action_order(bundle.config.num_actions)
        self._parameters = {
            name: jax.device_put(value) for name, value in bundle.parameters.items()
        }

    def _require(self, kind: ModelKind) -> None:
        if self.bundle.kind != kind:
            raise ValueError(f"this needs the {kind} model, the engine holds {self.bundle.kind}")

    def encode_prefix(self, *, user_rows: UserRows, history: HistoryTokens) -> Prefix:
        """Ranking, a batch of viewers: keys and values of their prefixes."""
        self._require("ranker")
        return _encode_prefix(self._parameters, self.config, user_rows=user_rows, history=history)

    def score_candidates(self, *, prefix: Prefix, candidates: CandidateTokens) -> RankerOutputs:
        """Ranking, a batch of viewers: candidates against their prefixes."""
        self._require("ranker")
        return _score_candidates(
            self._parameters, self.config, prefix=prefix, candidates=candidates
        )

    def represent_user(
        self, *, user_rows: UserRows, history: HistoryTokens
    ) -> tuple[Float[Array, "b d"], Float[Array, "b 1"]]:
        """Retrieval, a batch of viewers: unit vectors, and their norms before."""
        self._require("retrieval")
        return _represent_user(self._parameters, self.config, user_rows=user_rows, history=history)

    def represent_posts(
        self,
        *,
        post_rows: Float[np.ndarray, "*posts hi d"],
        author_rows: Float[np.ndarray, "*posts ha d"],
    ) -> Float[Array, "*posts d"]:
        """Retrieval: unit vectors of posts whose rows were looked up."""
        self._require("retrieval")
        return _represent_posts(
            self._parameters, self.config, post_rows=post_rows, author_rows=author_rows
        )

    def viewer_prefix(self, user_id: int, history: History) -> Prefix:
        """The prefix of one viewer; good for any number of `score` calls. O(s^2)."""
        padded = pad_history(history, self.config.history_length)
        return self.encode_prefix(
            user_rows=self.bundle.lookup_user(np.array([user_id], np.int64)),
            history=self.bundle.lookup_history(padded),
        )

    def score(
        self, prefix: Prefix, candidates: Candidates, request_time_ms: int
    ) -> tuple[Float[np.ndarray, "c a"], Float[np.ndarray, "c n"] | None]:
        """Probabilities and continuous outputs in the model's own order, one row a candidate."""
        count = candidates.post_ids.shape[0]
        tokens = self.bundle.lookup_candidates(pad_candidates(candidates), request_time_ms)
        outputs = self.score_candidates(prefix=prefix, candidates=tokens)
        continuous = outputs.continuous
        return (
            np.asarray(outputs.probabilities)[0, :count],
            None if continuous is None else np.asarray(continuous)[0, :count],
        )

    def rank(
        self, *, user_id: int, history: History, candidates: Candidates, request_time_ms: int
    ) -> tuple[Float[np.ndarray, "c v"], Float[np.ndarray, " c"] | None]:
        """Probabilities [c, 18] in the order of actions.json, and dwell in seconds.

        NaN in a column whose head the model lacks; None without a dwell head. The newest S events
        of the history count.

        Raises:
          ValueError: The engine holds no ranker, or the actions have an unknown width.
        """
        prefix = self.viewer_prefix(user_id, history)
        probabilities, continuous = self.score(prefix, candidates, request_time_ms)
        dwell = dwell_seconds(self.config, probabilities=probabilities, continuous=continuous)
        return self._order.from_model(probabilities), dwell

    def embed_user(self, user_id: int, history: History) -> Float[np.ndarray, " d"]:
        """The unit vector of one viewer."""
        padded = pad_history(history, self.config.history_length)
        vectors, _ = self.represent_user(
            user_rows=self.bundle.lookup_user(np.array([user_id], np.int64)),
            history=self.bundle.lookup_history(padded),
        )
        return np.asarray(vectors)[0]

    def embed_posts(
        self,
        post_ids: Integer[np.ndarray, " n"],
        author_ids: Integer[np.ndarray, " n"],
        created_at_ms: Integer[np.ndarray, " n"],
    ) -> Float[np.ndarray, "n d"]:
        """Unit vectors of posts, any number."""
        vectors = np.empty((post_ids.shape[0], self.config.embedding_size), np.float32)
        for start in range(0, post_ids.shape[0], POST_BUCKETS[-1]):
            part = slice(start, start + POST_BUCKETS[-1])
            count = post_ids[part].shape[0]
            length = bucket_for(count, POST_BUCKETS)
            scale = self.bundle.item_scale(_padded(created_at_ms[part], length)[0])
            post_rows = self.bundle.lookup_posts(_padded(post_ids[part], length)[0])
            author_rows = self.bundle.lookup_authors(_padded(author_ids[part], length)[0])
            embedded = self.represent_posts(
                post_rows=post_rows * scale[:, None, None], author_rows=author_rows
            )
            vectors[part] = np.asarray(embedded)[:count]
        return vectors

    def warm(self, history_lengths: Sequence[int], counts: Sequence[int]) -> None:
        """Compiles every pair of shapes: history lengths x candidates (or posts to embed)."""
        for count in counts:
            ids = np.ones(count, np.int64)
            if self.bundle.kind == "retrieval":
                self.embed_posts(ids, ids, ids)
            for length in history_lengths:
                history = _made_up_history(length)
                if self.bundle.kind == "retrieval":
                    self.embed_user(1, history)
                else:
                    candidates = Candidates(ids, ids, ids, ids)
                    self.rank(user_id=1, history=history, candidates=candidates, request_time_ms=1)


def _made_up_history(length: int) -> History:
    ids = np.ones(length, np.int64)
    return History(
        post_ids=ids,
        author_ids=ids,
        actions=np.zeros((length, 18), np.float32),
        dwell_seconds=np.zeros(length, np.float32),
        surfaces=ids,
        created_at_ms=ids,
    )
