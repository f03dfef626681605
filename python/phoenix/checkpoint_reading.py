"""Reads a checkpoint directory, and believes nothing of it that it has not checked."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from phoenix.bundle import ModelBundle, ModelKind
from phoenix.checked_arrays import checked_parameters, checked_tables, read_arrays, require_kind
from phoenix.checkpoint_config import CheckpointError, Manifest, ModelFlags, config_from_json
from phoenix.gen.actions import ACTIONS_SHA256
from phoenix.mapped_npz import member_checksums

MANIFEST = "manifest.json"
MODEL_KINDS: tuple[ModelKind, ...] = ("ranker", "retrieval")
MODEL_FILES = ("config.json", "model_params.npz", "embedding_tables.npz")
REQUIRED_FILES = tuple(f"{kind}/{file}" for kind in MODEL_KINDS for file in MODEL_FILES)
# Presence of these weights tells v2's ranker from v1's.
_DWELL_WEIGHT = "phoenix_model/history_dwell_time_proj1"
_CONTINUOUS_WEIGHT = "phoenix_model/continuous_unembeddings"
_VERSION_LENGTH = 12


@dataclass(frozen=True)
class Checkpoint:
    """Both models of a directory, tables mapped from disk."""

    directory: Path
    ranker: ModelBundle
    retrieval: ModelBundle
    # None for the published layout.
    manifest: Manifest | None
    # Short and unique to the contents: the first hexadecimal digits of a SHA-256.
    version: str


# Which directory and files stand at a path: device, inode, size and time of change of each.
Identity = tuple[tuple[str, int, int, int, int], ...]


def checkpoint_identity(directory: Path) -> Identity | None:
    """Changes when a checkpoint is replaced or touched; None where there is no directory. Cheap."""
    found = []
    for name in (".", MANIFEST, *REQUIRED_FILES):
        try:
            status = os.stat(directory / name)
        except OSError:
            continue
        found.append((name, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    # A file at the path, or nothing that may be looked at, has no "." in it.
    return tuple(found) if found and found[0][0] == "." else None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except OSError as error:
        raise CheckpointError(f"{name}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CheckpointError(f"{name}: is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{name}: expected a JSON object, found {type(value).__name__}")
    return value


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest, every file checked against it; None without one.

    Raises:
      CheckpointError: Another actions.json, or a file that is missing or has another SHA-256.
    """
    path = directory / MANIFEST
    if not path.exists():
        return None
    manifest = Manifest.from_json(_read_json(path, MANIFEST))
    if manifest.actions_sha256 != ACTIONS_SHA256:
        raise CheckpointError(
            f"{MANIFEST}: key actions_sha256: trained on another actions.json: expected "
            f"{ACTIONS_SHA256}, found {manifest.actions_sha256}"
        )
    for name in REQUIRED_FILES:
        if name not in manifest.files:
            raise CheckpointError(f"{MANIFEST}: files does not list {name}")
    for name, expected in manifest.files.items():
        # A manifest is data from elsewhere: it may not make us read what lies outside.
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise CheckpointError(f"{MANIFEST}: files: {name} is not below the directory")
        try:
            found = file_sha256(directory / name)
        except FileNotFoundError as error:
            raise CheckpointError(f"{name}: is missing") from error
        except OSError as error:
            raise CheckpointError(f"{name}: cannot be read: {error.strerror}") from error
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


def _load_model(directory: Path, kind: ModelKind, manifest: Manifest | None) -> ModelBundle:
    config_file, weights_file, tables_file = (f"{kind}/{file}" for file in MODEL_FILES)
    value = _read_json(directory / config_file, config_file)
    if manifest is None and value.get("requires_manifest"):
        raise CheckpointError(f"{MANIFEST}: is missing, and {config_file} requires it")
    weights = read_arrays(directory / weights_file, weights_file)
    require_kind(weights, file=weights_file, kind=kind)
    flags = published_flags(kind, weights)
    if manifest is not None:
        flags = manifest.ranker if kind == "ranker" else manifest.retrieval
    config, hashes = config_from_json(value, flags, config_file)
    return ModelBundle(
        kind=kind,
        config=config,
        parameters=checked_parameters(
            weights, path=directory / weights_file, file=weights_file, kind=kind, config=config
        ),
        tables=checked_tables(
            read_arrays(directory / tables_file, tables_file),
            path=directory / tables_file,
            file=tables_file,
            config=config,
            hashes=hashes,
        ),
        hashes=hashes,
        neutral_items_after_ms=None if manifest is None else manifest.neutral_items_after_ms,
    )


def _version(directory: Path, manifest: Manifest | None) -> str:
    """Of the manifest, which names every byte; else of small files and tables' checksums."""
    digest = hashlib.sha256()
    if manifest is not None:
        digest.update((directory / MANIFEST).read_bytes())
    else:
        for kind in MODEL_KINDS:
            digest.update((directory / kind / "config.json").read_bytes())
            digest.update((directory / kind / "model_params.npz").read_bytes())
            checksums = member_checksums(directory / kind / "embedding_tables.npz")
            digest.update(json.dumps(checksums).encode())
    return digest.hexdigest()[:_VERSION_LENGTH]


def load_checkpoint(directory: Path | str) -> Checkpoint:
    """Loads both models of a directory; nothing of it is used when anything is wrong.

    With a manifest, every file's SHA-256 and the hash of actions.json must be as it says; without
    one, the checksums of the archives hold.

    Raises:
      CheckpointError: A file is absent, torn, tampered with or does not fit; names the file, and
        for a weight or table its key with expected and found shape. Or the directory was replaced
        meanwhile: then the next call loads what is there now.
    """
    directory = Path(directory)
    identity = checkpoint_identity(directory)
    if identity is None:
        raise CheckpointError(f"{directory}: is not a directory")
    manifest = read_manifest(directory)
    ranker = _load_model(directory, "ranker", manifest)
    retrieval = _load_model(directory, "retrieval", manifest)
    try:
        version = _version(directory, manifest)
    except OSError as error:
        raise CheckpointError(f"{directory}: went away while it was read: {error}") from error
    # Files are opened by name, one after the other: half of them might be another checkpoint's.
    if checkpoint_identity(directory) != identity:
        raise CheckpointError(f"{directory}: was changed while it was read; load it again")
    return Checkpoint(directory, ranker, retrieval, manifest, version)
