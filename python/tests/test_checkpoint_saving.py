"""Killed, out of room, read meanwhile: at a checkpoint's path stands a whole one, always."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from phoenix.atomic_directory import exchange_by_renaming, replacing_directory
from phoenix.checkpoint_reading import MANIFEST, REQUIRED_FILES
from phoenix.checkpoints import install_checkpoint, load_checkpoint, main
from tests.damages import cut
from tests.random_checkpoint import save_random_checkpoint

PYTHON_ROOT = Path(__file__).resolve().parents[1]
# Replaces a directory by copies of two others in turn, for ever.
REPLACE_FOR_EVER = """
import itertools, pathlib, shutil, sys
from phoenix.atomic_directory import exchange_by_renaming, replacing_directory
target, *sources = map(pathlib.Path, sys.argv[1:])
for source in itertools.cycle(sources):
    with replacing_directory(target) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True)
"""
SAVE_FOR_EVER = """
import itertools, pathlib, sys
from tests.random_checkpoint import save_random_checkpoint
for seed in itertools.cycle((1, 2)):
    save_random_checkpoint(pathlib.Path(sys.argv[1]), seed)
"""
# Root may read everything, so that it has to become somebody else.
READ_AS_NOBODY = """
import os, pathlib, sys
from phoenix.checkpoint_reading import read_manifest
if os.geteuid() == 0:
    os.seteuid(65_534)
read_manifest(pathlib.Path(sys.argv[1]))
"""
# No file may grow beyond so many bytes: writing fails as it does on a full disk.
SAVE_WITHOUT_ROOM = """
import pathlib, resource, sys
from tests.random_checkpoint import save_random_checkpoint
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    save_random_checkpoint(pathlib.Path(sys.argv[1]), 2)
except ValueError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two checkpoints."""
    folder = tmp_path_factory.mktemp("two")
    for name, seed in (("first", 1), ("second", 2)):
        save_random_checkpoint(folder / name, seed)
    return folder / "first", folder / "second"


@contextlib.contextmanager
def _child(script: str, *arguments: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does not end by itself; killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=PYTHON_ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _litter(target: Path) -> list[str]:
    return [path.name for path in target.parent.iterdir() if path.name.startswith(".")]


def _await_litter(target: Path, process: "subprocess.Popen[bytes]") -> None:
    while not _litter(target):
        assert process.poll() is None


@pytest.mark.parametrize("kills", [12])
def test_whoever_is_killed_while_replacing_leaves_a_whole_directory(
    tmp_path: Path, two: tuple[Path, Path], kills: int
) -> None:
    target = tmp_path / "served"
    versions = {load_checkpoint(path).version for path in two}
    install_checkpoint(two[0], target)
    for kill in range(kills):
        with _child(REPLACE_FOR_EVER, target, *two) as process:
            _await_litter(target, process)
            # Somewhere in the first or a later writing: another moment each time.
            time.sleep(kill * 0.003)
        assert load_checkpoint(target).version in versions
    # What the killed ones left goes with the next one that is not.
    with replacing_directory(target) as temporary:
        (temporary / "file").write_text("")
    assert _litter(target) == []


def test_a_checkpoint_outlives_the_one_who_saves_it(tmp_path: Path, two: tuple[Path, Path]) -> None:
    target = tmp_path / "served"
    install_checkpoint(two[0], target)
    with _child(SAVE_FOR_EVER, target) as process:
        _await_litter(target, process)
    assert load_checkpoint(target).version in {load_checkpoint(path).version for path in two}
    save_random_checkpoint(target, 2)
    assert load_checkpoint(target).version == load_checkpoint(two[1]).version
    assert _litter(target) == []


def test_readers_find_a_directory_at_every_moment(tmp_path: Path, two: tuple[Path, Path]) -> None:
    target = tmp_path / "served"
    install_checkpoint(two[0], target)
    manifests = {(path / MANIFEST).read_bytes() for path in two}
    seen: set[bytes] = set()
    with _child(REPLACE_FOR_EVER, target, *two) as process:
        reads = 0
        while reads < 2_000 or seen != manifests:
            assert process.poll() is None
            seen.add((target / MANIFEST).read_bytes())
            reads += 1
    assert seen == manifests


def _require_untouched(target: Path, version: str) -> None:
    assert load_checkpoint(target).version == version
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("bytes_max", [0, 1_000, 20_000])
def test_no_room_while_saving_is_one_sentence(
    tmp_path: Path, two: tuple[Path, Path], bytes_max: int
) -> None:
    target = tmp_path / "served"
    version = install_checkpoint(two[0], target).version
    done = subprocess.run(
        [sys.executable, "-c", SAVE_WITHOUT_ROOM, target, str(bytes_max)],
        cwd=PYTHON_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"{target}: could not be written (File too large): what was there is as it was\n"
    )
    _require_untouched(target, version)


@pytest.fixture
def small_disk(tmp_path: Path, two: tuple[Path, Path]) -> Iterator[Path]:
    """A file system with room for one checkpoint and a half."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = sum(path.stat().st_size for path in two[0].rglob("*") if path.is_file())
    mount = ["mount", "-t", "tmpfs", "-o", f"size={int(size * 1.5)}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root; the limit on files is tested above")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_while_installing_is_one_sentence(
    small_disk: Path, two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    target = small_disk / "served"
    version = install_checkpoint(two[0], target).version
    assert main(["install", str(two[1]), str(target)]) == 1
    assert capsys.readouterr().err == (
        f"{target}: could not be written (No space left on device): what was there is as it was\n"
    )
    _require_untouched(target, version)


def test_without_an_exchange_a_crash_between_two_renames_is_mended(
    tmp_path: Path, two: tuple[Path, Path]
) -> None:
    target, other = tmp_path / "served", tmp_path / "other"
    first, second = (load_checkpoint(path).version for path in two)
    install_checkpoint(two[0], target)
    install_checkpoint(two[1], other)
    exchange_by_renaming(other, target)
    assert load_checkpoint(target).version == second
    assert load_checkpoint(other).version == first
    # As after a crash of a process that is gone: the old one aside, nothing in its place.
    with _child("import time; time.sleep(600)") as process:
        gone = f"{socket.gethostname()}-{process.pid}"
    target.rename(tmp_path / f".served.writing-{gone}-x-old")
    with pytest.raises(ValueError, match="torn"), replacing_directory(target):
        raise ValueError("torn")
    assert load_checkpoint(target).version == second
    assert _litter(target) == []


def test_a_link_stays_and_what_it_points_to_is_replaced(
    tmp_path: Path, two: tuple[Path, Path]
) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    install_checkpoint(two[0], real)
    link.symlink_to(real)
    install_checkpoint(two[1], link)
    assert link.is_symlink()
    assert load_checkpoint(real).version == load_checkpoint(two[1]).version


def test_a_file_in_the_place_is_left_alone(
    tmp_path: Path, two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "served").write_text("mine")
    assert main(["install", str(two[0]), str(tmp_path / "served")]) == 1
    assert "could not be written (Not a directory)" in capsys.readouterr().err
    assert (tmp_path / "served").read_text() == "mine"


def test_what_may_not_be_read_is_named(two: tuple[Path, Path]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        shutil.copytree(two[0], folder / "served")
        (folder / "served" / "ranker" / "model_params.npz").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", READ_AS_NOBODY, folder / "served"],
            cwd=PYTHON_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        shutil.rmtree(folder)
    assert done.stderr.endswith(
        "CheckpointError: ranker/model_params.npz: cannot be read: Permission denied\n"
    )


def test_install_copies_what_it_verified(
    tmp_path: Path, two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "new" / "served"
    assert main(["install", str(two[0]), str(target)]) == 0
    assert load_checkpoint(target).version in capsys.readouterr().out
    (target / "stray").write_text("not ours")
    assert main(["install", str(two[1]), str(target)]) == 0
    found = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert found == {*REQUIRED_FILES, MANIFEST}
    version = load_checkpoint(target).version
    assert version == load_checkpoint(two[1]).version
    damaged = tmp_path / "damaged"
    install_checkpoint(two[0], damaged)
    cut("ranker/model_params.npz")(damaged)
    capsys.readouterr()
    assert main(["install", str(damaged), str(target)]) == 1
    assert "ranker/model_params.npz: SHA-256 is" in capsys.readouterr().err
    assert load_checkpoint(target).version == version


def test_the_published_layout_is_installed_with_its_corpus(tmp_path: Path) -> None:
    published = PYTHON_ROOT.parent / "test" / "golden" / "published"
    installed = install_checkpoint(published, tmp_path / "served")
    assert installed.manifest is None
    assert (tmp_path / "served" / "sports_corpus.npz").is_file()
    assert (tmp_path / "served" / "example_sequence.json").is_file()
