"""Row batches as arrays that a compiled step takes: tokens, and the embedding rows they touch.

A step never sees a whole table. It gets the numbers of the rows that the batch touches (each
once, padded with row 0 to a fixed number) and every token's places among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import jax
import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64, UInt8

from phoenix.config import HashParameters, ModelConfig
from phoenix.hashing import entity_rows
from phoenix.tokens import post_age_bucket
from phoenix.training.rows import RowBatch, Rows, row_window
from phoenix.training.viewer_sequences import HISTORY_SURFACE, ViewerSequences

TouchedRows: TypeAlias = Mapping[str, Int32[np.ndarray, " rows"]]
"""Rows of the tables user, item and author, ascending; padding 0 behind."""


@dataclass(frozen=True)
class HashedSequences:
    """Sequences with the table rows of all their ids."""

    sequences: ViewerSequences
    user: Int64[np.ndarray, "v h"]
    token_item: Int64[np.ndarray, "t h"]
    token_author: Int64[np.ndarray, "t h"]
    shown_item: Int64[np.ndarray, "n h"]
    shown_author: Int64[np.ndarray, "n h"]
    shown_age: Int32[np.ndarray, " n"]


def hash_sequences(
    sequences: ViewerSequences, hashes: HashParameters, config: ModelConfig
) -> HashedSequences:
    """Hashes every id once."""
    tokens, shown = sequences.tokens, sequences.impressions
    return HashedSequences(
        sequences=sequences,
        user=entity_rows(sequences.viewer_ids, hashes.user),
        token_item=entity_rows(tokens.post_ids, hashes.item),
        token_author=entity_rows(tokens.author_ids, hashes.author),
        shown_item=entity_rows(shown.post_ids, hashes.item),
        shown_author=entity_rows(shown.author_ids, hashes.author),
        # Against the request's clock, as the ranking service does.
        shown_age=post_age_bucket(shown.request_ms, shown.created_at_ms, config),
    )


@dataclass(frozen=True)
class DropRates:
    """Probabilities with which training hides things, so that the rest learns to do without.

    item: a token's post rows. user: a row's user token, as of a viewer nobody knows.
    author: a token's author rows, as of an author nobody knows.
    """

    item: float
    user: float
    author: float


HostOrDevice: TypeAlias = jax.Array | np.ndarray
"""Built by numpy; traced by JAX inside a compiled step."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class BatchArrays:
    """One batch; places number the rows of `touched` of the same entity."""

    user: Int32[HostOrDevice, "b h"]
    history_item: Int32[HostOrDevice, "b s h"]
    history_author: Int32[HostOrDevice, "b s h"]
    history_actions: UInt8[HostOrDevice, "b s 18"]
    history_surfaces: Int32[HostOrDevice, "b s"]
    history_dwell: Float32[HostOrDevice, "b s"]
    history_valid: Bool[HostOrDevice, "b s"]
    history_scale: Float32[HostOrDevice, "b s"]
    item: Int32[HostOrDevice, "b c h"]
    author: Int32[HostOrDevice, "b c h"]
    surfaces: Int32[HostOrDevice, "b c"]
    ages: Int32[HostOrDevice, "b c"]
    valid: Bool[HostOrDevice, "b c"]
    scale: Float32[HostOrDevice, "b c"]
    visible: Int32[HostOrDevice, "b c"]
    outcomes: UInt8[HostOrDevice, "b c 18"]
    dwell: Float32[HostOrDevice, "b c"]


def row_places(
    parts: tuple[np.ndarray, ...], table_rows: int
) -> tuple[Int32[np.ndarray, " rows"], list[np.ndarray]]:
    """The rows that occur, each once behind row 0, and every part as places among them.

    The number of rows is fixed by the shapes: at most the slots, at most the table.
    """
    occurs = np.zeros(table_rows, bool)
    for part in parts:
        occurs[part] = True
    occurs[0] = True
    rows = np.flatnonzero(occurs)
    limit = min(table_rows, 1 + sum(part.size for part in parts))
    place = (np.cumsum(occurs) - 1).astype(np.int32)
    padded = np.pad(rows, (0, limit - len(rows))).astype(np.int32)
    return padded, [place[part] for part in parts]


class BatchBuilder:
    """Builds batches of a set of rows, with its own stream of random numbers."""

    def __init__(
        self, hashed: HashedSequences, rows: Rows, hashes: HashParameters, drop: DropRates
    ) -> None:
        """Nothing is copied."""
        self.hashed, self.rows, self.hashes, self.drop = hashed, rows, hashes, drop

    def build(
        self, batch: RowBatch, random: np.random.Generator
    ) -> tuple[TouchedRows, BatchArrays]:
        """The arrays of one batch; rows of -1 come out empty."""
        rows, hashed, chosen = self.rows, self.hashed, batch.rows
        real = chosen >= 0
        tokens, shown = hashed.sequences.tokens, hashed.sequences.impressions
        token, token_valid = row_window(
            rows.token_start[chosen], np.where(real, rows.token_count[chosen], 0),
            batch.history_size,
        )  # fmt: skip
        impression, valid = row_window(
            rows.impression_start[chosen], np.where(real, rows.impression_count[chosen], 0),
            batch.impression_size,
        )  # fmt: skip

        def hidden(shape: tuple[int, ...], rate: float) -> np.ndarray:
            return random.random(shape, np.float32) < rate

        user_there = real & ~hidden(chosen.shape, self.drop.user)
        user = np.where(user_there[:, None], hashed.user[rows.viewer[chosen]], 0)
        known = valid & ~hidden(valid.shape, self.drop.author)
        author = np.where(known[:, :, None], hashed.shown_author[impression], 0)
        token_author = np.where(token_valid[:, :, None], hashed.token_author[token], 0)
        item = np.where(valid[:, :, None], hashed.shown_item[impression], 0)
        token_item = np.where(token_valid[:, :, None], hashed.token_item[token], 0)
        user_rows, (user,) = row_places((user,), self.hashes.user.buckets)
        item_rows, (item, token_item) = row_places((item, token_item), self.hashes.item.buckets)
        author_rows, (author, token_author) = row_places(
            (author, token_author), self.hashes.author.buckets
        )
        arrays = BatchArrays(
            user=user,
            history_item=token_item,
            history_author=token_author,
            history_actions=tokens.actions[token] * token_valid[:, :, None],
            history_surfaces=np.full(token.shape, HISTORY_SURFACE, np.int32),
            history_dwell=np.where(token_valid, tokens.dwell_seconds[token], np.float32(0)),
            history_valid=token_valid,
            history_scale=1 - hidden(token.shape, self.drop.item).astype(np.float32),
            item=item,
            author=author,
            surfaces=shown.surfaces[impression],
            ages=hashed.shown_age[impression],
            valid=valid,
            scale=1 - hidden(valid.shape, self.drop.item).astype(np.float32),
            visible=np.where(
                valid, shown.visible[impression] - rows.dropped[chosen][:, None], 0
            ).astype(np.int32),
            outcomes=shown.outcomes[impression] * valid[:, :, None],
            dwell=np.where(valid, shown.dwell_seconds[impression], np.float32(0)),
        )
        return {"user": user_rows, "item": item_rows, "author": author_rows}, arrays
