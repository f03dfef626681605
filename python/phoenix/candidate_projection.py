"""Candidate tokens from tables that were projected once, when the model was loaded.

A candidate's token is a sum over its features: each hash row of its post and author, its surface
and its age times a block of proj_mat_2. Projected tables turn that product, a seventh of the work
beside a short history, into a few gathered rows. Equal up to rounding.
"""

import numpy as np
from jaxtyping import Float

from phoenix.bundle import Candidates, ModelBundle
from phoenix.hashing import entity_rows
from phoenix.tokens import post_age_bucket

# Tables that would be larger once projected stay as they are, mapped from disk.
PROJECTED_BYTES_MAX = 256 * 2**20

_Table = Float[np.ndarray, "rows d"]


def projected_bytes(bundle: ModelBundle) -> int:
    """Memory that the projected tables of a model take."""
    items = bundle.tables.item.shape[0] * bundle.config.item_hashes
    authors = bundle.tables.author.shape[0] * bundle.config.author_hashes
    return (items + authors) * bundle.config.embedding_size * np.dtype(np.float32).itemsize


class CandidateProjection:
    """The projected tables of one ranker."""

    # Weights too large to serve give infinities here; the canary refuses them by name.
    def __init__(self, bundle: ModelBundle) -> None:
        self._bundle = bundle
        config, width = bundle.config, bundle.config.embedding_size
        matrix = np.asarray(bundle.parameters["phoenix_model/proj_mat_2"], np.float32)
        blocks = iter(np.split(matrix, matrix.shape[0] // width))

        def projected(table: np.ndarray) -> _Table:
            with np.errstate(over="ignore", invalid="ignore"):
                return np.asarray(table, np.float32) @ next(blocks)

        self._items = [projected(bundle.tables.item) for _ in range(config.item_hashes)]
        self._authors = [projected(bundle.tables.author) for _ in range(config.author_hashes)]
        parameters = bundle.parameters
        self._surfaces = projected(
            np.asarray(parameters["phoenix_model/product_surface_embedding_table"])
        )
        self._ages: _Table | None = None
        if config.dwell_and_age:
            self._ages = projected(np.asarray(parameters["phoenix_model/post_age_embedding_table"]))

    def tokens(self, candidates: Candidates, request_time_ms: int) -> Float[np.ndarray, "*b c d"]:
        """Tokens of candidates; ages are measured against the given time."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._tokens(candidates, request_time_ms)

    def _tokens(self, candidates: Candidates, request_time_ms: int) -> Float[np.ndarray, "*b c d"]:
        bundle = self._bundle
        created = candidates.created_at_ms.astype(np.int64)
        rows = entity_rows(candidates.post_ids, bundle.hashes.item)
        tokens = self._items[0][rows[..., 0]]
        for number, table in enumerate(self._items[1:], 1):
            tokens += table[rows[..., number]]
        tokens *= bundle.item_scale(created)[..., None]
        rows = entity_rows(candidates.author_ids, bundle.hashes.author)
        for number, table in enumerate(self._authors):
            tokens += table[rows[..., number]]
        tokens += self._surfaces[candidates.surfaces]
        if self._ages is not None:
            asked = np.full(created.shape, request_time_ms, np.int64)
            tokens += self._ages[post_age_bucket(asked, created, bundle.config)]
        return tokens
