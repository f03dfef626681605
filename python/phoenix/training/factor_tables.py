"""Embedding tables whose rows hold the factors of viewers and authors."""

from dataclasses import dataclass

import numpy as np

from phoenix.bundle import EmbeddingTables
from phoenix.config import EntityHash, HashParameters
from phoenix.hashing import entity_rows
from phoenix.training.factorise import Factors


@dataclass(frozen=True)
class FactorScale:
    """What factors are multiplied with in the rows of each table."""

    viewer: float
    author: float
    habit: float


def factor_scale(factors: Factors, spread: float) -> FactorScale:
    """The scale that gives the components of these factors the deviation `spread`."""

    def of(vectors: np.ndarray) -> float:
        return spread / max(float(vectors.std()), 1e-9)

    return FactorScale(of(factors.viewer), of(factors.author), spread)


def _written(
    table: np.ndarray, entity: EntityHash, *, ids: np.ndarray, vectors: np.ndarray
) -> np.ndarray:
    """A table with vectors written into it: hash j of an id into the j-th part of its row.

    So an id finds its whole vector in each of its rows, whoever else shares them; ids that share
    a row in the same hash get their mean.
    """
    rows = entity_rows(ids, entity)
    hashes, width = rows.shape[1], table.shape[1]
    part = width // hashes
    scaled = vectors[:, :part]
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
    tables: EmbeddingTables, hashes: HashParameters, factors: Factors, *, scale: FactorScale
) -> EmbeddingTables:
    """Tables whose user and author rows hold the factors; item rows stay as they are.

    An author's habits follow the factors.
    """
    viewer = factors.viewer * scale.viewer
    author = np.c_[factors.author * scale.author, factors.habit * scale.habit]
    return EmbeddingTables(
        user=_written(tables.user, hashes.user, ids=factors.viewer_ids, vectors=viewer),
        item=tables.item,
        author=_written(tables.author, hashes.author, ids=factors.author_ids, vectors=author),
    )


def rows_of_factors(hashes: HashParameters, factors: Factors) -> dict[str, np.ndarray]:
    """True for the rows of each table that hold factors."""
    known = {name: np.zeros(getattr(hashes, name).buckets, bool) for name in ("user", "author")}
    known["user"][entity_rows(factors.viewer_ids, hashes.user)] = True
    known["author"][entity_rows(factors.author_ids, hashes.author)] = True
    return known
