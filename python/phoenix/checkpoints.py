"""Checkpoint directories: the published layout, with a manifest when they are ours.

python -m phoenix.checkpoints inspect DIR
python -m phoenix.checkpoints verify DIR
python -m phoenix.checkpoints install SOURCE TARGET

ranker/, retrieval/   {config.json, model_params.npz, embedding_tables.npz}
manifest.json         ours: flags, hashes of all files, where it comes from, a sample to reproduce
corpus.npz, example_sequence.json   optional, for the run scripts
"""

import argparse
import contextlib
import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phoenix.atomic_directory import replacing_directory
from phoenix.bundle import ModelBundle
from phoenix.canary import check_ranker, check_retrieval, record_sample
from phoenix.canary_sample import SampleRequest, made_up_requests
from phoenix.checkpoint_config import (
    FORMAT_VERSION,
    CheckpointError,
    Manifest,
    ModelFlags,
    Provenance,
    config_to_json,
)
from phoenix.checkpoint_description import describe_checkpoint
from phoenix.checkpoint_reading import (
    MANIFEST,
    MODEL_FILES,
    MODEL_KINDS,
    REQUIRED_FILES,
    Checkpoint,
    file_sha256,
    load_checkpoint,
)
from phoenix.gen.actions import ACTIONS_SHA256
from phoenix.inference import InferenceEngine

# What the published layout may have beside the models.
_OPTIONAL_SUFFIXES = (".npz", ".json")


@dataclass(frozen=True)
class CanaryInputs:
    """What a manifest keeps of the data, so that a service can tell whether the model is sane."""

    # Real viewers and posts, a few. Their histories hold nothing later than their requests.
    requests: Sequence[SampleRequest]
    # How often people did each action, by its name in actions.json.
    base_rates: Mapping[str, float]


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as an uncompressed .npz, which can be mapped."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """A JSON object as a text file of two-space indents."""
    return (json.dumps(value, indent=2) + "\n").encode()


def _manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest for people to read: a line a field, and a line a request of the sample."""
    value = manifest.to_json()
    requests = [json.dumps(request) for request in value.pop("sample") or []]
    head = json.dumps(value, indent=2).removesuffix("\n}")
    lines = ",\n    ".join(requests)
    return f'{head},\n  "sample": [\n    {lines}\n  ]\n}}\n'.encode()


def _write_model(directory: Path, bundle: ModelBundle) -> None:
    """The three files of a model. Tables go from array to disk, with no copy in memory."""
    directory.mkdir()
    tables = bundle.tables
    config_file, weights_file, tables_file = (directory / name for name in MODEL_FILES)
    config_file.write_bytes(json_bytes(config_to_json(bundle.config, bundle.hashes)))
    weights = {name: np.asarray(value) for name, value in bundle.parameters.items()}
    np.savez(weights_file, allow_pickle=False, **weights)
    np.savez(
        tables_file,
        allow_pickle=False,
        user_embeddings=tables.user,
        item_embeddings=tables.item,
        author_embeddings=tables.author,
    )


@contextlib.contextmanager
def _replacing_checkpoint(target: Path) -> Iterator[Path]:
    try:
        with replacing_directory(target) as temporary:
            yield temporary
    except OSError as error:
        raise CheckpointError(
            f"{target}: could not be written ({error.strerror}): what was there is as it was"
        ) from error


def save_checkpoint(
    directory: Path | str,
    *,
    ranker: ModelBundle,
    retrieval: ModelBundle,
    provenance: Provenance,
    extra_files: Mapping[str, bytes] | None = None,
    canary: CanaryInputs | None = None,
) -> Manifest:
    """Writes a checkpoint with its manifest: under a temporary name, fsynced, then renamed.

    A reader sees the old directory or the whole new one. `extra_files` (corpus.npz,
    example_sequence.json, ...) are written and hashed too, by their path from the directory.
    Without `canary` the sample's requests are made up, and there are no base rates.

    Raises:
      ValueError: The bundles are not a ranker and a retrieval model of the same data range.
      CheckpointError: What the models answer to the sample cannot be served, or the directory
        cannot be written (a full disk); what was there is as it was.
    """
    if (ranker.kind, retrieval.kind) != MODEL_KINDS:
        raise ValueError(
            f"expected a ranker and a retrieval model, found {ranker.kind} and {retrieval.kind}"
        )
    if ranker.neutral_items_after_ms != retrieval.neutral_items_after_ms:
        raise ValueError("neutral_items_after_ms differs between ranker and retrieval")
    requests = made_up_requests(provenance.data_range_ms[1]) if canary is None else canary.requests
    sample = record_sample(ranker, retrieval, requests)
    with _replacing_checkpoint(Path(directory)) as temporary:
        for bundle in (ranker, retrieval):
            _write_model(temporary / bundle.kind, bundle)
        for name, content in (extra_files or {}).items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_bytes(content)
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            variant="v2" if ranker.config.continuous else "v1",
            ranker=ModelFlags.of(ranker.config),
            retrieval=ModelFlags.of(retrieval.config),
            actions_sha256=ACTIONS_SHA256,
            files={
                name: file_sha256(temporary / name)
                for name in (*REQUIRED_FILES, *(extra_files or {}))
            },
            provenance=provenance,
            neutral_items_after_ms=ranker.neutral_items_after_ms,
            base_rates=None if canary is None else canary.base_rates,
            sample=sample,
        )
        (temporary / MANIFEST).write_bytes(_manifest_bytes(manifest))
        # Read back: what no service would load must not take the place of what they do.
        load_checkpoint(temporary)
    return manifest


def verify_checkpoint(directory: Path | str) -> Checkpoint:
    """Loads a checkpoint and asks both models its sample, as a service does before it serves.

    Raises:
      CheckpointError, ValueError: A service would refuse it; the message is the service's.
    """
    checkpoint = load_checkpoint(directory)
    check_ranker(InferenceEngine(checkpoint.ranker), checkpoint.manifest)
    check_retrieval(InferenceEngine(checkpoint.retrieval), checkpoint.manifest)
    return checkpoint


def _files_of(checkpoint: Checkpoint) -> list[str]:
    if checkpoint.manifest is not None:
        return [*checkpoint.manifest.files, MANIFEST]
    beside = [
        path.name
        for path in checkpoint.directory.iterdir()
        if path.suffix in _OPTIONAL_SUFFIXES and path.is_file()
    ]
    return [*REQUIRED_FILES, *beside]


def install_checkpoint(source: Path | str, target: Path | str) -> Checkpoint:
    """Copies a checkpoint into the place of another, verified there before it takes the place.

    Raises:
      CheckpointError, ValueError: It cannot be used or not be written; `target` is as it was.
    """
    source, target = Path(source), Path(target)
    names = _files_of(load_checkpoint(source))
    with _replacing_checkpoint(target) as temporary:
        for name in names:
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, temporary / name)
        # The copy and not the source: it is what will be served.
        verify_checkpoint(temporary)
    return load_checkpoint(target)


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m phoenix.checkpoints")
    commands = parser.add_subparsers(dest="command", required=True)
    inspect = commands.add_parser("inspect", help="print shape, size and metrics")
    verify = commands.add_parser("verify", help="check all that a service checks before it serves")
    install = commands.add_parser(
        "install", help="put a verified copy of SOURCE in the place of TARGET, in one step"
    )
    for command in (inspect, verify):
        command.add_argument("directory", type=Path, metavar="DIR")
    install.add_argument("directory", type=Path, metavar="SOURCE")
    install.add_argument("target", type=Path, metavar="TARGET")
    options = parser.parse_args(arguments)
    directory: Path = options.directory
    try:
        if options.command == "inspect":
            print(describe_checkpoint(load_checkpoint(directory)))
        elif options.command == "verify":
            print(f"{directory}: version {verify_checkpoint(directory).version} can be served")
        else:
            installed = install_checkpoint(directory, options.target)
            print(f"{options.target}: holds version {installed.version}")
    except (ValueError, OSError) as error:
        message = str(error)
        paths = (f"{directory}: ", f"{getattr(options, 'target', directory)}: ")
        print(message if message.startswith(paths) else paths[0] + message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
