"""Ratings as rows of the ranker: a rater's history, and the ratings that are to be predicted."""

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64, UInt8

from phoenix.config import HashParameters, ModelConfig
from phoenix.hashing import entity_rows
from phoenix.public_data.community_notes_data import Ratings
from phoenix.tokens import post_age_bucket
from phoenix.training.batches import HostOrDevice

CANDIDATES_A_ROW = 64
HISTORY_BEFORE = 192
# (history tokens, candidates) that rows are padded to.
_SHAPES = ((8, 8), (CANDIDATES_A_ROW, CANDIDATES_A_ROW), (256, CANDIDATES_A_ROW))


@dataclass(frozen=True)
class RaterRow:
    """Places of ratings: `tokens` are the history, `candidates` what is predicted.

    visible: how many of the oldest tokens were made strictly before each candidate.
    """

    tokens: Int64[np.ndarray, " s"]
    candidates: Int64[np.ndarray, " c"]
    visible: Int64[np.ndarray, " c"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class RatingBatch:
    """Rows of one shape; rows of embedding tables are 0 where there is nothing."""

    user: Int32[HostOrDevice, "b hu"]
    history_author: Int32[HostOrDevice, "b s ha"]
    history_tags: UInt8[HostOrDevice, "b s 20"]
    history_surfaces: Int32[HostOrDevice, "b s"]
    history_valid: Bool[HostOrDevice, "b s"]
    author: Int32[HostOrDevice, "b c ha"]
    surfaces: Int32[HostOrDevice, "b c"]
    ages: Int32[HostOrDevice, "b c"]
    visible: Int32[HostOrDevice, "b c"]
    # 1 where the candidate counts in the loss.
    weights: Float32[HostOrDevice, "b c"]
    tags: UInt8[HostOrDevice, "b c 20"]
    # The rating of each candidate, -1 where there is none.
    ratings: Int32[HostOrDevice, "b c"]


def rater_rows(ratings: Ratings, first: int, end: int) -> list[RaterRow]:
    """Every rating in [first, end) as a candidate once; its history may begin before `first`."""
    rows: list[RaterRow] = []
    for rater in np.unique(ratings.rater_ids[first:end]):
        places = np.flatnonzero(ratings.rater_ids[:end] == rater)
        times = ratings.rated_at_ms[places]
        for start in range(int(np.searchsorted(places, first)), len(places), CANDIDATES_A_ROW):
            stop = min(start + CANDIDATES_A_ROW, len(places))
            oldest = max(0, start - HISTORY_BEFORE)
            before = np.searchsorted(times, times[start:stop], side="left")
            visible = np.maximum(before - oldest, 0)
            tokens = places[oldest : oldest + int(visible.max())]
            rows.append(RaterRow(tokens, places[start:stop], visible))
    return rows


class RatingBatchBuilder:
    """Builds batches of rows, hashing every id once."""

    def __init__(self, ratings: Ratings, config: ModelConfig, hashes: HashParameters) -> None:
        """Nothing is copied."""
        self.ratings = ratings
        self._user = entity_rows(ratings.rater_ids, hashes.user).astype(np.int32)
        self._author = entity_rows(ratings.author_ids, hashes.author).astype(np.int32)
        self._ages = post_age_bucket(ratings.rated_at_ms, ratings.written_at_ms, config)

    def build(self, rows: list[RaterRow], shape: tuple[int, int], count: int) -> RatingBatch:
        """A batch of `count` rows, the last ones empty when there are fewer."""
        tokens = np.full((count, shape[0]), -1, np.int64)
        candidates = np.full((count, shape[1]), -1, np.int64)
        visible = np.zeros((count, shape[1]), np.int32)
        user = np.zeros((count, self._user.shape[1]), np.int32)
        for number, row in enumerate(rows):
            tokens[number, : len(row.tokens)] = row.tokens
            candidates[number, : len(row.candidates)] = row.candidates
            visible[number, : len(row.visible)] = row.visible
            user[number] = self._user[row.candidates[0]]
        there, valid = tokens >= 0, candidates >= 0
        ratings = self.ratings
        return RatingBatch(
            user=user,
            history_author=np.where(there[:, :, None], self._author[tokens], 0),
            history_tags=np.where(there[:, :, None], ratings.tags[tokens], 0).astype(np.uint8),
            history_surfaces=np.where(there, ratings.surfaces[tokens], 0),
            history_valid=there,
            author=np.where(valid[:, :, None], self._author[candidates], 0),
            surfaces=np.where(valid, ratings.surfaces[candidates], 0),
            ages=np.where(valid, self._ages[candidates], 0).astype(np.int32),
            visible=visible,
            weights=valid.astype(np.float32),
            tags=np.where(valid[:, :, None], ratings.tags[candidates], 0).astype(np.uint8),
            ratings=candidates.astype(np.int32),
        )

    def batches(
        self, rows: list[RaterRow], slots: int, random: np.random.Generator | None = None
    ) -> list[RatingBatch]:
        """All rows, in random order or in theirs, about `slots` candidates a batch."""
        order = range(len(rows)) if random is None else random.permutation(len(rows)).tolist()
        by_shape: dict[tuple[int, int], list[RaterRow]] = {shape: [] for shape in _SHAPES}
        for number in order:
            row = rows[number]
            by_shape[shape_of(row)].append(row)
        built = [
            self.build(held[start : start + count], shape, count)
            for shape, held in by_shape.items()
            for count in [max(1, slots // shape[1])]
            for start in range(0, len(held), count)
        ]
        return built if random is None else [built[i] for i in random.permutation(len(built))]


def shape_of(row: RaterRow) -> tuple[int, int]:
    """The smallest shape that holds a row."""
    return next(
        shape
        for shape in _SHAPES
        if len(row.tokens) <= shape[0] and len(row.candidates) <= shape[1]
    )
