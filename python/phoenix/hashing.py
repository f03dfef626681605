"""Ids to rows of embedding tables, whole arrays at a time."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Int, Integer

from phoenix.config import EntityHash, HashParameters

# Rows in front of the three tables when they are laid one after the other.
RESERVED_ROWS = 65

Entity = Literal["user", "item", "author"]


def _wrapped(values: Sequence[int]) -> Int[np.ndarray, " h"]:
    """Integers of any size as signed 64-bit, modulo 2^64."""
    return np.array([value & 0xFFFF_FFFF_FFFF_FFFF for value in values], np.uint64).view(np.int64)


def hash_rows(
    ids: Integer[np.ndarray, "*ids"],
    *,
    scales: Sequence[int],
    biases: Sequence[int],
    modulus: int,
    buckets: int,
) -> Int[np.ndarray, "*ids h"]:
    """Rows of a table of `buckets` rows, one column a hash; id 0 is row 0 in every column.

    row_j = ((id * scales[j] + biases[j]) mod modulus) mod (buckets - 1) + 1, where product and sum
    wrap in signed 64-bit arithmetic and mod is never negative.

    Source: the published Phoenix release; constants come with the checkpoint.
    """
    signed = np.ascontiguousarray(ids).astype(np.uint64, copy=False).view(np.int64)
    signed = signed.reshape(*ids.shape, 1)
    with np.errstate(over="ignore"):
        mixed = signed * _wrapped(scales) + _wrapped(biases)
    rows = np.mod(np.mod(mixed, np.int64(modulus)), np.int64(buckets - 1)) + 1
    return np.where(signed == 0, np.int64(0), rows)


def entity_rows(
    ids: Integer[np.ndarray, "*ids"], entity_hash: EntityHash
) -> Int[np.ndarray, "*ids h"]:
    """`hash_rows` with the constants of one entity."""
    return hash_rows(
        ids,
        scales=entity_hash.scales,
        biases=entity_hash.biases,
        modulus=entity_hash.modulus,
        buckets=entity_hash.buckets,
    )


def unified_rows(
    rows: Int[np.ndarray, "*rows"], entity: Entity, hashes: HashParameters
) -> Int[np.ndarray, "*rows"]:
    """Row numbers in the published single table: user, item, author behind 65 reserved rows.

    Row 0 (padding) stays 0.
    """
    offset = RESERVED_ROWS
    if entity != "user":
        offset += hashes.user.buckets
    if entity == "author":
        offset += hashes.item.buckets
    return np.where(rows == 0, rows, rows + offset)
