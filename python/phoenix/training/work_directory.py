"""The work directory of one training: what it would lose by a power cut, saved as it goes.

identity.json   the log and the options it belongs to, as hashes; nothing else may go on with it
lock            held while a training uses the directory
NAME-STEP-DIGEST.npz   arrays, by name; the two newest of each name stay

A file is written under another name, fsynced and renamed, and its name carries the first digits
of its SHA-256: what is torn is told from what is whole without an index that could be torn too.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np

Arrays: TypeAlias = Mapping[str, np.ndarray]
Identity: TypeAlias = Mapping[str, str]

_KEPT = 2
_DIGEST_LENGTH = 16
_NAME = re.compile(r"(?P<name>[a-z]+)-(?P<step>\d{9})-(?P<digest>[0-9a-f]+)\.npz")


class WorkDirectoryError(RuntimeError):
    """A work directory that this training may not use; the message says what to do."""


class SaveError(RuntimeError):
    """Something could not be saved; what was saved before is as it was."""


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST_LENGTH]


class WorkDirectory:
    """An open work directory; close() gives it back, remove() ends it."""

    def __init__(
        self,
        directory: Path,
        identity: Identity,
        *,
        resume: bool,
        tell: Callable[[str], None] = _tell,
    ) -> None:
        """Opens or creates it.

        Args:
          directory: Where; made when absent.
          identity: Name to hash of everything that decides the trained bits.
          resume: Whether to go on with what is there.
          tell: Told one sentence about each file that cannot be used.

        Raises:
          WorkDirectoryError: Another training uses it or left it, or it was not asked to go on.
          OSError: It cannot be made.
        """
        self.directory, self._tell = directory, tell
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = self._locked()
        try:
            self._check_identity(identity, resume)
        except BaseException:
            self._lock.close()
            raise

    def _locked(self) -> IO[bytes]:
        lock = (self.directory / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise WorkDirectoryError(
                f"{self.directory}: another training is using it; wait for its end, or give this "
                "one a directory of its own with --work"
            ) from error
        return lock

    def _check_identity(self, identity: Identity, resume: bool) -> None:
        path = self.directory / "identity.json"
        if not path.exists():
            self._write(path, (json.dumps(dict(identity), indent=2) + "\n").encode())
            return
        if not resume:
            raise WorkDirectoryError(
                f"{self.directory}: holds a training that has not ended; go on with --resume, or "
                "remove the directory to begin anew"
            )
        try:
            found = json.loads(path.read_bytes())
            differing = [name for name in identity if found.get(name) != identity[name]]
        except (ValueError, AttributeError) as error:
            raise WorkDirectoryError(
                f"{path}: is torn, so nobody knows which training it belongs to; remove "
                f"{self.directory} and begin anew"
            ) from error
        if differing:
            raise WorkDirectoryError(
                f"{self.directory}: belongs to another training, which differs in "
                f"{', '.join(differing)}; resume with what it was begun with, or give this one a "
                "directory of its own with --work"
            )

    def _write(self, path: Path, content: bytes) -> None:
        partial = path.with_name(f".{path.name}.partial")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        self._sync()

    def _sync(self) -> None:
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _saved(self, name: str) -> list[tuple[int, str, Path]]:
        """(step, digest, path) of what is saved under a name, newest first."""
        found = []
        for path in self.directory.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and match["name"] == name:
                found.append((int(match["step"]), match["digest"], path))
        return sorted(found, reverse=True)

    def save(self, name: str, step: int, arrays: Arrays) -> None:
        """Saves arrays under a name (small letters). The newest two of a name stay.

        Raises:
          SaveError: The disk is full or broken; what was saved before is untouched.
        """
        partial = self.directory / f".{name}.partial"
        try:
            with partial.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
                file.flush()
                os.fsync(file.fileno())
            final = self.directory / f"{name}-{step:09d}-{_digest(partial)}.npz"
            partial.rename(final)
            self._sync()
        except OSError as error:
            partial.unlink(missing_ok=True)
            before = self._saved(name)
            kept = f"the save of step {before[0][0]} is as it was" if before else "none before it"
            raise SaveError(
                f"{self.directory}: the {name} of step {step} could not be saved "
                f"({error.strerror}); {kept}"
            ) from error
        for _, _, path in self._saved(name)[_KEPT:]:
            path.unlink()

    def newest(self, name: str) -> tuple[int, Arrays] | None:
        """Step and arrays of the newest whole save of a name; torn ones are told of and passed."""
        for step, digest, path in self._saved(name):
            if _digest(path) == digest:
                with np.load(path, allow_pickle=False) as stored:
                    return step, dict(stored)
            self._tell(f"{path}: is torn (its SHA-256 is not that of its name); it is not used")
        return None

    def close(self) -> None:
        """Lets others use it."""
        self._lock.close()

    def remove(self) -> None:
        """Deletes it: the training is over and its checkpoint is written."""
        shutil.rmtree(self.directory)
        self._lock.close()
