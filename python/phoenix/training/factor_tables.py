"""Embedding tables whose rows hold the factors of viewers and authors."""

import numpy as np

from phoenix.bundle import EmbeddingTables
from phoenix.config import EntityHash, HashParameters
from phoenix.hashing import entity_rows
from phoenix.training.factorise import Factors


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


def rows_of_factors(hashes: HashParameters, factors: Factors) -> dict[str, np.ndarray]:
    """True for the rows of each table that hold factors."""
    known = {name: np.zeros(getattr(hashes, name).buckets, bool) for name in ("user", "author")}
    known["user"][entity_rows(factors.viewer_ids, hashes.user)] = True
    known["author"][entity_rows(factors.author_ids, hashes.author)] = True
    return known
