"""Where the rows of viewers and authors start from: factors of how they get along.

A row of an embedding table is touched a few dozen times in a whole training run, far too seldom
to find from noise what a viewer has in common with an author. Alternating least squares finds it
in seconds: interest(viewer, author) = viewer bias + author bias + viewer factors . author factors,
fitted to a plain measure of how an impression went. Training then learns what to make of it.

Source: Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems", 2009.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from phoenix.bundle import EmbeddingTables
from phoenix.config import EntityHash, HashParameters
from phoenix.hashing import entity_rows
from phoenix.training.viewer_sequences import Impressions, ViewerSequences

_NEGATIVE_FROM = 14
_POSITIVE_COUNT_MAX = 3
_POSITIVE_SHARE = 0.5


@dataclass(frozen=True)
class Factors:
    """Factors by entity: ids ascending, one vector each, the bias as the last component."""

    viewer_ids: Int64[np.ndarray, " v"]
    author_ids: Int64[np.ndarray, " a"]
    viewer: Float64[np.ndarray, "v k"]
    author: Float64[np.ndarray, "a k"]


def impression_response(impressions: Impressions) -> Float64[np.ndarray, " n"]:
    """How well each impression went: log dwell and positive actions, mean 0, deviation 1."""
    dwell = np.log(np.maximum(impressions.dwell_seconds, 0.1).astype(np.float64))
    done = impressions.outcomes[:, :_NEGATIVE_FROM].sum(axis=1).clip(0, _POSITIVE_COUNT_MAX)

    def standard(values: np.ndarray) -> np.ndarray:
        return (values - values.mean()) / max(float(values.std()), 1e-9)

    return standard(standard(dwell) + _POSITIVE_SHARE * standard(done.astype(np.float64)))


def _solve(
    groups: list[np.ndarray], features: np.ndarray, target: np.ndarray, ridge: float
) -> Float64[np.ndarray, "g k"]:
    """Ridge regression of each group's targets on its features."""
    width = features.shape[1]
    solved = np.zeros((len(groups), width))
    for place, members in enumerate(groups):
        x = features[members]
        solved[place] = np.linalg.solve(x.T @ x + ridge * np.eye(width), x.T @ target[members])
    return solved


def _groups(entity: np.ndarray, count: int) -> list[np.ndarray]:
    order = np.argsort(entity, kind="stable")
    bounds = np.searchsorted(entity[order], np.arange(1, count))
    return np.split(order, bounds)


def factorise(
    sequences: ViewerSequences, *, size: int, ridge: float, rounds: int, seed: int
) -> Factors:
    """Alternating least squares on all impressions. O(rounds x impressions x size^2).

    Args:
      sequences: The training log.
      size: Components of a vector, the bias included.
      ridge: Strength of the pull to 0, in impressions.
      rounds: How often each side is solved.
      seed: Of the start.
    """
    shown = sequences.impressions
    viewer = np.repeat(np.arange(len(sequences.viewer_ids)), np.diff(shown.offsets))
    author_ids, author = np.unique(shown.author_ids, return_inverse=True)
    response = impression_response(shown)
    random = np.random.default_rng(seed)
    inner = size - 1
    ones = np.ones((len(response), 1))
    of_author = np.c_[0.1 * random.normal(size=(len(author_ids), inner)), np.zeros(len(author_ids))]
    of_viewer = np.zeros((len(sequences.viewer_ids), size))
    by_viewer = _groups(viewer, len(of_viewer))
    by_author = _groups(author, len(of_author))
    for _ in range(rounds):
        features = np.concatenate([of_author[author, :inner], ones], axis=1)
        of_viewer = _solve(by_viewer, features, response - of_author[author, inner], ridge)
        features = np.concatenate([of_viewer[viewer, :inner], ones], axis=1)
        of_author = _solve(by_author, features, response - of_viewer[viewer, inner], ridge)
    return Factors(sequences.viewer_ids, author_ids, of_viewer, of_author)


def _written(
    table: np.ndarray, entity: EntityHash, *, ids: np.ndarray, vectors: np.ndarray, spread: float
) -> np.ndarray:
    """A table with vectors written into it: hash j of an id into the j-th part of its row.

    So an id finds its whole vector in each of its rows, whoever else shares them; ids that share
    a row in the same hash get their mean. `spread` is the deviation that components get.
    """
    rows = entity_rows(ids, entity)
    hashes, width = rows.shape[1], table.shape[1]
    part = width // hashes
    scaled = vectors[:, :part] * (spread / max(float(vectors.std()), 1e-9))
    written = table.copy()
    for hash_number in range(hashes):
        columns = slice(hash_number * part, hash_number * part + scaled.shape[1])
        count = np.bincount(rows[:, hash_number], minlength=len(table))
        sums = np.zeros((len(table), scaled.shape[1]))
        np.add.at(sums, rows[:, hash_number], scaled)
        mean = sums / np.maximum(count, 1)[:, None]
        written[:, columns] = np.where(count[:, None] > 0, mean, written[:, columns])
    return written.astype(np.float32)


def tables_from_factors(
    tables: EmbeddingTables, hashes: HashParameters, factors: Factors, *, spread: float
) -> EmbeddingTables:
    """Tables whose user and author rows hold the factors; item rows stay as they are."""
    return EmbeddingTables(
        user=_written(
            tables.user, hashes.user, ids=factors.viewer_ids, vectors=factors.viewer, spread=spread
        ),
        item=tables.item,
        author=_written(
            tables.author,
            hashes.author,
            ids=factors.author_ids,
            vectors=factors.author,
            spread=spread,
        ),
    )
