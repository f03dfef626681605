"""Training-serving skew: `python -m services.token_skew --log DIR --samples FILE --checkpoint DIR`.

Compares what serving fed to the ranker (token-samples.jsonl, which the gateway writes beside its
training log) with what training rebuilds from the log for the same impressions, token by token.
Prints one JSON object; exit code 1 when anything differs, 2 when nothing could be compared.
"""

import argparse
import base64
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from phoenix.bundle import Candidates, History, ModelBundle
from phoenix.checkpoints import load_checkpoint
from phoenix.data.training_log_files import read_log_and_requests
from phoenix.gen import phoenix_pb2 as wire
from phoenix.hashing import entity_rows
from phoenix.tokens import CandidateTokens, HistoryTokens
from phoenix.training.batches import HashedSequences, hash_sequences
from phoenix.training.viewer_sequences import HISTORY_SURFACE, viewer_sequences
from services.request_columns import ColumnLimits, to_candidates, to_history

_EXAMPLES_MAX = 20


@dataclass(frozen=True)
class ServedRequest:
    """One sampled request, as the ranking service reads it, and the tokens that it makes of it."""

    request_id: str
    user_id: int
    history: History
    candidates: Candidates
    history_tokens: HistoryTokens
    candidate_tokens: CandidateTokens


@dataclass
class SkewReport:
    """What was compared, and what differs."""

    requests: int = 0
    impressions: int = 0
    tokens: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def compare(self, name: str, served: ArrayLike, rebuilt: ArrayLike, **where: Any) -> None:
        """Counts a difference under the field's name, and keeps the first as examples."""
        if np.array_equal(np.asarray(served), np.asarray(rebuilt)):
            return
        self.fields[name] += 1
        if len(self.examples) < _EXAMPLES_MAX:
            example = {
                "field": name,
                "served": np.asarray(served).tolist(),
                "rebuilt": np.asarray(rebuilt).tolist(),
            }
            self.examples.append({**where, **example})

    def to_json(self) -> str:
        """One object; names as in TypeScript's benchmarks."""
        return json.dumps({
            "requests": self.requests,
            "impressions": self.impressions,
            "tokens": self.tokens,
            "differing": dict(self.fields),
            "examples": self.examples,
        })  # fmt: skip


def read_samples(path: Path, ranker: ModelBundle) -> Iterator[ServedRequest]:
    """Requests of a file, each through the ranking service's own reading.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If a line is no sample; it names the line.
    """
    config = ranker.config
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            sample = json.loads(line)
            request = wire.RankRequest.FromString(base64.b64decode(sample["request"]))
            name = str(sample["requestId"])
        except (ValueError, KeyError, TypeError) as fault:
            raise ValueError(f"{path}: line {number} is no token sample ({fault})") from fault
        limits = ColumnLimits(
            config.history_length, config.product_surfaces, request.request_time_ms
        )
        history, candidates = to_history(request, limits), to_candidates(request, limits)
        yield ServedRequest(
            request_id=name,
            user_id=request.user_id,
            history=history,
            candidates=candidates,
            history_tokens=ranker.lookup_history(_with_batch_axis(history)),
            candidate_tokens=ranker.lookup_candidates(
                _with_batch_axis(candidates), request.request_time_ms
            ),
        )


_Columns = TypeVar("_Columns", History, Candidates)


def _with_batch_axis(columns: _Columns) -> _Columns:
    return type(columns)(**{name: column[None] for name, column in vars(columns).items()})


class TokenComparison:
    """Compares requests with a log, as training reads it for one ranker."""

    def __init__(self, log_directory: Path, ranker: ModelBundle) -> None:
        """Raises as load_training_log."""
        log, requests = read_log_and_requests(log_directory)
        self.ranker = ranker
        self.number_of = {name: number for number, name in enumerate(requests)}
        self.hashed: HashedSequences = hash_sequences(
            viewer_sequences(log), ranker.hashes, ranker.config
        )
        self.report = SkewReport()

    def compare(self, served: ServedRequest) -> None:
        """Every impression that the log has of a request; one without any is passed over."""
        impressions = self.hashed.sequences.impressions
        number = self.number_of.get(served.request_id, -1)
        mine = np.flatnonzero(impressions.request_id == number)
        self.report.requests += len(mine) > 0
        for impression in mine.tolist():
            viewer = int(np.searchsorted(impressions.offsets, impression, side="right")) - 1
            where = {"request": served.request_id, "post": int(impressions.post_ids[impression])}
            self.report.impressions += 1
            self._compare_history(served, impression, viewer, where)
            self._compare_candidate(served, impression, where)

    def _compare_history(
        self, served: ServedRequest, impression: int, viewer: int, where: dict[str, Any]
    ) -> None:
        """The newest tokens that training lets the impression see."""
        sequences, compare = self.hashed.sequences, self.report.compare
        tokens, history = sequences.tokens, served.history
        start = int(tokens.offsets[viewer])
        stop = start + int(sequences.impressions.visible[impression])
        mine = slice(max(start, stop - self.ranker.config.history_length), stop)
        count = mine.stop - mine.start
        self.report.tokens += count
        compare("viewer", served.user_id, sequences.viewer_ids[viewer], **where)
        compare("history.post", history.post_ids, tokens.post_ids[mine], **where)
        compare("history.author", history.author_ids, tokens.author_ids[mine], **where)
        compare("history.actions", history.actions, tokens.actions[mine], **where)
        compare("history.dwell_seconds", history.dwell_seconds, tokens.dwell_seconds[mine], **where)
        surfaces = np.full(count, HISTORY_SURFACE)
        compare("history.surface", history.surfaces, surfaces, **where)
        scale = self.ranker.item_scale(tokens.created_at_ms[mine])
        compare("history.item_scale", served.history_tokens.item_scale[0], scale, **where)
        compare("history.created_at_ms", history.created_at_ms, tokens.created_at_ms[mine], **where)
        # The rows that both read from the tables.
        hashes = self.ranker.hashes
        item, author = self.hashed.token_item[mine], self.hashed.token_author[mine]
        compare("history.post_rows", entity_rows(history.post_ids, hashes.item), item, **where)
        compare(
            "history.author_rows", entity_rows(history.author_ids, hashes.author), author, **where
        )

    def _compare_candidate(
        self, served: ServedRequest, impression: int, where: dict[str, Any]
    ) -> None:
        impressions, compare = self.hashed.sequences.impressions, self.report.compare
        candidates, tokens = served.candidates, served.candidate_tokens
        found = np.flatnonzero(candidates.post_ids == impressions.post_ids[impression])
        compare("candidate.post", len(found) > 0, True, **where)
        if not len(found):
            return
        at = int(found[0])
        created = impressions.created_at_ms[impression]
        compare(
            "candidate.author", candidates.author_ids[at], impressions.author_ids[impression],
            **where,
        )  # fmt: skip
        compare("candidate.created_at_ms", candidates.created_at_ms[at], created, **where)
        surface = impressions.surfaces[impression]
        compare("candidate.surface", tokens.surfaces[0, at], surface, **where)
        age = self.hashed.shown_age[impression]
        compare("candidate.age_bucket", tokens.age_buckets[0, at], age, **where)
        scale = self.ranker.item_scale(created[None])[0]
        compare("candidate.item_scale", tokens.item_scale[0, at], scale, **where)


def main(argv: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.token_skew")
    parser.add_argument("--log", type=Path, required=True, help="a training log, open rows too")
    parser.add_argument("--samples", type=Path, required=True, help="token-samples.jsonl")
    parser.add_argument("--checkpoint", type=Path, required=True, help="any with a ranker")
    arguments = parser.parse_args(sys.argv[1:] if argv is None else argv)
    try:
        ranker = load_checkpoint(arguments.checkpoint).ranker
        comparison = TokenComparison(arguments.log, ranker)
        for served in read_samples(arguments.samples, ranker):
            comparison.compare(served)
    except (FileNotFoundError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    print(comparison.report.to_json())
    if comparison.report.impressions == 0:
        print("no sampled request has an impression in the log", file=sys.stderr)
        return 2
    return 1 if comparison.report.fields else 0


if __name__ == "__main__":
    sys.exit(main())
