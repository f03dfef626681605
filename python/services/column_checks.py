"""Checks of a request's columns. What they refuse, they name: field, row, and what it may be."""

from collections.abc import Callable, Collection, Iterable, Sized

import numpy as np
from jaxtyping import Bool, Float, Int

from phoenix.gen.actions import DISCRETE_COUNT

# From a plain field's name and a row to how the request at hand writes it.
FieldName = Callable[[str, int], str]

_PACKED_NAMES = {
    "post_id": "post_ids",
    "author_id": "author_ids",
    "surface": "surfaces",
    "dwell_ms": "dwell_seconds",
}


class InvalidRequestError(ValueError):
    """A request that no retry can save; the message names the field and what it may be."""


def plain_name(messages: str) -> FieldName:
    """Names in a list of messages: `candidates[3].post_id`."""
    return lambda field, row: f"{messages}[{row}].{field}"


def packed_name(columns: str) -> FieldName:
    """Names in a message of columns: `packed_candidates.post_ids[3]`."""
    return lambda field, row: f"{columns}.{_PACKED_NAMES.get(field, field)}[{row}]"


def _first(is_wrong: Bool[np.ndarray, " n"]) -> int | None:
    rows = np.flatnonzero(is_wrong)
    return int(rows[0]) if rows.shape[0] else None


def require_id(value: int, field: str) -> None:
    """Raises InvalidRequestError for an id below 1."""
    if value < 1:
        raise InvalidRequestError(f"{field} must be 1 or more, found {value}")


def require_ids(column: Int[np.ndarray, " n"], field: str, name: FieldName) -> None:
    """Raises InvalidRequestError for the first id below 1."""
    row = _first(column < 1)
    if row is not None:
        require_id(int(column[row]), name(field, row))


def require_times(column: Int[np.ndarray, " n"], field: str, name: FieldName) -> None:
    """Raises InvalidRequestError for the first time before 1970."""
    row = _first(column < 0)
    if row is not None:
        raise InvalidRequestError(
            f"{name(field, row)} must be 0 (unknown) or more, found {column[row]}"
        )


def require_surfaces(column: Int[np.ndarray, " n"], count: int, name: FieldName) -> None:
    """Raises InvalidRequestError for the first surface that the model has no row for."""
    row = _first((column < 0) | (column >= count))
    if row is not None:
        raise InvalidRequestError(
            f"{name('surface', row)} must be 0 to {count - 1}, found {column[row]}"
        )


def require_dwell(seconds: Float[np.ndarray, " n"], name: FieldName) -> None:
    """Raises InvalidRequestError for the first dwell time that is negative or not a number."""
    row = _first(~(seconds >= 0))
    if row is not None:
        raise InvalidRequestError(f"{name('dwell_ms', row)} must be 0 (none) or more")


def require_length(column: Sized, expected: int, field: str) -> None:
    """Raises InvalidRequestError when a column has another length than the ids."""
    if len(column) != expected:
        raise InvalidRequestError(f"{field} must have {expected} entries, found {len(column)}")


def to_integers(values: Iterable[int], count: int) -> Int[np.ndarray, " n"]:
    """`count` numbers as a column."""
    return np.fromiter(values, np.int64, count)


def optional_integers(column: Collection[int], count: int, field: str) -> Int[np.ndarray, " n"]:
    """A column that may be left out: then all 0. Raises InvalidRequestError for its length."""
    if len(column) == 0:
        return np.zeros(count, np.int64)
    require_length(column, count, field)
    return to_integers(column, count)


def to_multi_hot(cells: bytes, count: int, field: str) -> Float[np.ndarray, "n v"]:
    """[count x 18] of zeros and ones. Raises InvalidRequestError for length or value."""
    require_length(cells, count * DISCRETE_COUNT, field)
    values = np.frombuffer(cells, np.uint8)
    cell = _first(values > 1)
    if cell is not None:
        raise InvalidRequestError(f"{field}[{cell}] must be 0 or 1, found {values[cell]}")
    return values.reshape(count, DISCRETE_COUNT).astype(np.float32)
