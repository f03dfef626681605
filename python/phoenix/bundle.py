"""One loaded model, and the one way from ids to the rows that it reads."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int, Integer

from phoenix.action_order import action_order
from phoenix.array_types import Parameters
from phoenix.config import HashParameters, ModelConfig
from phoenix.hashing import entity_rows
from phoenix.tokens import CandidateTokens, HistoryTokens, post_age_bucket

ModelKind = Literal["ranker", "retrieval"]


@dataclass(frozen=True)
class EmbeddingTables:
    """Embedding tables, usually mapped from disk and never copied; row 0 is padding."""

    user: Float[np.ndarray, "users d"]
    item: Float[np.ndarray, "items d"]
    author: Float[np.ndarray, "authors d"]


@dataclass(frozen=True)
class History:
    """What viewers did, oldest first, one column a field; any number of leading batch axes.

    A post id of 0 is padding.
    """

    post_ids: Integer[np.ndarray, "*b s"]
    author_ids: Integer[np.ndarray, "*b s"]
    # One column an action of actions.json (18), or the model's own outputs.
    actions: Float[np.ndarray, "*b s v"]
    dwell_seconds: Float[np.ndarray, "*b s"]
    # 0 home feed, 1 profile, 2 search, 3 post page, 4 notifications; up to 15.
    surfaces: Integer[np.ndarray, "*b s"]
    # Creation of the post, ms since 1970; 0 = unknown.
    created_at_ms: Integer[np.ndarray, "*b s"]


@dataclass(frozen=True)
class Candidates:
    """Posts to score, one column a field; a post id of 0 is padding."""

    post_ids: Integer[np.ndarray, "*b c"]
    author_ids: Integer[np.ndarray, "*b c"]
    surfaces: Integer[np.ndarray, "*b c"]
    created_at_ms: Integer[np.ndarray, "*b c"]


@dataclass(frozen=True)
class ModelBundle:
    """One model of a checkpoint: its shape, weights, tables and hashes."""

    kind: ModelKind
    config: ModelConfig
    parameters: Parameters
    tables: EmbeddingTables
    hashes: HashParameters
    # Posts created after this (ms; the end of the training log) get no rows of their own.
    neutral_items_after_ms: int | None = None

    def item_scale(
        self, created_at_ms: Integer[np.ndarray, "*posts"]
    ) -> Float[np.ndarray, "*posts"]:
        """0 for a post that the training log cannot hold, else 1."""
        if self.neutral_items_after_ms is None:
            return np.ones(created_at_ms.shape, np.float32)
        return (created_at_ms <= self.neutral_items_after_ms).astype(np.float32)

    def lookup_user(self, user_ids: Integer[np.ndarray, "*b"]) -> Float[np.ndarray, "*b hu d"]:
        """Embedding rows of users."""
        return self.tables.user[entity_rows(user_ids, self.hashes.user)]

    def lookup_posts(
        self, post_ids: Integer[np.ndarray, "*posts"]
    ) -> Float[np.ndarray, "*posts hi d"]:
        """Embedding rows of posts."""
        return self.tables.item[entity_rows(post_ids, self.hashes.item)]

    def lookup_authors(
        self, author_ids: Integer[np.ndarray, "*posts"]
    ) -> Float[np.ndarray, "*posts ha d"]:
        """Embedding rows of authors."""
        return self.tables.author[entity_rows(author_ids, self.hashes.author)]

    def lookup_history(self, history: History) -> HistoryTokens:
        """Tokens of histories with one batch axis, rows gathered from the tables.

        Raises:
          ValueError: The actions have an unknown number of columns.
        """
        return HistoryTokens(
            post_rows=self.lookup_posts(history.post_ids),
            author_rows=self.lookup_authors(history.author_ids),
            actions=action_order(self.config.num_actions).to_model(history.actions),
            surfaces=history.surfaces.astype(np.int32),
            dwell_seconds=history.dwell_seconds.astype(np.float32),
            valid=history.post_ids != 0,
            item_scale=self.item_scale(history.created_at_ms),
        )

    def lookup_candidates(
        self, candidates: Candidates, request_time_ms: int | Int[np.ndarray, "*b c"]
    ) -> CandidateTokens:
        """Tokens of candidates with one batch axis; ages are measured against the given time."""
        created = candidates.created_at_ms.astype(np.int64)
        asked = np.broadcast_to(np.asarray(request_time_ms, np.int64), created.shape)
        return CandidateTokens(
            post_rows=self.lookup_posts(candidates.post_ids),
            author_rows=self.lookup_authors(candidates.author_ids),
            surfaces=candidates.surfaces.astype(np.int32),
            age_buckets=post_age_bucket(asked, created, self.config),
            valid=candidates.post_ids != 0,
            item_scale=self.item_scale(created),
        )
