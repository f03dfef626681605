"""Reads the files of a checkpoint directory and checks each against what it must be."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from phoenix.array_types import Parameters
from phoenix.bundle import EmbeddingTables, ModelKind
from phoenix.checkpoint_config import CheckpointError, Manifest, ModelFlags
from phoenix.config import HashParameters, ModelConfig
from phoenix.gen.actions import ACTIONS_SHA256
from phoenix.mapped_npz import map_npz
from phoenix.parameter_shapes import ranker_parameter_shapes, retrieval_parameter_shapes

MANIFEST = "manifest.json"
MODEL_KINDS: tuple[ModelKind, ...] = ("ranker", "retrieval")
MODEL_FILES = ("config.json", "model_params.npz", "embedding_tables.npz")
# Presence of these weights tells v2's ranker from v1's.
_DWELL_WEIGHT = "phoenix_model/history_dwell_time_proj1"
_CONTINUOUS_WEIGHT = "phoenix_model/continuous_unembeddings"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path, name: str) -> dict[str, Any]:
    """A JSON object. Raises CheckpointError with `name`."""
    try:
        value = json.loads(path.read_text())
    except OSError as error:
        raise CheckpointError(f"{name}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CheckpointError(f"{name}: is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{name}: must be a JSON object")
    return value


def read_arrays(path: Path, name: str) -> dict[str, np.ndarray]:
    """Arrays of an .npz, mapped. Raises CheckpointError with `name`."""
    try:
        return map_npz(path)
    except OSError as error:
        raise CheckpointError(f"{name}: cannot be read: {error}") from error
    except (ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{name}: torn or not an .npz file: {error}") from error


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest, every file checked against it; None without one.

    Raises:
      CheckpointError: Another actions.json, or a file that is missing or has another SHA-256.
    """
    path = directory / MANIFEST
    if not path.exists():
        return None
    manifest = Manifest.from_json(read_json(path, MANIFEST))
    if manifest.actions_sha256 != ACTIONS_SHA256:
        raise CheckpointError(
            f"{MANIFEST}: trained on another actions.json: its SHA-256 is "
            f"{manifest.actions_sha256}, ours {ACTIONS_SHA256}"
        )
    for kind in MODEL_KINDS:
        for file in MODEL_FILES:
            if f"{kind}/{file}" not in manifest.files:
                raise CheckpointError(f"{MANIFEST}: files does not list {kind}/{file}")
    for name, expected in manifest.files.items():
        if not (directory / name).is_file():
            raise CheckpointError(f"{name}: is missing")
        found = file_sha256(directory / name)
        if found != expected:
            raise CheckpointError(f"{name}: SHA-256 is {found}, {MANIFEST} says {expected}")
    return manifest


def published_flags(kind: ModelKind, parameters: Mapping[str, np.ndarray]) -> ModelFlags:
    """What the published releases fix outside their files."""
    return ModelFlags(
        positions="slot",
        pooling="mean",
        candidate_tower="mlp",
        dwell_and_age=kind == "ranker" and _DWELL_WEIGHT in parameters,
        continuous=kind == "ranker" and _CONTINUOUS_WEIGHT in parameters,
        dwell_log_scale=False,
    )


def _check_shape(file: str, key: str, *, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found != expected:
        raise CheckpointError(f"{file}: key {key}: expected shape {expected}, found {found}")


def checked_parameters(
    arrays: Mapping[str, np.ndarray], *, file: str, kind: ModelKind, config: ModelConfig
) -> Parameters:
    """Weights in float32. Raises CheckpointError for one absent, misshapen or not finite."""
    shapes = ranker_parameter_shapes if kind == "ranker" else retrieval_parameter_shapes
    for key, expected in shapes(config).items():
        if key not in arrays:
            raise CheckpointError(
                f"{file}: key {key}: expected shape {expected}, found no such key"
            )
        _check_shape(file, key, found=arrays[key].shape, expected=expected)
    parameters: dict[str, np.ndarray] = {}
    for key, value in arrays.items():
        parameters[key] = np.array(value, np.float32)
        if not np.isfinite(parameters[key]).all():
            raise CheckpointError(f"{file}: key {key}: holds values that are not finite")
    return parameters


def checked_tables(
    arrays: Mapping[str, np.ndarray], *, file: str, config: ModelConfig, hashes: HashParameters
) -> EmbeddingTables:
    """Tables of users, items and authors. Raises CheckpointError for one absent or misshapen."""
    sizes = {"user": hashes.user, "item": hashes.item, "author": hashes.author}
    tables: dict[str, np.ndarray] = {}
    for name, entity in sizes.items():
        key = f"{name}_embeddings"
        expected = (entity.buckets, config.embedding_size)
        if key not in arrays:
            raise CheckpointError(
                f"{file}: key {key}: expected shape {expected}, found no such key"
            )
        _check_shape(file, key, found=arrays[key].shape, expected=expected)
        if arrays[key].dtype != np.float32:
            raise CheckpointError(f"{file}: key {key}: expected float32, found {arrays[key].dtype}")
        tables[name] = arrays[key]
    return EmbeddingTables(**tables)
