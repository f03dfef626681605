"""Batches of the retrieval model: histories, the posts that were liked after them, negatives."""

from dataclasses import dataclass, fields, replace

import jax
import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64, UInt8

from phoenix.config import HashParameters
from phoenix.gen.actions import ACTIONS
from phoenix.training.batches import (
    DropRates,
    HashedSequences,
    HostOrDevice,
    TouchedRows,
    row_places,
)
from phoenix.training.rows import RowBatch, Rows, row_window
from phoenix.training.viewer_sequences import (
    HISTORY_SURFACE,
    Impressions,
    ViewerSequences,
)

POSITIVE_ACTIONS = (
    "favorite",
    "reply",
    "repost",
    "share",
    "share_via_dm",
    "share_via_copy_link",
    "quote",
    "follow_author",
)
"""Any of these makes an impression a target."""


def positive_sequences(sequences: ViewerSequences) -> ViewerSequences:
    """The same viewers and histories, with the impressions that were liked or better."""
    columns = [a.index for a in ACTIONS if a.name in POSITIVE_ACTIONS]
    shown = sequences.impressions
    liked = shown.outcomes[:, columns].any(axis=1)
    before = np.concatenate([[0], np.cumsum(liked)])
    kept = {
        each.name: getattr(shown, each.name)[liked]
        for each in fields(Impressions)
        if each.name != "offsets"
    }
    return replace(
        sequences, impressions=Impressions(offsets=before[shown.offsets].astype(np.int64), **kept)
    )


@dataclass(frozen=True)
class PostFrequencies:
    """All posts of the log (each once), and how often each is a target.

    target_share: of a post's targets among all. Posts of one author share what that author got:
    a single post has too few targets to be counted by itself.
    """

    post_ids: Int64[np.ndarray, " p"]
    author_ids: Int64[np.ndarray, " p"]
    target_share: Float32[np.ndarray, " p"]

    def places(self, post_ids: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
        """Positions of posts of the log."""
        return np.searchsorted(self.post_ids, post_ids)


def post_frequencies(all_shown: Impressions, targets: Impressions) -> PostFrequencies:
    """Counts targets, with one added to every author."""
    post_ids, first = np.unique(all_shown.post_ids, return_index=True)
    author_ids = all_shown.author_ids[first]
    authors, author = np.unique(author_ids, return_inverse=True)
    posts_of = np.bincount(author)
    liked = np.searchsorted(authors, targets.author_ids)
    share = (np.bincount(liked, minlength=len(authors)) + 1.0) / posts_of
    of_post = share[author]
    return PostFrequencies(post_ids, author_ids, (of_post / of_post.sum()).astype(np.float32))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class RetrievalArrays:
    """One batch. Targets are flat: the row and the visible history of each, and its post.

    Columns of the softmax are the targets themselves and then the sampled negatives.
    log_expected: logarithm of how often a column's post is expected among all columns.
    same_post: a column that holds the target's post at another place.
    """

    user: Int32[HostOrDevice, "b h"]
    history_item: Int32[HostOrDevice, "b s h"]
    history_author: Int32[HostOrDevice, "b s h"]
    history_actions: UInt8[HostOrDevice, "b s 18"]
    history_surfaces: Int32[HostOrDevice, "b s"]
    history_dwell: Float32[HostOrDevice, "b s"]
    history_valid: Bool[HostOrDevice, "b s"]
    history_scale: Float32[HostOrDevice, "b s"]
    target_row: Int32[HostOrDevice, " t"]
    target_visible: Int32[HostOrDevice, " t"]
    target_valid: Bool[HostOrDevice, " t"]
    column_item: Int32[HostOrDevice, "k h"]
    column_author: Int32[HostOrDevice, "k h"]
    column_scale: Float32[HostOrDevice, " k"]
    log_expected: Float32[HostOrDevice, " k"]
    same_post: Bool[HostOrDevice, "t k"]


class RetrievalBatchBuilder:
    """Builds batches with at most `targets` targets and `negatives` sampled posts."""

    def __init__(
        self,
        hashed: HashedSequences,
        frequencies: PostFrequencies,
        *,
        rows: Rows,
        hashes: HashParameters,
        drop: DropRates,
        targets: int,
        negatives: int,
        item_rows: Int64[np.ndarray, "p h"],
        author_rows: Int64[np.ndarray, "p h"],
    ) -> None:
        """item_rows, author_rows: table rows of the posts of `frequencies`."""
        self.hashed, self.frequencies, self.rows = hashed, frequencies, rows
        self.hashes, self.drop = hashes, drop
        self.targets, self.negatives = targets, negatives
        self.item_rows, self.author_rows = item_rows, author_rows

    def _targets(
        self, batch: RowBatch, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, impression number and validity of the targets, a random part if too many."""
        chosen = batch.rows
        counts = np.where(chosen >= 0, self.rows.impression_count[chosen], 0)
        impression, valid = row_window(
            self.rows.impression_start[chosen], counts, batch.impression_size
        )
        row, slot = np.nonzero(valid)
        if len(row) > self.targets:
            kept = np.sort(random.permutation(len(row))[: self.targets])
            row, slot = row[kept], slot[kept]
        width = (0, self.targets - len(row))
        there = np.arange(self.targets) < len(row)
        return np.pad(row, width), np.pad(impression[row, slot], width), there

    def build(
        self, batch: RowBatch, random: np.random.Generator
    ) -> tuple[TouchedRows, RetrievalArrays]:
        """The arrays of one batch; rows of -1 come out empty."""
        rows, hashed, chosen, drop = self.rows, self.hashed, batch.rows, self.drop
        tokens, shown = hashed.sequences.tokens, hashed.sequences.impressions
        real = chosen >= 0
        token, token_valid = row_window(
            rows.token_start[chosen], np.where(real, rows.token_count[chosen], 0),
            batch.history_size,
        )  # fmt: skip
        row, impression, target_valid = self._targets(batch, random)
        sampled = random.integers(0, len(self.frequencies.post_ids), self.negatives)
        posts = np.concatenate([self.frequencies.places(shown.post_ids[impression]), sampled])
        column_valid = np.pad(target_valid, (0, self.negatives), constant_values=True)

        def hidden(shape: tuple[int, ...], rate: float) -> np.ndarray:
            return random.random(shape, np.float32) < rate

        user_there = real & ~hidden(chosen.shape, drop.user)
        user = np.where(user_there[:, None], hashed.user[rows.viewer[chosen]], 0)
        known = token_valid & ~hidden(token.shape, drop.author)
        token_author = np.where(known[:, :, None], hashed.token_author[token], 0)
        token_item = np.where(token_valid[:, :, None], hashed.token_item[token], 0)
        user_rows, (user,) = row_places((user,), self.hashes.user.buckets)
        item_rows, (item, token_item) = row_places(
            (self.item_rows[posts], token_item), self.hashes.item.buckets
        )
        author_rows, (author, token_author) = row_places(
            (self.author_rows[posts], token_author), self.hashes.author.buckets
        )
        expected = self.targets * self.frequencies.target_share[posts]
        expected = expected + self.negatives / len(self.frequencies.post_ids)
        same = posts[None] == posts[None, : self.targets].T
        same[np.arange(self.targets), np.arange(self.targets)] = False
        arrays = RetrievalArrays(
            user=user,
            history_item=token_item,
            history_author=token_author,
            history_actions=tokens.actions[token] * token_valid[:, :, None],
            history_surfaces=np.full(token.shape, HISTORY_SURFACE, np.int32),
            history_dwell=np.where(token_valid, tokens.dwell_seconds[token], np.float32(0)),
            history_valid=token_valid,
            history_scale=1 - hidden(token.shape, drop.item).astype(np.float32),
            target_row=row.astype(np.int32),
            target_visible=np.where(
                target_valid, shown.visible[impression] - rows.dropped[chosen[row]], 0
            ).astype(np.int32),
            target_valid=target_valid,
            column_item=item,
            column_author=author,
            column_scale=1 - hidden(posts.shape, drop.item).astype(np.float32),
            log_expected=np.log(expected).astype(np.float32),
            same_post=same | ~column_valid[None],
        )
        return {"user": user_rows, "item": item_rows, "author": author_rows}, arrays
