"""A directory that is there as a whole or not at all, whatever happens while it is written."""

import contextlib
import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Of Linux' renameat2.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_running(process_id: str) -> bool:
    return Path("/proc", process_id).is_dir()


def _remove_litter(target: Path) -> None:
    """What a process left that was killed while it wrote. Names: .NAME.writing-PROCESS-RANDOM."""
    prefix = f".{target.name}.writing-"
    for path in target.parent.glob(f"{prefix}*"):
        if not _is_running(path.name.removeprefix(prefix).split("-")[0]):
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def replacing_directory(target: Path) -> Iterator[Path]:
    """A temporary directory beside `target`, which takes its place at the end of the block.

    Files and directories are fsynced first. A reader, a crash and a loss of power see the old
    directory or the whole new one; when the block raises, the old one stays and nothing is left.

    Raises:
      OSError: It cannot be written, or the two cannot change places.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_litter(target)
    temporary = Path(
        tempfile.mkdtemp(prefix=f".{target.name}.writing-{os.getpid()}-", dir=target.parent)
    )
    try:
        temporary.chmod(0o755)
        yield temporary
        for path in temporary.rglob("*"):
            _sync(path)
        _sync(temporary)
        _exchange(temporary, target)
        _sync(target.parent)
    finally:
        # The old directory now, or what was written in vain.
        shutil.rmtree(temporary, ignore_errors=True)


def _exchange(source: Path, target: Path) -> None:
    """Moves `source` to `target`; what was there is at `source` afterwards. In one step."""
    if not target.exists():
        source.rename(target)
        return
    library = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(source), os.fsencode(target))
    if library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return
    number = ctypes.get_errno()
    if number not in (errno.EINVAL, errno.ENOSYS):
        raise OSError(number, os.strerror(number), str(target))
    # Some network file systems cannot exchange: for a moment there is no directory. A reader
    # waits; after a crash right here the old one stands beside, under the name of the aside.
    aside = target.with_name(f"{source.name}-old")
    target.rename(aside)
    source.rename(target)
    aside.rename(source)
