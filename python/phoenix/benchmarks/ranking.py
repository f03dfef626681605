"""How long 1,500 candidates take, beside the published loop in the same run.

python -m phoenix.benchmarks ranking [--json]. Times run from ids to probabilities. Nothing is
printed before both have given the same probabilities.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from phoenix.benchmarks.ranking_published import PublishedLoop
from phoenix.benchmarks.ranking_world import (
    CANDIDATES,
    REFRESHED,
    benchmark_bundle,
    random_candidates,
    random_history,
    refreshed,
)
from phoenix.bundle import Candidates, ModelBundle
from phoenix.cached_ranker import Ranker
from phoenix.inference import InferenceEngine

# History lengths, and how often each is measured: the published loop takes seconds at the last.
_ROUNDS = {128: 25, 512: 7, 1_024: 3}
_TOLERANCE = 1e-5
_NOW_MS = 2_000_000


class ResultsDifferError(Exception):
    """What is compared does not compute the same."""


@dataclass(frozen=True)
class Timing:
    """One line of the answer. p50, in milliseconds."""

    history: int
    variant: str
    candidates: int
    p50_ms: float
    # Keys and values of ratios to other variants of this history.
    ratios: dict[str, float]

    def line(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "benchmark": "ranking",
            "history": self.history,
            "candidates": self.candidates,
            "variant": self.variant,
            "p50Ms": round(self.p50_ms, 3),
            **{name: round(value, 3) for name, value in self.ratios.items()},
        }


def _require_equal(
    ours: Float[np.ndarray, "c a"], published: Float[np.ndarray, "c a"], history: int
) -> None:
    difference = np.abs(ours - published).max() / np.abs(published).max()
    if not difference <= _TOLERANCE:
        raise ResultsDifferError(
            f"history {history}: probabilities differ by {difference:.1e} of the largest, "
            f"allowed are {_TOLERANCE:.0e}"
        )


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1_000


class RankingCase:
    """One model: a viewer with a full history, both implementations, and what they are asked."""

    def __init__(self, bundle: ModelBundle) -> None:
        self.history_length = bundle.config.history_length
        self._history = random_history(self.history_length)
        self._candidates = random_candidates(CANDIDATES)
        self.published = PublishedLoop(bundle)
        self._engine = InferenceEngine(bundle)

    def _asked(self, candidates: Candidates) -> dict[str, Any]:
        return {
            "user_id": 7,
            "history": self._history,
            "candidates": candidates,
            "request_time_ms": _NOW_MS,
        }

    def check(self) -> None:
        """Compiles everything, and compares. Raises ResultsDifferError."""
        published = self.published.rank(**self._asked(self._candidates))
        ranker = Ranker(self._engine, "benchmark")
        ours = ranker.rank(**self._asked(self._candidates)).probabilities
        _require_equal(ours, published, self.history_length)
        # In another order and company, most of them from the cache.
        order = np.random.default_rng(1).permutation(CANDIDATES)
        again = refreshed(self._candidates, order)
        mixed = ranker.rank(**self._asked(again)).probabilities
        kept = CANDIDATES - REFRESHED
        _require_equal(mixed[:kept], published[order[:kept]], self.history_length)

    def measure(self, rounds: int) -> list[Timing]:
        """Medians over rounds in each of which every variant has one turn."""
        times: dict[str, list[float]] = {"published": [], "prefix": [], "refresh": []}
        for seed in range(rounds):
            order = np.random.default_rng(seed).permutation(CANDIDATES)
            again = refreshed(self._candidates, order)
            # A ranker that has seen nobody yet.
            ranker = Ranker(self._engine, "benchmark")
            first, second = self._asked(self._candidates), self._asked(again)
            turns: dict[str, Callable[[], object]] = {
                "published": lambda asked=first: self.published.rank(**asked),
                "prefix": lambda ranker=ranker, asked=first: ranker.rank(**asked),
                "refresh": lambda ranker=ranker, asked=second: ranker.rank(**asked),
            }
            for variant, turn in turns.items():
                times[variant].append(_milliseconds(turn))
        p50 = {variant: statistics.median(taken) for variant, taken in times.items()}
        ratios = {
            "published": {},
            "prefix": {"ratioToPublished": p50["published"] / p50["prefix"]},
            "refresh": {"ratioToFirst": p50["refresh"] / p50["prefix"]},
        }
        return [
            Timing(self.history_length, variant, CANDIDATES, p50[variant], ratios[variant])
            for variant in times
        ]


def _as_text(timing: Timing) -> str:
    ratios = ", ".join(
        f"{value:.1f} times the published loop's speed"
        if name == "ratioToPublished"
        else f"{value:.2f} of a first ask"
        for name, value in timing.ratios.items()
    )
    return f"history {timing.history:5}  {timing.variant:10} {timing.p50_ms:9.2f} ms  {ratios}"


def main(argv: list[str]) -> int:
    """The command line; the exit status, 1 when results differ."""
    parser = argparse.ArgumentParser(prog="python -m phoenix.benchmarks ranking")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--history", type=int, choices=sorted(_ROUNDS), help="only this length; default all"
    )
    options = parser.parse_args(argv)
    for history_length, rounds in _ROUNDS.items():
        if options.history not in (None, history_length):
            continue
        case = RankingCase(benchmark_bundle(history_length))
        try:
            case.check()
        except ResultsDifferError as error:
            print(error)
            return 1
        for timing in case.measure(rounds):
            text = json.dumps(timing.line()) if options.json else _as_text(timing)
            print(text, flush=True)
    return 0
