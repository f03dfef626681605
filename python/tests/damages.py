"""What can happen to a checkpoint directory, one function a damage."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from phoenix.checkpoint_reading import MANIFEST, file_sha256
from phoenix.checkpoints import npz_bytes

Damage = Callable[[Path], object]


def without(file: str) -> Damage:
    """A file is gone."""
    return lambda directory: (directory / file).unlink()


def emptied(file: str) -> Damage:
    """A file has no bytes."""
    return lambda directory: (directory / file).write_bytes(b"")


def as_directory(file: str) -> Damage:
    """A directory stands where a file should."""

    def damage(directory: Path) -> None:
        (directory / file).unlink()
        (directory / file).mkdir()

    return damage


def cut(file: str) -> Damage:
    """The second half of a file is gone."""

    def damage(directory: Path) -> None:
        content = (directory / file).read_bytes()
        (directory / file).write_bytes(content[: len(content) // 2])

    return damage


def flipped(file: str) -> Damage:
    """One bit in the middle of a file is another."""

    def damage(directory: Path) -> None:
        content = bytearray((directory / file).read_bytes())
        content[len(content) // 2] ^= 1
        (directory / file).write_bytes(content)

    return damage


def with_json(file: str, **changes: Any) -> Damage:
    """Keys of a JSON file have other values; None: they are gone."""

    def damage(directory: Path) -> None:
        value = json.loads((directory / file).read_text()) | changes
        kept = {key: item for key, item in value.items() if item is not None}
        (directory / file).write_text(json.dumps(kept))

    return damage


def with_array(file: str, key: str, change: Callable[[np.ndarray], np.ndarray | None]) -> Damage:
    """An array of an .npz is another one; None: it is gone."""

    def damage(directory: Path) -> None:
        with np.load(directory / file) as archive:
            arrays = {name: archive[name] for name in archive.files}
        arrays[key] = change(arrays[key].copy())
        kept = {name: value for name, value in arrays.items() if value is not None}
        (directory / file).write_bytes(npz_bytes(kept))

    return damage


def set_at(place: tuple[int, ...], value: float) -> Callable[[np.ndarray], np.ndarray]:
    """One cell has another value."""

    def change(array: np.ndarray) -> np.ndarray:
        array[place] = value
        return array

    return change


def swapped(directory: Path) -> None:
    """The two models stand in each other's place."""
    (directory / "ranker").rename(directory / "aside")
    (directory / "retrieval").rename(directory / "ranker")
    (directory / "aside").rename(directory / "retrieval")


def with_right_hash(damage: Damage, file: str) -> Damage:
    """The manifest agrees with the damage."""

    def damage_both(directory: Path) -> None:
        damage(directory)
        manifest = json.loads((directory / MANIFEST).read_text())
        manifest["files"][file] = file_sha256(directory / file)
        (directory / MANIFEST).write_text(json.dumps(manifest))

    return damage_both
