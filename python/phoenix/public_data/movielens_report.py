"""One measured run on MovieLens-1M, and the table of several."""

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from phoenix.public_data.movielens_baselines import markov_chain, popularity
from phoenix.public_data.movielens_data import MovieSequences
from phoenix.public_data.movielens_metrics import LeaveOneOut, evaluate
from phoenix.public_data.movielens_serving import evaluate_served
from phoenix.public_data.movielens_training import MovieTraining, MovieTrainingOptions

PROTOCOL = (
    "last item test, last but one validation, on which the recipe was chosen; then one model per "
    "seed trained on what came before the test item (options.before); all items ranked, those of "
    "the user's history excluded, ties against the target"
)
REQUIRED_HIT_RATE = 0.300
REQUIRED_NDCG = 0.170

Report = dict[str, Any]


def _plain(metrics: LeaveOneOut) -> dict[str, float]:
    return {
        name: value if isinstance(value, int) else round(value, 5)
        for name, value in dataclasses.asdict(metrics).items()
    }


def baselines(sequences: MovieSequences) -> Report:
    """Popularity and the ten-step Markov chain on the test movie."""
    return {
        "popularity": _plain(evaluate(sequences, popularity(sequences, "test"), "test")),
        "markov10": _plain(evaluate(sequences, markov_chain(sequences, "test"), "test")),
    }


def run_report(
    sequences: MovieSequences, training: MovieTraining, options: MovieTrainingOptions
) -> Report:
    """How the training went, and the test of its model through the served code path."""
    started = time.monotonic()
    return {
        "options": dataclasses.asdict(options),
        "losses": [round(loss, 4) for loss in training.done.losses],
        "validationByEpoch": {
            str(epoch): _plain(metrics) for epoch, metrics in training.done.validation
        },
        "steps": training.done.steps,
        "skippedSteps": training.skipped,
        "trainingSeconds": round(training.done.seconds),
        "test": _plain(evaluate_served(sequences, training.bundle, "test")),
        "evaluationSeconds": round(time.monotonic() - started),
    }


def with_run(file: Path, run: Report, base: Report) -> Report:
    """The results of a file and one run more, all of one recipe: a mean over two means nothing.

    A run takes the place of an older one of its seed, and of all runs of other options.

    Raises:
      ValueError: The file holds no results; names it.
    """
    runs: list[Report] = []
    if file.is_file():
        try:
            runs = json.loads(file.read_text())["runs"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file}: holds no results of this command: {error}") from error
    # Through JSON and back, so that tuples compare with what the file holds.
    run = json.loads(json.dumps(run))
    seed = run["options"]["seed"]
    kept = [
        each
        for each in runs
        if each["options"]["seed"] != seed and {**each["options"], "seed": seed} == run["options"]
    ]
    return {
        "benchmark": "movielens",
        "protocol": PROTOCOL,
        "baselines": base,
        "runs": sorted([*kept, run], key=lambda each: each["options"]["seed"]),
    }


def _row(name: str, hits: Sequence[float], ndcg: Sequence[float], note: str) -> str:
    def cell(values: Sequence[float]) -> str:
        spread = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
        return f"{np.mean(values):.4f}{spread}"

    return f"| {name} | {cell(hits)} | {cell(ndcg)} | {note} |"


def movielens_table(report: Report) -> str:
    """Markdown: baselines, every seed, and their mean with the spread between seeds."""
    lines = ["| | HR@10 | NDCG@10 | |", "|---|---|---|---|"]
    names = {"popularity": "popularity", "markov10": "Markov chain, ten steps"}
    for key, name in names.items():
        base = report["baselines"][key]
        lines.append(_row(name, [base["hit_rate"]], [base["ndcg"]], "counted in this run"))
    tests = [run["test"] for run in report["runs"]]
    for run, test in zip(report["runs"], tests, strict=True):
        seed = run["options"]["seed"]
        note = f"± {test['hit_rate_error']:.4f} / {test['ndcg_error']:.4f} over users"
        lines.append(_row(f"two towers, seed {seed}", [test["hit_rate"]], [test["ndcg"]], note))
    if len(tests) > 1:
        hits, ndcg = [test["hit_rate"] for test in tests], [test["ndcg"] for test in tests]
        lines.append(_row(f"mean of {len(tests)} seeds", hits, ndcg, "± between seeds"))
    return "\n".join(lines)


def is_good_enough(run: Report) -> bool:
    """True when the run's test reaches what the project asks for."""
    test = run["test"]
    return test["hit_rate"] >= REQUIRED_HIT_RATE and test["ndcg"] >= REQUIRED_NDCG
