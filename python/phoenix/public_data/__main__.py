"""Measures the models on public data: `python -m phoenix.public_data movielens|community-notes`.

movielens: trains the retrieval model on MovieLens-1M, leave-one-out, and ranks all movies through
the served code path. community-notes: trains the ranker on rating tags and prints each one's AUC.
Neither data set is in the repository; without one, the command says where to get it and returns 0.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from phoenix.keep_pages import keep_freed_pages
from phoenix.public_data.community_notes_data import read_ratings
from phoenix.public_data.community_notes_report import (
    community_notes_report,
    community_notes_table,
    is_above_floors,
)
from phoenix.public_data.community_notes_training import RatingTrainingOptions
from phoenix.public_data.data_directory import (
    COMMUNITY_NOTES,
    MOVIELENS,
    data_directory,
    skipped_sentence,
)
from phoenix.public_data.movielens_data import read_movielens
from phoenix.public_data.movielens_report import (
    baselines,
    is_good_enough,
    movielens_table,
    run_report,
    with_run,
)
from phoenix.public_data.movielens_training import MovieTrainer, MovieTrainingOptions


def _write(report: dict[str, object], results: Path | None) -> None:
    if results is not None:
        results.write_text(json.dumps(report, indent=2) + "\n")
        print(f"results are in {results}", file=sys.stderr)


def _movielens(directory: Path, arguments: argparse.Namespace) -> bool:
    sequences = read_movielens(directory)
    options = MovieTrainingOptions(seed=arguments.seed)
    if arguments.epochs is not None:
        options = dataclasses.replace(options, epochs=arguments.epochs)
    if arguments.ahead is not None:
        options = dataclasses.replace(options, ahead=arguments.ahead)
    if arguments.before is not None:
        options = dataclasses.replace(options, before=arguments.before)
    base = baselines(sequences)
    training = MovieTrainer(sequences, options).train(file=arguments.run)
    run = run_report(sequences, training, options)
    report = with_run(arguments.results or Path(), run, base)
    _write(report, arguments.results)
    if arguments.json:
        print(json.dumps(report))
    else:
        print(movielens_table(report))
    return is_good_enough(run)


def _community_notes(directory: Path, arguments: argparse.Namespace) -> bool:
    ratings = read_ratings(directory)
    options = RatingTrainingOptions()
    if arguments.epochs is not None:
        options = dataclasses.replace(options, epochs=arguments.epochs)
    report = community_notes_report(ratings, options)
    _write(report, arguments.results)
    print(json.dumps(report) if arguments.json else community_notes_table(report))
    return is_above_floors(report)


def _weights(text: str) -> tuple[float, ...]:
    """Numbers above 0 with commas between them. Raises ArgumentTypeError."""
    try:
        values = tuple(float(each) for each in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be numbers as in 1,0.5: {error}") from error
    if not all(value > 0 for value in values):
        raise argparse.ArgumentTypeError("every weight must be above 0")
    return values


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m phoenix.public_data")
    parser.add_argument("what", choices=["movielens", "community-notes"])
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the data set lies")
    parser.add_argument(
        "--seed", type=int, default=1, help="of movielens; community-notes averages its own three"
    )
    parser.add_argument("--epochs", type=int, help="passes over the data; default as documented")
    parser.add_argument(
        "--ahead",
        type=_weights,
        metavar="W,W",
        help="movielens: weights of the next movies as targets; 1 is the next alone",
    )
    parser.add_argument(
        "--before",
        choices=["validation", "test"],
        help="movielens: train on what came before this movie; default test",
    )
    parser.add_argument(
        "--run", type=Path, metavar="FILE", help="movielens: keep the run here and go on from it"
    )
    parser.add_argument("--results", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    return parser


def main(argv: list[str] | None = None) -> int:
    """The command. Returns 1 when a required figure is missed, 2 for data that cannot be read."""
    arguments = _parser().parse_args(sys.argv[1:] if argv is None else argv)
    movielens = arguments.what == "movielens"
    data_set = MOVIELENS if movielens else COMMUNITY_NOTES
    directory = data_directory(data_set, arguments.data)
    if directory is None:
        print(skipped_sentence(data_set), file=sys.stderr)
        return 0
    try:
        run = _movielens if movielens else _community_notes
        return 0 if run(directory, arguments) else 1
    except (ValueError, OSError) as error:
        print(f"python -m phoenix.public_data: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    keep_freed_pages()
    sys.exit(main())
