"""One training from a log to a checkpoint: both models, by options that follow from the log."""

import dataclasses
import hashlib
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import jax
import numpy as np

from phoenix.checkpoints import Provenance, json_bytes, npz_bytes, save_checkpoint
from phoenix.config import HashParameters
from phoenix.data.training_log import TrainingLog
from phoenix.gen.actions import ACTIONS
from phoenix.training.canary_inputs import canary_inputs
from phoenix.training.factorise import Factors, SplitFactors, factorise
from phoenix.training.model_sizes import (
    hashes_for,
    log_size,
    ranker_epochs,
    retrieval_epochs,
)
from phoenix.training.ranker_training import RankerOptions, ranker_from_ms, train_ranker
from phoenix.training.retrieval_batches import positive_sequences
from phoenix.training.retrieval_training import RetrievalOptions, train_retrieval
from phoenix.training.start_from_factors import FACTORS
from phoenix.training.train_loop import Saves, Trained, TrainingError
from phoenix.training.viewer_sequences import ViewerSequences, viewer_sequences
from phoenix.training.work_directory import Arrays, Identity, WorkDirectory

_CORPUS_POSTS = 2_000
_EXAMPLE_EVENTS = 32
_CURVE_POINTS = 200
# Raised when saves of an older trainer would not go on to the same bits.
_TRAINER_VERSION = "3"


@dataclass(frozen=True)
class FactorOptions:
    """How the factors are made that the rows of viewers and authors start from."""

    size: int = FACTORS
    rounds: int = 6
    seed: int = 5


@dataclass(frozen=True)
class TrainingJob:
    """A log, and all that decides what is learnt from it.

    data_range_ms: first and last moment of the log. command: what makes the same checkpoint again.
    """

    log: TrainingLog
    data_range_ms: tuple[int, int]
    hashes: HashParameters
    command: str
    ranker: RankerOptions = field(default_factory=RankerOptions)
    retrieval: RetrievalOptions = field(default_factory=RetrievalOptions)
    factors: FactorOptions = field(default_factory=FactorOptions)

    def identity(self) -> Identity:
        """Hashes of what a resumed training must share with the one that was cut off."""
        log = hashlib.sha256()
        for column in dataclasses.fields(self.log):
            log.update(np.ascontiguousarray(getattr(self.log, column.name)).data)
        chosen = [self.ranker, self.retrieval, self.factors, self.hashes]
        options = json.dumps([dataclasses.asdict(each) for each in chosen], sort_keys=True)
        return {
            "log": log.hexdigest(),
            "options": hashlib.sha256((options + self.command).encode()).hexdigest(),
            "versions": f"trainer {_TRAINER_VERSION}, jax {jax.__version__}, "
            f"numpy {np.version.version}",
        }


def create_job(
    log: TrainingLog,
    *,
    command: str,
    data_range_ms: tuple[int, int] | None = None,
    epochs: int | None = None,
    seed: int = 1,
    debias: float = 0.0,
) -> TrainingJob:
    """Options for a log by the rules of model_sizes.py, where they are not given.

    Raises:
      TrainingError: The log is empty.
    """
    if len(log) == 0:
        raise TrainingError("the log holds no impression: there is nothing to learn from")
    size = log_size(log)
    return TrainingJob(
        log=log,
        data_range_ms=data_range_ms or (int(log.at_ms.min()), int(log.at_ms.max()) + 1),
        hashes=hashes_for(size),
        command=command,
        ranker=RankerOptions(epochs=epochs or ranker_epochs(size), debias=debias, seed=seed),
        retrieval=RetrievalOptions(epochs=epochs or retrieval_epochs(size), seed=seed + 1),
        factors=FactorOptions(seed=seed + 4),
    )


def _git_commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return found.stdout.strip() or "unknown"


def _corpus(log: TrainingLog) -> bytes:
    """The newest posts of the log, for the run scripts."""
    _, first = np.unique(log.post_id, return_index=True)
    newest = first[np.argsort(log.post_created_at_ms[first], kind="stable")][-_CORPUS_POSTS:]
    return npz_bytes(
        {
            "post_ids": log.post_id[newest],
            "author_ids": log.author_id[newest],
            "created_at_ms": log.post_created_at_ms[newest],
        }
    )


def _example_sequence(sequences: ViewerSequences, end_ms: int) -> bytes:
    """What the first viewer of the log did last, for the run scripts."""
    history = sequences.history_before(0, end_ms, _EXAMPLE_EVENTS)
    events = [
        {
            "post_id": int(history.post_ids[place]),
            "author_id": int(history.author_ids[place]),
            "actions": {
                ACTIONS[index].name: 1 for index in np.flatnonzero(history.actions[place]).tolist()
            },
        }
        for place in range(len(history.post_ids))
    ]
    return json_bytes({"user_id": int(sequences.viewer_ids[0]), "history": events})


def _curve(trained: Trained) -> dict[str, list[float]]:
    """Loss and AUC before training steps, as means over at most 200 stretches."""
    parts = np.array_split(np.arange(len(trained.losses)), min(len(trained.losses), _CURVE_POINTS))
    return {
        "step": [float(part[-1] + 1) for part in parts],
        "loss": [float(np.nanmean(trained.losses[part])) for part in parts],
        "auc": [float(np.nanmean(trained.aucs[part])) for part in parts],
    }


def _metrics(job: TrainingJob, ranked: Trained, retrieved: Trained) -> dict[str, float]:
    metrics = {"impressions": float(len(job.log))}
    for name, trained, epochs in (
        ("ranker", ranked, job.ranker.epochs),
        ("retrieval", retrieved, job.retrieval.epochs),
    ):
        steps = len(trained.losses)
        last = slice(steps - steps // epochs, steps)
        metrics[f"{name}_loss"] = float(np.nanmean(trained.losses[last]))
        metrics[f"{name}_auc"] = float(np.nanmean(trained.aucs[last]))
        metrics[f"{name}_steps"] = float(steps)
        metrics[f"{name}_steps_skipped"] = float(trained.skipped)
    metrics["retrieval_temperature"] = float(np.exp(retrieved.extra["log_temperature"]))
    return metrics


def _as_arrays(factors: SplitFactors) -> Arrays:
    parts = {"earlier": factors.earlier, "all": factors.all}
    return {
        f"{part}_{name}": value
        for part, each in parts.items()
        for name, value in vars(each).items()
    }


def _as_factors(arrays: Arrays) -> SplitFactors:
    names = [each.name for each in dataclasses.fields(Factors)]
    earlier, everything = (
        Factors(**{name: arrays[f"{part}_{name}"] for name in names}) for part in ("earlier", "all")
    )
    return SplitFactors(earlier, everything)


def _factors(
    job: TrainingJob, sequences: ViewerSequences, work: WorkDirectory | None
) -> SplitFactors:
    """Factors of the work directory, or new ones, which it then keeps."""
    found = work.newest("factors") if work is not None else None
    if found is not None:
        return _as_factors(found[1])
    options = job.factors
    factors = factorise(
        sequences,
        size=options.size,
        rounds=options.rounds,
        seed=options.seed,
        until_ms=ranker_from_ms(sequences),
    )
    if work is not None:
        work.save("factors", 0, _as_arrays(factors))
    return factors


def run_job(
    job: TrainingJob, out: Path, *, saves: Saves | None = None, quiet: bool = False
) -> dict[str, float]:
    """Trains both models and writes the checkpoint. Returns the manifest's metrics.

    Raises:
      TrainingError: The log has nothing to learn from, or too many gradients were not finite.
      InterruptedTrainingError: Somebody asked for the end; the state is saved.
      SaveError: Something of the work directory could not be saved.
      OSError: The checkpoint could not be written.
    """
    sequences = viewer_sequences(job.log)
    if not len(positive_sequences(sequences).impressions.post_ids):
        raise TrainingError(
            "the log holds no like, reply, repost, share, quote or follow: nothing "
            "that retrieval could learn from"
        )
    factors = _factors(job, sequences, saves.work if saves is not None else None)
    end_ms = job.data_range_ms[1]
    ranker, ranked = train_ranker(
        sequences,
        factors,
        options=job.ranker,
        hashes=job.hashes,
        data_end_ms=end_ms,
        saves=saves,
        quiet=quiet,
    )
    retrieval, retrieved = train_retrieval(
        sequences,
        factors.all,
        options=job.retrieval,
        hashes=job.hashes,
        data_end_ms=end_ms,
        saves=saves,
        quiet=quiet,
    )
    metrics = _metrics(job, ranked, retrieved)
    save_checkpoint(
        out,
        ranker=ranker,
        retrieval=retrieval,
        provenance=Provenance(
            git_commit=_git_commit(),
            training_command=job.command,
            data_range_ms=job.data_range_ms,
            item_dropout=job.ranker.drop.item,
            metrics=metrics,
        ),
        canary=canary_inputs(sequences),
        extra_files={
            "corpus.npz": _corpus(job.log),
            "example_sequence.json": _example_sequence(sequences, end_ms),
            "learning_curve.json": json_bytes(
                {"ranker": _curve(ranked), "retrieval": _curve(retrieved)}
            ),
        },
    )
    return metrics
