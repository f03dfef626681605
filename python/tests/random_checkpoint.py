"""A checkpoint directory with random weights, for tests that start services."""

import atexit
import dataclasses
import functools
import shutil
import tempfile
from pathlib import Path

from phoenix.checkpoint_config import Provenance
from phoenix.checkpoints import save_checkpoint
from tests.random_models import random_bundle, retrieval_config, small_config

# The end of the random model's data range, ms since 1970: posts after it are new to it.
DATA_END_MS = 1_700_000_000_000


def save_random_checkpoint(directory: Path, seed: int = 0, **changes: object) -> None:
    """Writes a small model of our own kind: history 12, width 16, manifest; or with changes."""
    save_checkpoint(
        directory,
        ranker=dataclasses.replace(
            random_bundle("ranker", small_config(**changes), seed),
            neutral_items_after_ms=DATA_END_MS,
        ),
        retrieval=dataclasses.replace(
            random_bundle("retrieval", retrieval_config(**changes), seed),
            neutral_items_after_ms=DATA_END_MS,
        ),
        provenance=Provenance(
            git_commit="0" * 40,
            training_command="tests.random_checkpoint",
            data_range_ms=(DATA_END_MS - 1_000, DATA_END_MS),
            item_dropout=0.3,
            metrics={},
        ),
    )


@functools.cache
def shared_folder() -> Path:
    """A folder for the whole test run, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="homefeed-services-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def shared_checkpoint() -> Path:
    """One random checkpoint for the whole test run."""
    directory = shared_folder() / "checkpoint"
    save_random_checkpoint(directory)
    return directory
