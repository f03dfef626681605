"""A directory that is there as a whole or not at all, whatever happens while it is written."""

import contextlib
import ctypes
import errno
import glob
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Of Linux' renameat2.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
# End of the name of a directory that stepped aside.
_ASIDE = "-old"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_running(process_id: str) -> bool:
    return Path("/proc", process_id).is_dir()


def _prefix(target: Path) -> str:
    """Of temporary names: hidden, and by the machine, for process ids are a machine's own."""
    return f".{target.name}.writing-{socket.gethostname()}-"


def _remove_litter(target: Path) -> None:
    """What a process of this machine left that was killed while it wrote."""
    prefix = _prefix(target)
    for path in target.parent.glob(f"{glob.escape(prefix)}*"):
        if _is_running(path.name.removeprefix(prefix).split("-")[0]):
            continue
        if path.name.endswith(_ASIDE) and not target.exists():
            # Killed between two renames: the old one goes back to its place.
            path.rename(target)
        else:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def replacing_directory(target: Path) -> Iterator[Path]:
    """A temporary directory beside `target`, which takes its place at the end of the block.

    Files and directories are fsynced first. A reader, a crash and a loss of power see the old
    directory or the whole new one; when the block raises, the old one stays and nothing is left.
    Where `target` is a symbolic link, what it points to is replaced.

    Raises:
      OSError: It cannot be written, or the two cannot change places.
    """
    target = target.resolve()
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_litter(target)
    temporary = Path(tempfile.mkdtemp(prefix=f"{_prefix(target)}{os.getpid()}-", dir=target.parent))
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
    exchange_by_renaming(source, target)


def exchange_by_renaming(source: Path, target: Path) -> None:
    """The same in three steps, for file systems that cannot exchange.

    For a moment there is no target: a reader has to try again. After a crash in that moment the
    next replacement puts the old one back first.
    """
    aside = target.with_name(f"{source.name}{_ASIDE}")
    target.rename(aside)
    source.rename(target)
    aside.rename(source)
