"""Trains the demo checkpoint: `python -m phoenix.training --demo [--out DIR]`.

The world's log of the four weeks before --now is made in memory (the trainer never sees the
world's true tastes), both models are trained, and the checkpoint is written with its manifest.
Ten minutes at most on two cores.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from phoenix.checkpoints import Provenance, json_bytes, npz_bytes, save_checkpoint
from phoenix.data.demo_world import parse_time
from phoenix.data.posts import HOUR_MS
from phoenix.data.world import LOG_DAYS, World, create_world, world_training_log
from phoenix.gen.actions import ACTIONS
from phoenix.training.canary_inputs import canary_inputs
from phoenix.training.factorise import factorise
from phoenix.training.ranker_training import RankerOptions, train_ranker
from phoenix.training.retrieval_training import RetrievalOptions, train_retrieval
from phoenix.training.start_from_factors import FACTORS
from phoenix.training.viewer_sequences import ViewerSequences, viewer_sequences

DEMO_SEED = 7
DEMO_NOW = "2026-11-01T00:00:00Z"
_DEMO_OUT = Path(__file__).resolve().parents[2] / "checkpoints" / "demo"
_FACTORS = {"size": FACTORS, "ridge": 15.0, "rounds": 6, "seed": 5}
_CORPUS_POSTS = 2_000
_EXAMPLE_EVENTS = 32


def _git_commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return found.stdout.strip() or "unknown"


def _corpus(world: World) -> bytes:
    """The newest posts of the log, for the run scripts."""
    newest = slice(max(0, len(world.posts) - _CORPUS_POSTS), None)
    return npz_bytes(
        {
            "post_ids": world.posts.id[newest],
            "author_ids": world.people.user_ids[world.posts.author[newest]],
            "created_at_ms": world.posts.created_ms[newest],
        }
    )


def _example_sequence(sequences: ViewerSequences, end_ms: int) -> bytes:
    """What the first viewer of the log did last, for the run scripts."""
    history = sequences.history_before(0, end_ms, _EXAMPLE_EVENTS)
    events = [
        {
            "post_id": int(history.post_ids[place]),
            "author_id": int(history.author_ids[place]),
            "actions": {
                ACTIONS[index].name: 1 for index in np.flatnonzero(history.actions[place]).tolist()
            },
        }
        for place in range(len(history.post_ids))
    ]
    return json_bytes({"user_id": int(sequences.viewer_ids[0]), "history": events})


def train_demo(out: Path, *, now_ms: int, quiet: bool) -> None:
    """Both models on the demo world's log, and the checkpoint in `out`."""
    started = time.monotonic()
    world = create_world(DEMO_SEED, now_ms)
    sequences = viewer_sequences(world_training_log(world))
    factors = factorise(sequences, **_FACTORS)
    options = RankerOptions()
    ranker, ranked = train_ranker(
        sequences, factors, options=options, data_end_ms=now_ms, quiet=quiet
    )
    retrieval, retrieved = train_retrieval(
        sequences, factors, options=RetrievalOptions(), data_end_ms=now_ms, quiet=quiet
    )
    metrics = {
        "ranker_loss": float(ranked.losses[-1]),
        "ranker_steps": float(ranked.steps),
        "ranker_steps_skipped": float(ranked.skipped),
        "retrieval_loss": float(retrieved.losses[-1]),
        "retrieval_steps": float(retrieved.steps),
        "retrieval_steps_skipped": float(retrieved.skipped),
        "impressions": float(len(sequences.impressions.post_ids)),
    }
    save_checkpoint(
        out,
        ranker=ranker,
        retrieval=retrieval,
        provenance=Provenance(
            git_commit=_git_commit(),
            training_command=f"python -m phoenix.training --demo --now {now_ms}",
            data_range_ms=(now_ms - LOG_DAYS * 24 * HOUR_MS, now_ms),
            item_dropout=options.drop.item,
            metrics=metrics,
        ),
        canary=canary_inputs(sequences),
        extra_files={
            "corpus.npz": _corpus(world),
            "example_sequence.json": _example_sequence(sequences, now_ms),
        },
    )
    print(f"{out} written after {time.monotonic() - started:.0f} s", file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m phoenix.training")
    parser.add_argument("--demo", action="store_true", required=True, help="the demo checkpoint")
    parser.add_argument("--out", type=Path, default=_DEMO_OUT, help="directory of the checkpoint")
    parser.add_argument("--now", default=DEMO_NOW, help="end of the four weeks of the log")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    arguments = parser.parse_args(sys.argv[1:] if argv is None else argv)
    try:
        now_ms = parse_time(arguments.now)
    except ValueError:
        parser.error(f"--now: expected a time such as {DEMO_NOW}, found {arguments.now}")
    train_demo(arguments.out, now_ms=now_ms, quiet=arguments.quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
