"""Starts the real services as processes and ends them."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.random_checkpoint import shared_checkpoint, shared_folder

_PYTHON_ROOT = Path(__file__).resolve().parents[1]
# Far above what a start takes; a test that hits it has failed.
END_SECONDS_MAX = 60


def start_service(
    module: str, *arguments: str, environment: dict[str, str] | None = None
) -> "subprocess.Popen[str]":
    """A service process on any free port, standard streams piped."""
    return subprocess.Popen(
        [sys.executable, "-m", f"services.{module}", *arguments],
        cwd=_PYTHON_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def usual_arguments() -> list[str]:
    """The shared checkpoint, compiled once for all tests, on any free port."""
    cache = shared_folder() / "compiled"
    return [
        *("--checkpoint", str(shared_checkpoint())),
        *("--compilation-cache", str(cache)),
        *("--port", "0"),
    ]


@dataclass(frozen=True)
class RunningService:
    """A service that said it is ready."""

    process: "subprocess.Popen[str]"
    # The ready line.
    ready: dict[str, Any]
    # The lines before it.
    progress: list[dict[str, Any]]

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"{self.ready['host']}:{self.ready['port']}"


def await_ready(process: "subprocess.Popen[str]") -> RunningService:
    """Reads standard output up to the ready line."""
    assert process.stdout is not None
    progress = []
    for text in process.stdout:
        line = json.loads(text)
        if line.get("ready") is True:
            return RunningService(process, line, progress)
        progress.append(line)
    assert process.stderr is not None
    raise AssertionError(f"never became ready: {process.stderr.read()}")


def end(process: "subprocess.Popen[str]") -> None:
    """Ends a process by force and closes its pipes."""
    process.kill()
    process.wait(END_SECONDS_MAX)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


@contextlib.contextmanager
def running_service(module: str, *arguments: str) -> Iterator[RunningService]:
    """A service for the length of a block."""
    process = start_service(module, *usual_arguments(), *arguments)
    try:
        yield await_ready(process)
    finally:
        end(process)
