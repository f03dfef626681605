"""The retrieval model alone: the posts of a corpus nearest to a viewer.

python phoenix/run_retrieval.py --artifacts_dir DIR [--sequence_file F] [--corpus_file F]
    [--top_k N] [--json]
"""

import argparse
import json
import sys
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from phoenix.run_options import (
    positive_integer,
    read_run_files,
    retrieve,
    run_parser,
    run_script,
)


def _script(options: argparse.Namespace) -> None:
    files = read_run_files(options)
    best, scores = retrieve(files, options.top_k)
    corpus = files.corpus
    events = len(files.sequence.history.post_ids)
    print(f"viewer {files.sequence.user_id}, {events} events, {len(corpus.post_ids)} posts")
    print(f"{'rank':>4} {'post':>20} {'author':>20} {'score':>8}  topic")
    retrieved = []
    for place, (post, score) in enumerate(zip(best.tolist(), scores.tolist(), strict=True), 1):
        post_id, author_id = int(corpus.post_ids[post]), int(corpus.author_ids[post])
        topic = "" if corpus.topics is None else corpus.topics[post]
        print(f"{place:4} {post_id:20} {author_id:20} {score:8.5f}  {topic}")
        retrieved.append({"post_id": post_id, "author_id": author_id, "score": score})
    if options.json:
        version = files.checkpoint.version
        print(json.dumps({"model_version": version, "retrieved": retrieved}, allow_nan=False))


def main() -> int:
    """The command line; the exit status."""
    parser = run_parser("Finds the posts of a corpus that are nearest to a viewer.")
    parser.add_argument("--top_k", type=positive_integer, default=20, metavar="N")
    return run_script(parser, _script)


if __name__ == "__main__":
    sys.exit(main())
