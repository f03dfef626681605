"""What the three run scripts share: options, files by default, retrieval over a corpus."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from phoenix.checkpoints import Checkpoint, load_checkpoint
from phoenix.inference import InferenceEngine
from phoenix.sequences import Corpus, Sequence, read_corpus, read_sequence

# Tried in this order when no corpus is named: the published name, then ours.
CORPUS_FILES = ("sports_corpus.npz", "corpus.npz")
SEQUENCE_FILE = "example_sequence.json"


@dataclass(frozen=True)
class RunFiles:
    """What a script works on."""

    checkpoint: Checkpoint
    sequence: Sequence
    corpus: Corpus


def run_parser(description: str) -> argparse.ArgumentParser:
    """A parser with the options that every script takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--artifacts_dir", type=Path, required=True, metavar="DIR", help="checkpoint directory"
    )
    parser.add_argument(
        "--sequence_file",
        type=Path,
        metavar="F",
        help=f"a viewer's history; default DIR/{SEQUENCE_FILE}",
    )
    parser.add_argument(
        "--corpus_file",
        type=Path,
        metavar="F",
        help=f"posts to choose from; default DIR/{' or DIR/'.join(CORPUS_FILES)}",
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser


def positive_integer(text: str) -> int:
    """An option that is 1 or more. Raises ArgumentTypeError."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, found {value}")
    return value


def _default_corpus(directory: Path) -> Path:
    for name in CORPUS_FILES:
        if (directory / name).is_file():
            return directory / name
    raise ValueError(f"{directory}: has no {' or '.join(CORPUS_FILES)}: give --corpus_file")


def read_run_files(options: argparse.Namespace) -> RunFiles:
    """Loads checkpoint, sequence and corpus that the options name.

    Raises:
      ValueError, OSError: A file cannot be used; the message names it.
    """
    directory: Path = options.artifacts_dir
    checkpoint = load_checkpoint(directory)
    sequence_file: Path = options.sequence_file or directory / SEQUENCE_FILE
    return RunFiles(
        checkpoint=checkpoint,
        sequence=read_sequence(sequence_file, checkpoint.ranker.config.num_actions),
        corpus=read_corpus(options.corpus_file or _default_corpus(directory)),
    )


def retrieve(files: RunFiles, count: int) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The posts of the corpus nearest to the viewer: indices and scores, best first.

    Equal scores: the newest (largest) id first. No limit per author.
    """
    engine = InferenceEngine(files.checkpoint.retrieval)
    corpus = files.corpus
    vectors = corpus.representations
    if vectors is None:
        vectors = engine.embed_posts(corpus.post_ids, corpus.author_ids, corpus.created_at_ms)
    scores = vectors @ engine.embed_user(files.sequence.user_id, files.sequence.history)
    best = np.lexsort((-corpus.post_ids, -scores))[:count]
    return best, scores[best]


def run_script(
    parser: argparse.ArgumentParser, script: Callable[[argparse.Namespace], None]
) -> int:
    """Runs a script on the command line's options; the exit status, 1 with one clear sentence."""
    options = parser.parse_args()
    try:
        script(options)
    except (ValueError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0
