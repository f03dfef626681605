"""Measures a checkpoint: `python -m phoenix.evaluation feed|personas [--checkpoint DIR] [--json]`.

feed: NDCG@20 under the demo world's true tastes, some days after the checkpoint's data ends, so
that every candidate is a post that the model has not seen. personas: how alike the orders of two
personas are over one fixed pool. With --permute the rows of users and authors are shuffled first:
a feed that is as good without them would not be personal.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from phoenix.checkpoints import Checkpoint, CheckpointError, load_checkpoint
from phoenix.evaluation.demo_pools import DemoDay, demo_day
from phoenix.evaluation.feed import (
    BASELINES,
    ORACLES,
    FeedOptions,
    evaluate_feed,
    feed_table,
    feed_verdict,
)
from phoenix.evaluation.personas import order_correlation, permuted
from phoenix.evaluation.rankers import model_ranker
from phoenix.inference import InferenceEngine

DEMO_SEED = 7
_DEMO = Path(__file__).resolve().parents[2] / "checkpoints" / "demo"
_COMMON_POOL = 500
_PROGRESS_VIEWERS = 50


def _feed(day: DemoDay, engine: InferenceEngine, options: FeedOptions, *, as_json: bool) -> bool:
    rankers = {**ORACLES, **BASELINES, "model": model_ranker(engine)}

    def show_progress(done: int) -> None:
        if done % _PROGRESS_VIEWERS == 0:
            print(f"{done} of {options.viewers} viewers", file=sys.stderr, flush=True)

    rows = evaluate_feed(day, rankers, options, on_viewer=show_progress)
    verdict = feed_verdict(rows)
    if as_json:
        for row in rows:
            print(json.dumps({"benchmark": "feed", **dataclasses.asdict(row)}))
        print(json.dumps({"benchmark": "feed", **dataclasses.asdict(verdict)}))
    else:
        print(feed_table(rows))
        print(
            f"\n{options.viewers} viewers. The model has {verdict.of_feature_oracle:.1%} of the "
            f"feature oracle's NDCG@20 and {verdict.over_baseline:.2f} x the better of recency "
            "and popularity."
        )
    return verdict.holds


def _personas(day: DemoDay, engine: InferenceEngine, *, as_json: bool) -> bool:
    correlation = order_correlation(day, engine, ("ada", "bruno"), _COMMON_POOL)
    if as_json:
        print(json.dumps({"benchmark": "personas", "adaBrunoSpearman": correlation}))
    else:
        print(f"Spearman correlation of ada's and bruno's orders of one pool: {correlation:.3f}")
    return correlation < 0.5


def _load(arguments: argparse.Namespace) -> Checkpoint:
    checkpoint = load_checkpoint(arguments.checkpoint)
    if checkpoint.manifest is None:
        raise CheckpointError("no manifest.json, so no data range")
    return checkpoint


def main(argv: list[str] | None = None) -> int:
    """The command. Returns 1 when the required ratios do not hold, 2 for a bad checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m phoenix.evaluation")
    parser.add_argument("what", choices=["feed", "personas"])
    parser.add_argument("--checkpoint", type=Path, default=_DEMO)
    parser.add_argument("--viewers", type=int, default=500, help="drawn with a seed")
    parser.add_argument("--pool", type=int, help="candidates a viewer at most, drawn; default all")
    parser.add_argument("--days-later", type=float, default=3.0, help="after the data's end")
    parser.add_argument("--permute", action="store_true", help="shuffle user and author rows")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    arguments = parser.parse_args(sys.argv[1:] if argv is None else argv)
    try:
        checkpoint = _load(arguments)
    except CheckpointError as error:
        print(f"{arguments.checkpoint} cannot be used ({error})", file=sys.stderr)
        return 2
    manifest = checkpoint.manifest
    if manifest is None:
        return 2
    ranker = permuted(checkpoint.ranker, seed=1) if arguments.permute else checkpoint.ranker
    engine = InferenceEngine(ranker)
    data_range_ms = manifest.provenance.data_range_ms
    day = demo_day(DEMO_SEED, data_range_ms=data_range_ms, days_later=arguments.days_later)
    if arguments.what == "personas":
        return 0 if _personas(day, engine, as_json=arguments.json) else 1
    options = FeedOptions(viewers=arguments.viewers, pool_size=arguments.pool)
    return 0 if _feed(day, engine, options, as_json=arguments.json) else 1


if __name__ == "__main__":
    sys.exit(main())
