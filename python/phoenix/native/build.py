"""Compiles the scan of the retrieval index, once for each source, compiler and kind of machine.

python -m phoenix.native.build [DIRECTORY]

The service does the same by itself at its first start; an image without a compiler is made with
this command and a directory that it keeps.
"""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_SOURCE = Path(__file__).with_name("scan.c")
_HEADER = Path(__file__).with_name("sums.h")
_REPOSITORY = Path(__file__).resolve().parents[3]
# No contraction to fused multiply-adds: a score must be the same to the bit on every machine.
_FLAGS = ("-O3", "-std=c11", "-ffp-contract=off", "-shared", "-fPIC")
_COMPILERS = ("cc", "gcc", "clang")
_SECONDS_MAX = 60


class BuildError(Exception):
    """The scan cannot be compiled; the message says why, in one line."""


def default_directory() -> Path:
    """Where the compiled scan is kept: below HOMEFEED_DATA_DIR, by default `.homefeed`."""
    data = os.environ.get("HOMEFEED_DATA_DIR", "").strip() or ".homefeed"
    return _REPOSITORY / data / "native"


def _compiler() -> list[str]:
    asked = shlex.split(os.environ.get("CC", ""))
    if asked:
        return asked
    for name in _COMPILERS:
        found = shutil.which(name)
        if found is not None:
            return [found]
    raise BuildError(f"there is no C compiler ({', '.join(_COMPILERS)}) and CC names none")


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{command[0]} cannot be run ({error})") from error
    if done.returncode != 0:
        complaint = (done.stderr.strip().splitlines() or ["it says nothing"])[0]
        raise BuildError(f"{command[0]} ended with {done.returncode}: {complaint}")
    return done.stdout


def build_scan(directory: Path, *, again: bool = False) -> Path:
    """The compiled scan in `directory`, made now unless it is there.

    The file's name tells sources, flags, compiler and machine. It appears whole or not at all, so
    processes may build side by side.

    Args:
      again: Compiles although the file is there.

    Raises:
      BuildError: There is no compiler, it fails, or the directory cannot be written.
    """
    compiler = _compiler()
    parts = [
        _SOURCE.read_text(),
        _HEADER.read_text(),
        *_FLAGS,
        *compiler,
        _run([*compiler, "--version"]),
    ]
    key = hashlib.sha256("\0".join([*parts, platform.machine()]).encode()).hexdigest()[:16]
    library = directory / f"scan-{key}.so"
    if library.exists() and not again:
        return library
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory) as unfinished:
            made = Path(unfinished) / library.name
            _run([*compiler, *_FLAGS, "-o", str(made), str(_SOURCE)])
            made.replace(library)
    except OSError as error:
        raise BuildError(f"{directory} cannot be written ({error.strerror})") from error
    return library


def main() -> int:
    """The command line; the exit status."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else default_directory()
    try:
        print(build_scan(directory))
    except BuildError as error:
        print(f"The retrieval scan was not compiled: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
