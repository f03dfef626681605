"""One request from ids to answers: what services, run scripts, evaluation and golden vectors call.

Requests are padded to a few shapes (padding.py), so that each is compiled once.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Integer

from phoenix.action_order import action_order, dwell_seconds
from phoenix.array_types import Parameters, UserRepresentation, UserRows
from phoenix.bundle import Candidates, History, ModelBundle, ModelKind
from phoenix.candidate_projection import (
    PROJECTED_BYTES_MAX,
    CandidateProjection,
    projected_bytes,
)
from phoenix.config import CONTINUOUS_OUTPUTS, ModelConfig
from phoenix.padding import (
    HISTORY_BUCKETS,
    POST_BUCKETS,
    bucket_for,
    chunk_sizes,
    chunks_of,
    empty_history,
    made_up_history,
    pad_candidates,
    pad_history,
    padded,
)
from phoenix.recsys_model import RankerOutputs
from phoenix.recsys_retrieval_model import (
    candidate_representation,
    normalise,
    pooled_user_outputs,
)
from phoenix.serving_ranker import ProjectedCandidates, ViewerPrefix, encode_viewers, score_viewers
from phoenix.serving_weights import serving_weights
from phoenix.tokens import CandidateTokens, HistoryTokens

__all__ = ["HISTORY_BUCKETS", "InferenceEngine", "bucket_for", "empty_history"]

# Real candidates of each chunk, and its outputs, maybe still being computed.
StartedScores = list[tuple[int, RankerOutputs]]

_represent_posts = jax.jit(candidate_representation, static_argnames="config")


def _user_vector(
    parameters: Parameters, config: ModelConfig, *, user_rows: UserRows, history: HistoryTokens
) -> tuple[UserRepresentation, Float[Array, "b 1"]]:
    pooled = pooled_user_outputs(parameters, config, user_rows=user_rows, history=history)
    return normalise(pooled)


_represent_user = jax.jit(_user_vector, static_argnames="config")


@functools.cache
def _compiled_for_device(program: Callable[..., Any]) -> Callable[..., Any]:
    """A program of the ranker under jit. CPUs that have 512-bit registers are told to use them."""
    options = {"xla_cpu_prefer_vector_width": 512} if jax.default_backend() == "cpu" else None
    return jax.jit(program, static_argnames="config", compiler_options=options)


class InferenceEngine:
    """One model, ready to answer. Thread-safe: nothing changes after construction."""

    def __init__(self, bundle: ModelBundle, *, half_precision: bool = False) -> None:
        """Puts the weights on the device; the tables stay where they are.

        Args:
          half_precision: A ranker's weights and activations are bfloat16. Orders stay (rank
            correlation 0.999), scores move in the third digit.

        Raises:
          ValueError: The model's outputs are in no known order.
        """
        self.bundle = bundle
        self.config = bundle.config
        self._order = action_order(bundle.config.num_actions)
        self._projection: CandidateProjection | None = None
        used = bundle.parameters
        if bundle.kind == "ranker":
            self._weights = serving_weights(used, self.config, half_precision=half_precision)
            if projected_bytes(bundle) <= PROJECTED_BYTES_MAX:
                self._projection = CandidateProjection(bundle)
            # The trunk's are in serving's own layout now.
            used = {name: used[name] for name in used if not name.startswith("transformer/")}
        self._parameters = {name: jax.device_put(value) for name, value in used.items()}

    def _require(self, kind: ModelKind) -> None:
        if self.bundle.kind != kind:
            raise ValueError(f"this needs the {kind} model, the engine holds {self.bundle.kind}")

    def encode_prefix(self, *, user_rows: UserRows, history: HistoryTokens) -> ViewerPrefix:
        """Ranking, a batch of viewers: keys and values of their prefixes."""
        self._require("ranker")
        encode = _compiled_for_device(encode_viewers)
        return encode(
            self._parameters, self._weights, self.config, user_rows=user_rows, history=history
        )

    def score_candidates(
        self,
        *,
        prefix: ViewerPrefix,
        candidates: CandidateTokens | ProjectedCandidates,
        first: int = 0,
    ) -> RankerOutputs:
        """Ranking, a batch of viewers: candidates against their prefixes.

        Args:
          first: Number of the leftmost candidate in its request.
        """
        self._require("ranker")
        score = _compiled_for_device(score_viewers)
        return score(
            self._parameters,
            self._weights,
            self.config,
            prefix=prefix,
            candidates=candidates,
            first=np.int32(first),
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

    def viewer_prefix(
        self, user_id: int, history: History, *, length: int | None = None
    ) -> ViewerPrefix:
        """The prefix of one viewer; good for any number of `score` calls. O(s^2).

        Args:
          length: What the history is padded to; None = the bucket that fits.
        """
        padded_history = pad_history(history, self.config.history_length, length=length)
        return self.encode_prefix(
            user_rows=self.bundle.lookup_user(np.array([user_id], np.int64)),
            history=self.bundle.lookup_history(padded_history),
        )

    def _candidate_tokens(
        self, candidates: Candidates, request_time_ms: int
    ) -> CandidateTokens | ProjectedCandidates:
        if self._projection is None:
            return self.bundle.lookup_candidates(candidates, request_time_ms)
        return ProjectedCandidates(self._projection.tokens(candidates, request_time_ms))

    def start_scoring(
        self, prefix: ViewerPrefix, candidates: Candidates, request_time_ms: int
    ) -> StartedScores:
        """`score`, of which the device may not be done yet when this returns.

        It computes one chunk while the rows of the next are looked up.
        """
        started: StartedScores = []
        sizes = chunk_sizes(prefix.history_length)
        for part, length in chunks_of(candidates.post_ids.shape[0], sizes):
            chunk = pad_candidates(candidates, part, length)
            tokens = self._candidate_tokens(chunk, request_time_ms)
            outputs = self.score_candidates(prefix=prefix, candidates=tokens, first=part.start)
            started.append((part.stop - part.start, outputs))
        return started

    def finish_scoring(
        self, started: StartedScores
    ) -> tuple[Float[np.ndarray, "c a"], Float[np.ndarray, "c n"] | None]:
        """What `start_scoring` started, once the device is done."""
        probabilities = np.zeros((0, self.config.num_actions), np.float32)
        rows = [np.asarray(outputs.probabilities)[0, :count] for count, outputs in started]
        probabilities = np.concatenate([probabilities, *rows])
        if not self.config.continuous:
            return probabilities, None
        continuous = [np.zeros((0, CONTINUOUS_OUTPUTS), np.float32)]
        for count, outputs in started:
            assert outputs.continuous is not None
            continuous.append(np.asarray(outputs.continuous)[0, :count])
        return probabilities, np.concatenate(continuous)

    def score(
        self, prefix: ViewerPrefix, candidates: Candidates, request_time_ms: int
    ) -> tuple[Float[np.ndarray, "c a"], Float[np.ndarray, "c n"] | None]:
        """Probabilities and continuous outputs in the model's own order, one row a candidate."""
        return self.finish_scoring(self.start_scoring(prefix, candidates, request_time_ms))

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
        return self.predictions(*self.score(prefix, candidates, request_time_ms))

    def predictions(
        self,
        probabilities: Float[np.ndarray, "c a"],
        continuous: Float[np.ndarray, "c n"] | None,
    ) -> tuple[Float[np.ndarray, "c v"], Float[np.ndarray, " c"] | None]:
        """Outputs in the model's own order as `rank` gives them."""
        dwell = dwell_seconds(self.config, probabilities=probabilities, continuous=continuous)
        return self._order.from_model(probabilities), dwell

    def embed_user(self, user_id: int, history: History) -> Float[np.ndarray, " d"]:
        """The unit vector of one viewer."""
        padded_history = pad_history(history, self.config.history_length)
        vectors, _ = self.represent_user(
            user_rows=self.bundle.lookup_user(np.array([user_id], np.int64)),
            history=self.bundle.lookup_history(padded_history),
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
            scale = self.bundle.item_scale(padded(created_at_ms[part], length)[0])
            post_rows = self.bundle.lookup_posts(padded(post_ids[part], length)[0])
            author_rows = self.bundle.lookup_authors(padded(author_ids[part], length)[0])
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
                history = made_up_history(length)
                if self.bundle.kind == "retrieval":
                    self.embed_user(1, history)
                else:
                    candidates = Candidates(ids, ids, ids, ids)
                    self.rank(user_id=1, history=history, candidates=candidates, request_time_ms=1)
