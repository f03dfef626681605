"""Weights and tables of one model, held against the shapes that its configuration gives.

Every fault names the file and the key, what was expected and what was found.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from phoenix.array_types import Parameters
from phoenix.bundle import EmbeddingTables, ModelKind
from phoenix.checkpoint_config import CheckpointError
from phoenix.config import HashParameters, ModelConfig
from phoenix.mapped_npz import chunks_of, map_npz
from phoenix.parameter_shapes import ranker_parameter_shapes, retrieval_parameter_shapes

_SCOPES: dict[ModelKind, str] = {
    "ranker": "phoenix_model/",
    "retrieval": "phoenix_retrieval_model/",
}


def read_arrays(path: Path, name: str) -> dict[str, np.ndarray]:
    """Arrays of an .npz, mapped. Raises CheckpointError with `name`."""
    try:
        return map_npz(path)
    except OSError as error:
        raise CheckpointError(f"{name}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CheckpointError(f"{name}: torn or not an .npz file: {error}") from error


def _require(arrays: Mapping[str, np.ndarray], file: str, key: str, expected: tuple[int, ...]):
    if key not in arrays:
        raise CheckpointError(f"{file}: key {key}: expected shape {expected}, found no such key")
    found = arrays[key].shape
    if found != expected:
        raise CheckpointError(f"{file}: key {key}: expected shape {expected}, found {found}")


def require_kind(arrays: Mapping[str, np.ndarray], *, file: str, kind: ModelKind) -> None:
    """Raises CheckpointError when the weights are those of the other model."""
    other: ModelKind = "retrieval" if kind == "ranker" else "ranker"
    if any(key.startswith(_SCOPES[kind]) for key in arrays):
        return
    first = min((key for key in arrays if key.startswith(_SCOPES[other])), default=None)
    if first is not None:
        raise CheckpointError(
            f"{file}: key {first}: expected the weights of the {kind} ({_SCOPES[kind]}...), found "
            f"those of the {other}: are ranker/ and retrieval/ swapped?"
        )


def checked_parameters(
    arrays: Mapping[str, np.ndarray], *, path: Path, file: str, kind: ModelKind, config: ModelConfig
) -> Parameters:
    """Weights in float32. Raises CheckpointError for one absent, misshapen or not finite."""
    shapes = ranker_parameter_shapes if kind == "ranker" else retrieval_parameter_shapes
    for key, expected in shapes(config).items():
        _require(arrays, file, key, expected)
    parameters: dict[str, np.ndarray] = {}
    for key, value in arrays.items():
        if value.dtype.kind not in "fiu":
            raise CheckpointError(f"{file}: key {key}: expected numbers, found {value.dtype}")
        _require_finite(path, file, key, value.shape)
        parameters[key] = np.array(value, np.float32)
    return parameters


def checked_tables(
    arrays: Mapping[str, np.ndarray],
    *,
    path: Path,
    file: str,
    config: ModelConfig,
    hashes: HashParameters,
) -> EmbeddingTables:
    """Tables of users, items and authors, mapped.

    Raises:
      CheckpointError: One is absent, misshapen, of another type, or holds a value that is not
        finite. Each is read through once for that.
    """
    sizes = {"user": hashes.user, "item": hashes.item, "author": hashes.author}
    tables: dict[str, np.ndarray] = {}
    for name, entity in sizes.items():
        key = f"{name}_embeddings"
        _require(arrays, file, key, (entity.buckets, config.embedding_size))
        table = arrays[key]
        if table.dtype != np.float32:
            raise CheckpointError(f"{file}: key {key}: expected float32, found {table.dtype}")
        if not table.flags.c_contiguous:
            raise CheckpointError(f"{file}: key {key}: expected rows in a row, found columns")
        _require_finite(path, file, key, table.shape)
        tables[name] = table
    return EmbeddingTables(**tables)


def _require_finite(path: Path, file: str, key: str, shape: tuple[int, ...]) -> None:
    done = 0
    try:
        for chunk in chunks_of(path, key):
            wrong = np.flatnonzero(~np.isfinite(chunk))
            if wrong.shape[0]:
                place = [int(axis) for axis in np.unravel_index(done + int(wrong[0]), shape)]
                raise CheckpointError(
                    f"{file}: key {key}: expected finite numbers, found {chunk[wrong[0]]} at "
                    f"{place}"
                )
            done += chunk.shape[0]
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"{file}: key {key}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CheckpointError(f"{file}: key {key}: torn: {error}") from error
