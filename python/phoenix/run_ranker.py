"""The ranking model alone: what a viewer would do with some posts of a corpus.

python phoenix/run_ranker.py --artifacts_dir DIR [--sequence_file F] [--corpus_file F]
    [--candidates N] [--json]
"""

import argparse
import json
import sys
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.inference import InferenceEngine
from phoenix.run_options import positive_integer, read_run_files, run_parser, run_script

# Columns of the table; --json has every action.
SHOWN = ("favorite", "reply", "repost", "click", "dwell", "not_interested")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _script(options: argparse.Namespace) -> None:
    files = read_run_files(options)
    corpus = files.corpus
    count = min(options.candidates, len(corpus.post_ids))
    # Spread evenly over the corpus: the same posts every time.
    chosen = np.linspace(0, len(corpus.post_ids) - 1, count).astype(np.int64)
    probabilities, dwell = InferenceEngine(files.checkpoint.ranker).rank(
        user_id=files.sequence.user_id,
        history=files.sequence.history,
        candidates=corpus.candidates(chosen),
        request_time_ms=int(corpus.created_at_ms.max(initial=0)),
    )
    names = [action.name for action in ACTIONS[:DISCRETE_COUNT]]
    print(f"viewer {files.sequence.user_id}, {len(files.sequence.history.post_ids)} events")
    print(f"{'post':>20} " + " ".join(f"{name:>14}" for name in (*SHOWN, "dwell_seconds")))
    predictions = []
    for row, post in enumerate(chosen.tolist()):
        by_name = {name: _or_none(float(probabilities[row, i])) for i, name in enumerate(names)}
        seconds = None if dwell is None else float(dwell[row])
        shown = [*(by_name[name] for name in SHOWN), seconds]
        cells = " ".join(f"{'-' if cell is None else format(cell, '.4f'):>14}" for cell in shown)
        print(f"{corpus.post_ids[post]:20} {cells}")
        predictions.append(
            {
                "post_id": int(corpus.post_ids[post]),
                "author_id": int(corpus.author_ids[post]),
                "probabilities": by_name,
                "dwell_seconds": seconds,
            }
        )
    if options.json:
        version = files.checkpoint.version
        print(json.dumps({"model_version": version, "predictions": predictions}, allow_nan=False))


def main() -> int:
    """The command line; the exit status."""
    parser = run_parser("Predicts what a viewer would do with posts of a corpus.")
    parser.add_argument("--candidates", type=positive_integer, default=10, metavar="N")
    return run_script(parser, _script)


if __name__ == "__main__":
    sys.exit(main())
