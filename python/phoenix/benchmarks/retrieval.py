"""Retrieval: the exact top 1,000 by every scan, beside the published numpy path; and inserts.

    python -m phoenix.benchmarks retrieval [--json] [--posts N ...]

One core: BLAS gets one thread. Every figure is a median over viewers. Each viewer asks all variants
in an order of its own, so that a busy machine troubles all alike, and each twice in a row, so that
none pays for what the one before it left in the caches; the second is timed. Each answer is
compared with brute force under the tie rule.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Int

from phoenix.benchmarks.retrieval_world import (
    DIMENSION,
    NOW_MS,
    RetrievalWorld,
    batches,
    make_world,
)
from phoenix.choose_scan import available_scans
from phoenix.index_scan import exact_scores
from phoenix.indexed_posts import IndexedPosts
from phoenix.retrieval_index import RetrievalIndex

_POSTS = (100_000, 537_000)
_TOP = 1_000
_POSTS_PER_AUTHOR_MAX = 20
_VIEWERS = 15
# Posts of one upsert, as the service gives them to the index.
_BATCH = 1_024
_VISIBLE_ROUNDS = 200
_THREADS = "OPENBLAS_NUM_THREADS"
_MODULE = "phoenix.benchmarks.retrieval"

Result = TypeVar("Result")


def published_top(
    vectors: Float[np.ndarray, "n d"], viewer: Float[np.ndarray, " d"]
) -> Int[np.ndarray, " k"]:
    """The published path, restated: a product with every post, the largest, sorted."""
    scores = vectors @ viewer
    best = np.argpartition(-scores, _TOP)[:_TOP]
    return best[np.argsort(-scores[best])]


def brute_force(world: RetrievalWorld, viewer: Float[np.ndarray, " d"]) -> Int[np.ndarray, " k"]:
    """Ids of the top posts: all sorted by score, then id; authors at their cap are passed over."""
    scores = np.concatenate(
        [exact_scores(world.vectors[part], viewer) for part in batches(world, 8_192)]
    )
    seen: dict[int, int] = {}
    best: list[int] = []
    for row in np.lexsort((-world.posts.post_ids, -scores)).tolist():
        author = int(world.posts.author_ids[row])
        seen[author] = seen.get(author, 0) + 1
        if seen[author] <= _POSTS_PER_AUTHOR_MAX:
            best.append(int(world.posts.post_ids[row]))
        if len(best) == _TOP:
            break
    return np.array(best)


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work()
    return (time.perf_counter() - started) * 1e3, result


def _second_timed(work: Callable[[], Result]) -> tuple[float, Result]:
    work()
    return _timed(work)


def _p50(milliseconds: list[float]) -> float:
    return round(float(np.median(milliseconds)), 3)


@dataclass(frozen=True)
class Line:
    """One result: for people and for programs."""

    text: str
    values: dict[str, object]


def measure_search(world: RetrievalWorld, index: RetrievalIndex) -> list[Line]:
    """Every scan and the published path over the same viewers."""
    times: dict[str, list[float]] = {name: [] for name in ("published", *available_scans())}
    hits = dict.fromkeys(available_scans(), 0)
    names, order = list(times), Random(0)
    for viewer in world.viewers:
        order.shuffle(names)
        expected = brute_force(world, viewer).tolist()
        search = partial(
            index.search, viewer, count=_TOP, posts_per_author_max=_POSTS_PER_AUTHOR_MAX
        )
        for name in names:
            if name == "published":
                took, _ = _second_timed(partial(published_top, world.vectors, viewer))
            else:
                index.scan = available_scans()[name]
                took, found = _second_timed(search)
                hits[name] += sum(map(int.__eq__, found.posts.post_ids.tolist(), expected))
            times[name].append(took)
    count, published = world.vectors.shape[0], _p50(times["published"])
    lines = [_search_line(count, "published", published, None, 1.0)]
    for name in available_scans():
        p50, recall = _p50(times[name]), hits[name] / (_TOP * len(world.viewers))
        lines.append(_search_line(count, name, p50, recall, published / p50))
    return lines


def _search_line(posts: int, variant: str, p50: float, recall: float | None, ratio: float) -> Line:
    said = "" if recall is None else f"  recall {recall:.3f}"
    return Line(
        f"{posts:>9,} posts  {variant:>9}  {p50:8.2f} ms  {ratio:5.1f} x published{said}",
        {
            "benchmark": "retrieval",
            "posts": posts,
            "variant": variant,
            "p50Ms": p50,
            "recall": recall,
            "ratioToPublished": round(ratio, 2),
        },
    )


def fill(world: RetrievalWorld) -> tuple[RetrievalIndex, Line]:
    """An index of all posts, and how fast they went in, batch by batch."""
    index = RetrievalIndex(DIMENSION)
    took = 0.0
    for part in batches(world, _BATCH):
        posts, vectors = world.posts.at(part), world.vectors[part]
        took += _timed(partial(index.upsert, posts, vectors, now_ms=NOW_MS))[0]
    count = world.vectors.shape[0]
    per_second = round(count / took * 1e3)
    visible = _visible_ms(index, world.viewers[0])
    return index, Line(
        f"{count:>9,} posts     insert  {per_second:,} vectors/s, "
        f"visible to the next search after {visible:.3f} ms",
        {
            "benchmark": "retrieval.insert",
            "posts": count,
            "vectorsPerSecond": per_second,
            "visibleMs": visible,
        },
    )


def _visible_ms(index: RetrievalIndex, viewer: Float[np.ndarray, " d"]) -> float:
    """From a ready vector to an index whose next search finds it; each is looked for."""
    times = []
    for round_number in range(_VISIBLE_ROUNDS):
        post_id = 2**62 + round_number
        one = IndexedPosts(*(np.array([value]) for value in (post_id, 1, NOW_MS)))
        # No post is nearer to a viewer than twice the viewer.
        took, _ = _timed(partial(index.upsert, one, 2 * viewer[None], now_ms=NOW_MS))
        times.append(took)
        if round_number % 20 == 0:
            found = index.search(viewer, count=1, posts_per_author_max=1)
            if found.posts.post_ids.tolist() != [post_id]:
                raise AssertionError(f"post {post_id} was inserted, but not found")
        index.remove(one.post_ids)
    return _p50(times)


def _measure(options: argparse.Namespace) -> None:
    if not options.json:
        print(f"one core, D {DIMENSION}, top {_TOP:,}, {_POSTS_PER_AUTHOR_MAX} an author at most")
    for posts in options.posts or _POSTS:
        world = make_world(posts, _VIEWERS)
        index, inserted = fill(world)
        for line in [*measure_search(world, index), inserted]:
            print(json.dumps(line.values) if options.json else line.text, flush=True)
        del world, index
        gc.collect()


def main(argv: list[str]) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m phoenix.benchmarks retrieval")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--posts",
        type=int,
        action="append",
        metavar="N",
        help=f"posts in the index, may be given several times; default {_POSTS}",
    )
    options = parser.parse_args(argv)
    if any(posts < 2 * _TOP for posts in options.posts or ()):
        parser.error(f"--posts must be at least {2 * _TOP}")
    if os.environ.get(_THREADS) != "1":
        # BLAS reads it once, when it is loaded.
        command = [sys.executable, "-m", _MODULE, *argv]
        return subprocess.run(command, env={**os.environ, _THREADS: "1"}).returncode
    _measure(options)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
