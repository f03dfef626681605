"""Scores of one viewer's prefix that were computed before, by what a score depends on."""

import numpy as np
from jaxtyping import Float, Int

from phoenix.bundle import Candidates, ModelBundle
from phoenix.tokens import post_age_bucket

# Bytes of a row's key and of its place in the dictionary, beside the scores.
_ROW_OVERHEAD_BYTES = 200
_KEY_COLUMNS = 3


def score_keys(bundle: ModelBundle, candidates: Candidates, request_time_ms: int) -> list[bytes]:
    """One key a candidate: its post, author, surface, age bucket, and whether it is neutral.

    These and the viewer's prefix are all that a score depends on, unless positions are slots.
    """
    config = bundle.config
    count = candidates.post_ids.shape[0]
    created = candidates.created_at_ms.astype(np.int64)
    age = np.zeros(count, np.int32)
    if config.dwell_and_age:
        asked = np.full(count, request_time_ms, np.int64)
        age = post_age_bucket(asked, created, config)
    keys: Int[np.ndarray, "c 3"] = np.empty((count, _KEY_COLUMNS), np.int64)
    keys[:, 0] = candidates.post_ids
    keys[:, 1] = candidates.author_ids
    keys[:, 2] = (age.astype(np.int64) << 32) | (candidates.surfaces.astype(np.int64) << 1)
    keys[:, 2] |= bundle.item_scale(created).astype(np.int64)
    return keys.view(f"V{keys.itemsize * _KEY_COLUMNS}").ravel().tolist()


class ScoreTable:
    """Rows of scores by key, for one prefix. Grows up to a number of rows, then starts anew."""

    def __init__(self, width: int, row_count_max: int) -> None:
        self._row_count_max = row_count_max
        self._rows: dict[bytes, int] = {}
        self._scores: Float[np.ndarray, "rows w"] = np.empty((0, width), np.float32)

    @property
    def byte_count(self) -> int:
        """Memory that it holds, keys included, to a few per cent."""
        return self._scores.nbytes + len(self._rows) * _ROW_OVERHEAD_BYTES

    def find(self, keys: list[bytes]) -> Int[np.ndarray, " c"]:
        """Row of each key; -1 = unknown."""
        rows = self._rows
        return np.fromiter((rows.get(key, -1) for key in keys), np.int64, len(keys))

    def take(self, rows: Int[np.ndarray, " c"]) -> Float[np.ndarray, "c w"]:
        """Scores in the order of the rows."""
        return self._scores[rows]

    def add(self, keys: list[bytes], scores: Float[np.ndarray, "c w"]) -> None:
        """Keeps scores; of a key that comes twice, the last."""
        if len(self._rows) + len(keys) > self._row_count_max:
            self._rows, self._scores = {}, self._scores[:0]
        first = self._scores.shape[0]
        self._scores = np.concatenate([self._scores, scores])
        self._rows.update(zip(keys, range(first, first + len(keys)), strict=True))
