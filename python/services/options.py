"""Command line and environment of a service."""

import argparse
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from services.batching import GATHER_SECONDS


class StartError(Exception):
    """A service cannot start; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class ServiceOptions:
    """How a service runs."""

    checkpoint: Path
    host: str
    # 0 = any free one.
    port: int
    # Where compiled programs are kept between starts; None = nowhere.
    compilation_cache: Path | None
    # Ends when standard input closes, so that no parent leaves an orphan behind.
    parent_stdin: bool
    # Requests that may wait behind the one that is computed.
    waiting_max: int
    # Retrieval: posts of one author in an answer, when the request does not say.
    posts_per_author_max: int
    # Between two looks at the checkpoint's path; 0 = none, only SIGHUP and LoadCheckpoint.
    watch_seconds: float
    # Below it peers may name other checkpoints to load; None = only the served path.
    checkpoint_root: Path | None
    # Ranking: weights and activations in bfloat16.
    half_precision: bool
    # Ranking: how long a batch waits for company while requests overlap.
    gather_ms: int

    @property
    def address(self) -> str:
        """Host and port as gRPC takes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, found {value}")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be 0 (never) or more, found {text}")
    return value


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, found {value}")
    return value


def _port(text: str, source: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise StartError(f"{source} must be a port from 0 to 65535 (0 = any free), found {text!r}.")
    return int(text)


def _add_swap_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--watch-seconds",
        type=_seconds,
        default=1.0,
        help="looks this often for another checkpoint at the path; 0 = only at SIGHUP or when told",
    )
    parser.add_argument(
        "--checkpoint-root",
        type=Path,
        metavar="DIR",
        help="callers of LoadCheckpoint may name directories below it",
    )


def _add_ranking_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bf16",
        action="store_true",
        help="ranking: weights and activations in bfloat16; pays on accelerators, not on CPUs",
    )
    parser.add_argument(
        "--gather-ms",
        type=_not_negative,
        default=round(GATHER_SECONDS * 1_000),
        help="ranking: how long a batch waits for company while requests overlap; 0 = never",
    )


def parse_options(
    arguments: list[str] | None, *, program: str, port_variable: str, port: int
) -> ServiceOptions:
    """Options of the command line; the port's default comes from the environment, else `port`.

    Raises:
      StartError: A value is not allowed.
      SystemExit: argparse found a fault and said so.
    """
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="DIR")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--port", help=f"0 = any free one; default {port_variable} of the environment, else {port}"
    )
    parser.add_argument(
        "--allow-remote", action="store_true", help="needed for a host that is not this machine"
    )
    parser.add_argument(
        "--compilation-cache",
        type=Path,
        metavar="DIR",
        help="keeps compiled programs, so that a later start compiles nothing",
    )
    parser.add_argument(
        "--parent-stdin", action="store_true", help="ends when standard input closes"
    )
    parser.add_argument(
        "--waiting-max",
        type=_positive,
        default=64,
        help="requests that may wait; more are refused with RESOURCE_EXHAUSTED",
    )
    parser.add_argument(
        "--posts-per-author-max",
        type=_positive,
        default=20,
        help="retrieval: posts of one author in an answer when the request does not say",
    )
    _add_swap_arguments(parser)
    _add_ranking_arguments(parser)
    parsed = parser.parse_args(arguments)
    if not parsed.allow_remote and not _is_loopback(parsed.host):
        raise StartError(
            f"--host {parsed.host} can be reached from other machines, and nothing here asks who "
            "calls: use 127.0.0.1, or add --allow-remote inside a closed network."
        )
    return ServiceOptions(
        checkpoint=parsed.checkpoint,
        host=parsed.host,
        port=_port(parsed.port, "--port")
        if parsed.port is not None
        else _port(os.environ.get(port_variable, str(port)), port_variable),
        compilation_cache=parsed.compilation_cache,
        parent_stdin=parsed.parent_stdin,
        waiting_max=parsed.waiting_max,
        posts_per_author_max=parsed.posts_per_author_max,
        watch_seconds=parsed.watch_seconds,
        checkpoint_root=parsed.checkpoint_root,
        half_precision=parsed.bf16,
        gather_ms=parsed.gather_ms,
    )
