"""Trains a checkpoint: `python -m phoenix.training (--demo | --log PATH) [--out DIR] [--resume]`.

--demo makes the demo world's log of the four weeks before --now in memory (the trainer never sees
the world's true tastes); --log reads a training log. Both models are trained and the checkpoint
is written with its manifest. The demo takes ten minutes at most on two cores.

Training saves itself into --work every minute, on Ctrl-C and on SIGTERM. --resume goes on, and
the checkpoint is then the same to the bit, on one machine, as that of an undisturbed training.

Exit code: 0 done; 1 it failed; 2 wrong arguments; 75 stopped and saved, to be resumed.
"""

import argparse
import shlex
import sys
import time
from pathlib import Path

from phoenix.data.demo_world import parse_time
from phoenix.data.posts import HOUR_MS
from phoenix.data.training_log import load_training_log
from phoenix.data.world import LOG_DAYS, create_world, world_training_log
from phoenix.keep_pages import keep_freed_pages
from phoenix.training.interruption import InterruptedTrainingError, interruption
from phoenix.training.progress import duration
from phoenix.training.train_loop import SaveOptions, Saves, TrainingError
from phoenix.training.training_job import TrainingJob, create_job, run_job
from phoenix.training.viewer_sequences import LeakError
from phoenix.training.work_directory import SaveError, WorkDirectory, WorkDirectoryError

DEMO_SEED = 7
DEMO_NOW = "2026-11-01T00:00:00Z"
_DEMO_OUT = Path(__file__).resolve().parents[2] / "checkpoints" / "demo"
EXIT_FAILED, EXIT_STOPPED = 1, 75


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m phoenix.training")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--demo", action="store_true", help="the demo checkpoint")
    source.add_argument("--log", type=Path, metavar="PATH", help="a training log")
    parser.add_argument("--out", type=Path, help="the checkpoint; default: the demo's own place")
    parser.add_argument("--resume", action="store_true", help="go on with a training cut off")
    parser.add_argument("--work", type=Path, help="where it saves itself; default OUT.work")
    parser.add_argument("--save-seconds", type=float, default=60.0, help="between two saves")
    parser.add_argument("--save-steps", type=int, default=500, help="the same, in steps")
    parser.add_argument("--epochs", type=int, help="of both models; default by the log's size")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is random")
    parser.add_argument("--debias", type=float, default=0.0, help="power of 1 / propensity, 0 to 1")
    parser.add_argument("--now", default=DEMO_NOW, help="end of the demo's log")
    parser.add_argument("--days", type=int, default=LOG_DAYS, help="length of the demo's log")
    parser.add_argument("--scale", type=float, default=1.0, help="of the demo world's people")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.demo:
        try:
            arguments.now = parse_time(arguments.now)
        except ValueError:
            parser.error(f"--now: expected a time such as {DEMO_NOW}, found {arguments.now}")
    if arguments.out is None:
        if not arguments.demo:
            parser.error("--out: expected the directory of the checkpoint, since --log is given")
        arguments.out = _DEMO_OUT
    for name in ("epochs", "days", "save_steps"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')}: expected 1 or more, found {value}")
    if arguments.seed < 0:
        parser.error(f"--seed: expected 0 or more, found {arguments.seed}")
    if not 0.0 <= arguments.debias <= 1.0:
        parser.error(f"--debias: expected 0 to 1, found {arguments.debias}")
    if arguments.work is None:
        arguments.work = arguments.out.with_name(f"{arguments.out.name}.work")
    return arguments


def _command(arguments: argparse.Namespace) -> str:
    """The arguments that decide the result: the same for a training that was cut off."""
    defaults = _parser().parse_args(["--demo"])
    source = f"--demo --now {arguments.now}" if arguments.demo else f"--log {arguments.log}"
    parts = ["python -m phoenix.training", source]
    for name in ("days", "scale", "epochs", "seed", "debias"):
        value = getattr(arguments, name)
        if value != getattr(defaults, name):
            parts.append(f"--{name} {value}")
    return " ".join(parts)


def _job(arguments: argparse.Namespace) -> TrainingJob:
    options = {name: getattr(arguments, name) for name in ("epochs", "seed", "debias")}
    command = _command(arguments)
    if arguments.log is not None:
        return create_job(load_training_log(arguments.log), command=command, **options)
    start_ms = arguments.now - arguments.days * 24 * HOUR_MS
    world = create_world(DEMO_SEED, arguments.now, scale=arguments.scale, from_ms=start_ms)
    data_range_ms = (start_ms, arguments.now)
    return create_job(
        world_training_log(world), command=command, data_range_ms=data_range_ms, **options
    )


def _train(arguments: argparse.Namespace, argv: list[str]) -> int:
    started = time.monotonic()
    with interruption() as asked:
        job = _job(arguments)
        work = WorkDirectory(arguments.work, job.identity(), resume=arguments.resume)
        try:
            options = SaveOptions(arguments.save_steps, arguments.save_seconds)
            run_job(job, arguments.out, saves=Saves(work, options, asked), quiet=arguments.quiet)
        except InterruptedTrainingError as error:
            again = [word for word in argv if word != "--resume"]
            command = shlex.join(["python", "-m", "phoenix.training", *again, "--resume"])
            print(f"{error}, in {arguments.work}. Go on with: {command}", file=sys.stderr)
            return EXIT_STOPPED
        finally:
            work.close()
    work.remove()
    took = duration(time.monotonic() - started)
    print(f"{arguments.out} written after {took}", file=sys.stderr)
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    arguments = _arguments(words)
    try:
        return _train(arguments, words)
    except (TrainingError, WorkDirectoryError, SaveError, LeakError) as error:
        print(f"training: {error}", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"training failed: {error}", file=sys.stderr)
    return EXIT_FAILED


if __name__ == "__main__":
    keep_freed_pages()
    sys.exit(main())
