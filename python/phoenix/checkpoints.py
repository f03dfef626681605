"""Checkpoint directories: the published layout, with a manifest when they are ours.

python -m phoenix.checkpoints inspect DIR

ranker/, retrieval/   {config.json, model_params.npz, embedding_tables.npz}
manifest.json         ours: flags, hashes of all files, where it comes from
corpus.npz, example_sequence.json   optional, for the run scripts
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from phoenix.bundle import ModelBundle, ModelKind
from phoenix.checkpoint_config import (
    FORMAT_VERSION,
    CheckpointError,
    Manifest,
    ModelFlags,
    Provenance,
    config_from_json,
    config_to_json,
)
from phoenix.checkpoint_reading import (
    MANIFEST,
    MODEL_FILES,
    MODEL_KINDS,
    checked_parameters,
    checked_tables,
    published_flags,
    read_arrays,
    read_json,
    read_manifest,
)
from phoenix.gen.actions import ACTIONS_SHA256

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


def _load_model(directory: Path, kind: ModelKind, manifest: Manifest | None) -> ModelBundle:
    names = {file: f"{kind}/{file}" for file in MODEL_FILES}
    value = read_json(directory / names["config.json"], names["config.json"])
    if manifest is None and value.get("requires_manifest"):
        raise CheckpointError(f"{MANIFEST}: is missing, and {names['config.json']} requires it")
    file = names["model_params.npz"]
    arrays = read_arrays(directory / file, file)
    flags = published_flags(kind, arrays)
    if manifest is not None:
        flags = manifest.ranker if kind == "ranker" else manifest.retrieval
    config, hashes = config_from_json(value, flags, names["config.json"])
    tables_file = names["embedding_tables.npz"]
    return ModelBundle(
        kind=kind,
        config=config,
        parameters=checked_parameters(arrays, file=file, kind=kind, config=config),
        tables=checked_tables(
            read_arrays(directory / tables_file, tables_file),
            file=tables_file,
            config=config,
            hashes=hashes,
        ),
        hashes=hashes,
        neutral_items_after_ms=None if manifest is None else manifest.neutral_items_after_ms,
    )


def _version(directory: Path, manifest: Manifest | None) -> str:
    """Of the manifest, which names every byte; else of the small files and the tables' sizes."""
    digest = hashlib.sha256()
    if manifest is not None:
        digest.update((directory / MANIFEST).read_bytes())
    else:
        for kind in MODEL_KINDS:
            digest.update((directory / kind / "config.json").read_bytes())
            digest.update((directory / kind / "model_params.npz").read_bytes())
            digest.update(str((directory / kind / "embedding_tables.npz").stat().st_size).encode())
    return digest.hexdigest()[:_VERSION_LENGTH]


def load_checkpoint(directory: Path | str) -> Checkpoint:
    """Loads both models of a directory; nothing of it is used when anything is wrong.

    With a manifest, every file's SHA-256 and the hash of actions.json must be as it says.

    Raises:
      CheckpointError: A file is absent, torn, tampered with or does not fit; names the file, and
        for a weight or table its key with expected and found shape.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise CheckpointError(f"{directory}: is not a directory")
    manifest = read_manifest(directory)
    ranker = _load_model(directory, "ranker", manifest)
    retrieval = _load_model(directory, "retrieval", manifest)
    return Checkpoint(directory, ranker, retrieval, manifest, _version(directory, manifest))


def _write_synced(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as an uncompressed .npz, which can be mapped."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """A JSON object as a text file of two-space indents."""
    return (json.dumps(value, indent=2) + "\n").encode()


def _model_files(bundle: ModelBundle) -> dict[str, bytes]:
    tables = bundle.tables
    contents = (
        json_bytes(config_to_json(bundle.config, bundle.hashes)),
        npz_bytes({name: np.asarray(value) for name, value in bundle.parameters.items()}),
        npz_bytes(
            {
                "user_embeddings": tables.user,
                "item_embeddings": tables.item,
                "author_embeddings": tables.author,
            }
        ),
    )
    return {
        f"{bundle.kind}/{name}": content
        for name, content in zip(MODEL_FILES, contents, strict=True)
    }


def save_checkpoint(
    directory: Path | str,
    *,
    ranker: ModelBundle,
    retrieval: ModelBundle,
    provenance: Provenance,
    extra_files: Mapping[str, bytes] | None = None,
) -> Manifest:
    """Writes a checkpoint with its manifest: under a temporary name, fsynced, then renamed.

    A reader sees the old directory or the whole new one. `extra_files` (corpus.npz,
    example_sequence.json, ...) are written and hashed too, by their path from the directory.

    Raises:
      ValueError: The bundles are not a ranker and a retrieval model of the same data range.
    """
    if (ranker.kind, retrieval.kind) != MODEL_KINDS:
        raise ValueError(
            f"expected a ranker and a retrieval model, found {ranker.kind} and {retrieval.kind}"
        )
    if ranker.neutral_items_after_ms != retrieval.neutral_items_after_ms:
        raise ValueError("neutral_items_after_ms differs between ranker and retrieval")
    directory = Path(directory)
    files = _model_files(ranker) | _model_files(retrieval) | dict(extra_files or {})
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        variant="v2" if ranker.config.continuous else "v1",
        ranker=ModelFlags.of(ranker.config),
        retrieval=ModelFlags.of(retrieval.config),
        actions_sha256=ACTIONS_SHA256,
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        provenance=provenance,
        neutral_items_after_ms=ranker.neutral_items_after_ms,
    )
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        temporary.chmod(0o755)
        for name, content in (files | {MANIFEST: json_bytes(manifest.to_json())}).items():
            _write_synced(temporary / name, content)
        for path in [temporary, *(path for path in temporary.rglob("*") if path.is_dir())]:
            _sync_directory(path)
        _replace_directory(temporary, directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


def _replace_directory(source: Path, target: Path) -> None:
    """Renames `source` to `target`. An older target steps aside first and is then removed."""
    if target.exists():
        aside = target.parent / f".{target.name}-old-{os.getpid()}"
        target.rename(aside)
        source.rename(target)
        shutil.rmtree(aside)
    else:
        source.rename(target)
    _sync_directory(target.parent)


def _describe_model(bundle: ModelBundle) -> list[str]:
    config = bundle.config
    weights = sum(int(np.size(value)) for value in bundle.parameters.values())
    tables = bundle.tables
    return [
        f"{bundle.kind}:",
        f"  width {config.embedding_size}, {config.layers} layers, {config.query_heads} query and "
        f"{config.key_value_heads} key-value heads of {config.key_size}",
        f"  history {config.history_length}, candidates {config.candidates_length}, "
        f"actions {config.num_actions}",
        f"  positions {config.positions}, pooling {config.pooling}, "
        f"candidate tower {config.candidate_tower}",
        f"  dwell and age {config.dwell_and_age}, continuous head {config.continuous}, "
        f"log dwell {config.dwell_log_scale}",
        f"  {weights:,} weights; rows: users {len(tables.user):,}, items {len(tables.item):,}, "
        f"authors {len(tables.author):,}",
    ]


def describe_checkpoint(checkpoint: Checkpoint) -> str:
    """Shape, size and metrics, for people."""
    size = sum(path.stat().st_size for path in checkpoint.directory.rglob("*") if path.is_file())
    lines = [f"{checkpoint.directory}  version {checkpoint.version}  {size / 1e6:.1f} MB"]
    lines += _describe_model(checkpoint.ranker) + _describe_model(checkpoint.retrieval)
    manifest = checkpoint.manifest
    if manifest is None:
        return "\n".join([*lines, "no manifest: the published layout"])
    source = manifest.provenance
    first, last = source.data_range_ms
    lines += [
        f"manifest: {len(manifest.files)} files, every SHA-256 as it says",
        f"  git commit {source.git_commit}",
        f"  trained by: {source.training_command}",
        f"  data from {_day(first)} to {_day(last)}, item dropout {source.item_dropout}",
        f"  posts created after {_day(manifest.neutral_items_after_ms)} have no rows of their own",
    ]
    lines += [f"  {name} = {value:.4g}" for name, value in source.metrics.items()]
    return "\n".join(lines)


def _day(time_ms: int | None) -> str:
    if time_ms is None:
        return "never"
    return datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="seconds")


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m phoenix.checkpoints")
    commands = parser.add_subparsers(dest="command", required=True)
    inspect = commands.add_parser("inspect", help="print shape, size and metrics")
    inspect.add_argument("directory", type=Path, metavar="DIR")
    directory: Path = parser.parse_args(arguments).directory
    try:
        print(describe_checkpoint(load_checkpoint(directory)))
    except CheckpointError as error:
        print(f"{directory}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
