"""Generates the demo world: `python -m phoenix.data.demo_world --out DIR --seed 7 --now TIME`.

By default it writes what serving needs: users, follows, relations, the posts of --days days with
their labels and takedowns, the newest 256 actions of each viewer, and a part of the impressions
of the last 48 hours. With --posts-from and --posts-until it writes the posts, labels, takedowns
and actions of that range only (the gap of a later start). See oracle.py; demo_log.py writes the
training log of the same world.
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from phoenix.data.import_lines import follow_lines, relation_lines, user_lines
from phoenix.data.oracle import save_oracle
from phoenix.data.post_lines import (
    ENGAGEMENTS_A_VIEWER_MAX,
    engagement_lines,
    impression_lines,
    label_lines,
    post_lines,
    takedown_lines,
    user_label_lines,
    written_positions,
)
from phoenix.data.posts import HOUR_MS
from phoenix.data.progress import Progress
from phoenix.data.world import World, create_world
from phoenix.data.write_import import write_lines, write_personas

GAP_HOURS_MAX = 48
_SEEN_SHARE = 0.4


def parse_time(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 time or of a plain number of milliseconds.

    Raises:
      ValueError: For anything else; a time without a zone is taken as UTC.
    """
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def write_serving_world(world: World, out: Path, *, days: int, quiet: bool = False) -> None:
    """Writes the import files that serving needs into `out`.

    Args:
      world: A world with its 28 days of behaviour.
      out: Existing directory.
      days: Days of posts before now.
      quiet: No progress lines.
    """
    progress, now_ms = Progress(6, quiet), world.now_ms
    progress.step(1, "writing people and follows")
    write_lines(out, "users", user_lines(world.people, world.graph, now_ms))
    write_lines(out, "follows", follow_lines(world.people, world.graph))
    write_lines(out, "relations", relation_lines(world.people, world.graph, now_ms))
    write_personas(out)
    progress.step(2, "writing posts")
    positions = written_positions(world, now_ms - days * 24 * HOUR_MS, now_ms)
    write_lines(out, "posts", post_lines(world, positions))
    progress.step(3, "writing labels")
    labels = [*user_label_lines(world), *label_lines(world, positions)]
    write_lines(out, "labels", labels)
    write_lines(out, "takedowns", takedown_lines(world, positions))
    progress.step(4, "writing what people did")
    span = (0, now_ms)
    write_lines(out, "engagements", engagement_lines(world, span, ENGAGEMENTS_A_VIEWER_MAX))
    progress.step(5, "writing what people saw")
    seen = impression_lines(world, (now_ms - 48 * HOUR_MS, now_ms), _SEEN_SHARE)
    write_lines(out, "impressions", seen)
    progress.step(6, "the world is written")


def write_gap(world: World, out: Path, span: tuple[int, int]) -> None:
    """Writes the posts, labels, takedowns and actions of [from, until) ms into `out`."""
    positions = written_positions(world, *span)
    write_lines(out, "posts", post_lines(world, positions))
    write_lines(out, "labels", label_lines(world, positions))
    write_lines(out, "takedowns", takedown_lines(world, positions))
    write_lines(out, "engagements", engagement_lines(world, span, None))


def write_full_impressions(world: World, out: Path) -> None:
    """Writes all impressions of the world, replacing the part of them that serving needs."""
    write_lines(out, "impressions", impression_lines(world, (0, world.now_ms), 1.0))


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m phoenix.data.demo_world")
    parser.add_argument("--out", type=Path, required=True, help="directory, made when absent")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--now", default=None, help="ISO 8601 or milliseconds; default: the clock")
    parser.add_argument("--scale", type=float, default=1.0, help="1 = 3,000 people")
    parser.add_argument("--days", type=int, default=7, help="days of posts to write, 1 to 28")
    parser.add_argument("--write-impressions", action="store_true", help="all impressions")
    parser.add_argument("--oracle", type=Path, help="directory for oracle.npz, for evaluation")
    parser.add_argument("--posts-from", default=None, help="write this range only (a gap)")
    parser.add_argument("--posts-until", default=None, help="end of the range, default now")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.days <= 28:
        parser.error("--days: expected 1 to 28")
    for name in ("now", "posts_from", "posts_until"):
        text = getattr(arguments, name)
        try:
            setattr(arguments, name, None if text is None else parse_time(text))
        except ValueError:
            option = name.replace("_", "-")
            parser.error(f"--{option}: expected a time such as 2026-11-24T00:00:00Z, found {text}")
    if arguments.now is None:
        arguments.now = time.time_ns() // 1_000_000
    if arguments.posts_until is not None and arguments.posts_from is None:
        parser.error("--posts-until: needs --posts-from")
    return arguments


def _gap(arguments: argparse.Namespace) -> tuple[int, int]:
    """The range to write: at most the newest 48 hours of what was asked, up to now."""
    until = min(arguments.posts_until or arguments.now, arguments.now)
    return max(arguments.posts_from, until - GAP_HOURS_MAX * HOUR_MS), until


def main(argv: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    arguments = _arguments(sys.argv[1:] if argv is None else argv)
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    progress = Progress(6, arguments.quiet)
    progress.step(0, "imagining people, posts and habits")
    if arguments.posts_from is not None:
        span = _gap(arguments)
        world = create_world(
            arguments.seed, span[1], scale=arguments.scale, from_ms=span[0] - HOUR_MS
        )
        write_gap(world, out, span)
        progress.step(6, "the gap is written")
        return 0
    world = create_world(arguments.seed, arguments.now, scale=arguments.scale)
    write_serving_world(world, out, days=arguments.days, quiet=arguments.quiet)
    if arguments.write_impressions:
        write_full_impressions(world, out)
    if arguments.oracle is not None:
        arguments.oracle.mkdir(parents=True, exist_ok=True)
        save_oracle(world, arguments.oracle / "oracle.npz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
