"""Both models end to end, without services: retrieve from a corpus, then rank what was found.

    python phoenix/run_pipeline.py --artifacts_dir DIR [--sequence_file F] [--corpus_file F]
        [--top_k_retrieval N] [--top_k_display N] [--json]

With --json the last line is {"retrieved": [{"post_id", "score"}], "ranked": [{"post_id",
"weighted", "probabilities"}]}, both best first, probabilities in the model's own order.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from jaxtyping import Float, Int

from phoenix.action_order import action_order
from phoenix.gen.actions import ACTIONS
from phoenix.inference import InferenceEngine
from phoenix.run_options import (
    RunFiles,
    positive_integer,
    read_run_files,
    retrieve,
    run_parser,
    run_script,
)

# Weights of the published script, by the names of actions.json.
WEIGHTS = {"favorite": 1.0, "reply": 0.5, "repost": 0.3, "dwell": 0.2}


@dataclass(frozen=True)
class PipelineResult:
    """What was retrieved, best first, and its order after ranking."""

    # Indices into the corpus.
    retrieved: Int[np.ndarray, " k"]
    scores: Float[np.ndarray, " k"]
    # In retrieved order, the model's own outputs.
    probabilities: Float[np.ndarray, "k a"]
    weighted: Float[np.ndarray, " k"]
    # Indices into `retrieved`, best first.
    order: Int[np.ndarray, " k"]


def weighted_score(
    probabilities: Float[np.ndarray, "k a"], num_actions: int
) -> Float[np.ndarray, " k"]:
    """1.0 favorite + 0.5 reply + 0.3 repost + 0.2 dwell; a head that is absent counts 0."""
    known = np.nan_to_num(action_order(num_actions).from_model(probabilities))
    weights = np.array([WEIGHTS.get(action.name, 0.0) for action in ACTIONS], np.float32)
    return known @ weights[: known.shape[1]]


def run_pipeline(files: RunFiles, top_k_retrieval: int) -> PipelineResult:
    """Retrieves, ranks and orders. Post ages are measured against the corpus's newest post."""
    retrieved, scores = retrieve(files, top_k_retrieval)
    engine = InferenceEngine(files.checkpoint.ranker)
    prefix = engine.viewer_prefix(files.sequence.user_id, files.sequence.history)
    probabilities, _ = engine.score(
        prefix,
        files.corpus.candidates(retrieved),
        int(files.corpus.created_at_ms.max(initial=0)),
    )
    weighted = weighted_score(probabilities, engine.config.num_actions)
    order = np.argsort(-weighted, kind="stable")
    return PipelineResult(retrieved, scores, probabilities, weighted, order)


def _print_table(files: RunFiles, result: PipelineResult, rows: int) -> None:
    corpus = files.corpus
    print(f"viewer {files.sequence.user_id}, {len(files.sequence.history.post_ids)} events")
    print(f"{'rank':>4} {'post':>20} {'author':>20} {'weighted':>9} {'score':>7}  topic")
    for place, index in enumerate(result.order[:rows].tolist(), start=1):
        post = int(result.retrieved[index])
        topic = "" if corpus.topics is None else corpus.topics[post]
        print(
            f"{place:4} {corpus.post_ids[post]:20} {corpus.author_ids[post]:20} "
            f"{result.weighted[index]:9.5f} {result.scores[index]:7.4f}  {topic}"
        )


def _to_json(files: RunFiles, result: PipelineResult) -> str:
    post_ids = files.corpus.post_ids[result.retrieved].tolist()
    retrieved = [
        {"post_id": post_id, "score": score}
        for post_id, score in zip(post_ids, result.scores.tolist(), strict=True)
    ]
    ranked = [
        {
            "post_id": post_ids[index],
            "weighted": float(result.weighted[index]),
            "probabilities": result.probabilities[index].tolist(),
        }
        for index in result.order.tolist()
    ]
    return json.dumps({"retrieved": retrieved, "ranked": ranked}, allow_nan=False)


def _script(options: argparse.Namespace) -> None:
    files = read_run_files(options)
    result = run_pipeline(files, options.top_k_retrieval)
    _print_table(files, result, options.top_k_display)
    if options.json:
        print(_to_json(files, result))


def main() -> int:
    """The command line; the exit status."""
    parser = run_parser("Retrieves posts for a viewer and ranks them.")
    parser.add_argument("--top_k_retrieval", type=positive_integer, default=200, metavar="N")
    parser.add_argument("--top_k_display", type=positive_integer, default=20, metavar="N")
    return run_script(parser, _script)


if __name__ == "__main__":
    sys.exit(main())
