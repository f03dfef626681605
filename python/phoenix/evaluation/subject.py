"""What is evaluated: a checkpoint, and the impressions that came after its data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from phoenix.checkpoint_config import Manifest
from phoenix.checkpoints import Checkpoint, CheckpointError, load_checkpoint
from phoenix.data.training_log import TrainingLog, load_training_log
from phoenix.data.world import world_training_log
from phoenix.evaluation.demo_pools import DemoDay, demo_day
from phoenix.evaluation.impressions import EvaluationError, LoggedRequests, logged_requests
from phoenix.evaluation.personas import permuted
from phoenix.inference import InferenceEngine
from phoenix.snowflakes import SNOWFLAKE_EPOCH_MS
from phoenix.training.viewer_sequences import ViewerSequences, viewer_sequences

DEMO_SEED = 7
DEMO_CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoints" / "demo"


@dataclass(frozen=True)
class Sizes:
    """How much is measured; None: everything there is. Viewers are drawn with a seed.

    cold_requests: requests that are asked again as if by a newcomer.
    replicates: of each bootstrap.
    """

    ranking_requests: int | None = None
    cold_requests: int = 2_500
    regression_rows: int = 200_000
    feed_viewers: int = 80
    feed_pool: int | None = None
    retrieval_likes: int | None = 2_000
    policy_requests: int = 250
    compare_requests: int = 4_000
    replicates: int = 200
    seed: int = 11


QUICK = Sizes(
    ranking_requests=250,
    cold_requests=60,
    regression_rows=20_000,
    feed_viewers=12,
    feed_pool=1_500,
    retrieval_likes=60,
    policy_requests=25,
    compare_requests=120,
    replicates=50,
)
"""For tests: seconds instead of minutes, and far too noisy to judge a model by."""


@dataclass
class Subject:
    """A checkpoint with the world, or the log, that it is measured on. Built when first used.

    log_path: a real log instead of the demo world. sizes, days_later: see the command's help.
    """

    checkpoint: Checkpoint
    manifest: Manifest
    sizes: Sizes
    days_later: float = 3.0
    log_path: Path | None = None
    permute: bool = False
    say: Callable[[str], None] = field(default=lambda text: None)

    @cached_property
    def ranker(self) -> InferenceEngine:
        """The ranking model."""
        bundle = self.checkpoint.ranker
        return InferenceEngine(permuted(bundle, seed=1) if self.permute else bundle)

    @cached_property
    def retrieval(self) -> InferenceEngine:
        """The retrieval model."""
        return InferenceEngine(self.checkpoint.retrieval)

    @property
    def data_range_ms(self) -> tuple[int, int]:
        """Start and end of the checkpoint's training data."""
        return self.manifest.provenance.data_range_ms

    @property
    def data_end_ms(self) -> int:
        """End of the training data: nothing later was seen."""
        return self.data_range_ms[1]

    @cached_property
    def day(self) -> DemoDay:
        """The demo world, some days after the data's end.

        Raises:
          EvaluationError: A log was given instead.
        """
        if self.log_path is not None:
            raise EvaluationError(
                "this needs the demo world, whose true tastes are known, or who could have been "
                "shown what: leave out --log"
            )
        self.say("making the demo world")
        return demo_day(DEMO_SEED, data_range_ms=self.data_range_ms, days_later=self.days_later)

    @cached_property
    def log(self) -> TrainingLog:
        """The impressions of the log that was given, or of the demo world."""
        if self.log_path is None:
            return world_training_log(self.day.world)
        try:
            return load_training_log(self.log_path)
        except (OSError, ValueError) as error:
            raise EvaluationError(f"--log {self.log_path}: {error}") from error

    @cached_property
    def sequences(self) -> ViewerSequences:
        """The log, viewer by viewer."""
        return self.day.sequences if self.log_path is None else viewer_sequences(self.log)

    @cached_property
    def requests(self) -> LoggedRequests:
        """Every request after the data's end."""
        return logged_requests(self.log, self.sequences, from_ms=self.data_end_ms)


def load_subject_checkpoint(directory: Path) -> tuple[Checkpoint, Manifest]:
    """A checkpoint that says which data it was trained on.

    Raises:
      CheckpointError: It cannot be used, or has no manifest.
    """
    checkpoint = load_checkpoint(directory)
    if checkpoint.manifest is None:
        raise CheckpointError("no manifest.json, so no data range")
    return checkpoint, checkpoint.manifest


def newcomer_ids(engine: InferenceEngine, count: int, now_ms: int) -> dict[str, np.ndarray]:
    """Ids of viewers whom the model cannot know, by what their rows hold.

    "no row": small ids whose rows training never touched; absent when there are none.
    "others' rows": ids as large as the clock's, which hash into rows of other viewers.
    """
    small = np.arange(1, 1 << 16, dtype=np.int64)
    untouched = small[~engine.bundle.lookup_user(small).any(axis=(1, 2))]
    clock = np.int64(now_ms - SNOWFLAKE_EPOCH_MS) << 22
    large = clock + 1 + 7_919 * np.arange(count, dtype=np.int64)
    ids = {"others' rows": large}
    if len(untouched):
        ids = {"no row": untouched[np.arange(count) % len(untouched)]} | ids
    return ids
