"""Writes the demo world's training log: `python -m phoenix.data.demo_log --out DIR`.

Four weeks of impressions before now, in the files that the gateway's own log has, so that a fresh
machine has something to train on. Takes half a minute and 1 GB of memory for 3,000 people.
"""

import argparse
import sys
import time
from pathlib import Path

from phoenix.data.demo_world import parse_time
from phoenix.data.posts import HOUR_MS
from phoenix.data.training_log_files import write_log
from phoenix.data.world import LOG_DAYS, create_world, world_training_log


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m phoenix.data.demo_log")
    parser.add_argument("--out", type=Path, required=True, help="directory, made when absent")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--now", default=None, help="ISO 8601 or milliseconds; default: the clock")
    parser.add_argument("--scale", type=float, default=1.0, help="1 = 3,000 people")
    parser.add_argument("--days", type=int, default=LOG_DAYS, help=f"1 to {LOG_DAYS}")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.days <= LOG_DAYS:
        parser.error(f"--days: expected 1 to {LOG_DAYS}, found {arguments.days}")
    try:
        now = arguments.now
        arguments.now = time.time_ns() // 1_000_000 if now is None else parse_time(now)
    except ValueError:
        parser.error(f"--now: expected a time such as 2026-11-24T00:00:00Z, found {arguments.now}")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    arguments = _arguments(sys.argv[1:] if argv is None else argv)
    now_ms, days = arguments.now, arguments.days
    print(f"imagining {days} days of {arguments.scale:g} demo worlds", file=sys.stderr)
    world = create_world(
        arguments.seed, now_ms, scale=arguments.scale, from_ms=now_ms - days * 24 * HOUR_MS
    )
    log = world_training_log(world)
    files = write_log(log, arguments.out)
    print(f"{len(log)} impressions in {files} files below {arguments.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
