"""A training that was cut off goes on to the bit: real processes, real signals."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from phoenix.training.__main__ import EXIT_STOPPED, main

PYTHON_ROOT = Path(__file__).resolve().parents[1]
# A world of 150 people and two days: 32 small steps of the ranker, then the retrieval model.
WORLD = ("--demo", "--scale", "0.05", "--days", "2", "--epochs", "4", "--seed", "3")
# Far above what it takes; a test that hits it has failed.
END_SECONDS_MAX = 900
STEP_MAX = 12


class Trainer:
    """Starts trainings of one small world, which share what XLA compiled."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def start(self, out: str, *options: str) -> "subprocess.Popen[str]":
        """A training process that saves itself at every step."""
        cache = {
            "JAX_COMPILATION_CACHE_DIR": str(self.directory / "compiled"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        words = [*WORLD, "--out", str(self.directory / out), "--save-steps", "1", *options]
        return subprocess.Popen(
            [sys.executable, "-m", "phoenix.training", *words],
            cwd=PYTHON_ROOT,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **cache},
        )

    def finish(self, out: str, *options: str) -> str:
        """A training to its end: what it said."""
        process = self.start(out, *options)
        _, said = process.communicate(timeout=END_SECONDS_MAX)
        assert process.returncode == 0, said
        return said

    def cut(self, out: str, number: signal.Signals) -> tuple[int, str]:
        """A training that gets a signal at a random step: exit code and what it said."""
        process = self.start(out)
        step = random.randint(1, STEP_MAX)
        self.wait_for(process, out, step)
        process.send_signal(number)
        _, said = process.communicate(timeout=END_SECONDS_MAX)
        return process.returncode, f"(cut at step {step}) {said}"

    def saves(self, out: str) -> list[Path]:
        """The ranker's saves, oldest first."""
        return sorted((self.directory / f"{out}.work").glob("ranker-*.npz"))

    def wait_for(self, process: "subprocess.Popen[str]", out: str, step: int) -> None:
        """Returns when the step is saved."""
        end = time.monotonic() + END_SECONDS_MAX
        while not any(int(path.name.split("-")[1]) >= step for path in self.saves(out)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.005)

    def files(self, out: str) -> dict[str, str]:
        """SHA-256 of every file of a checkpoint."""
        return json.loads((self.directory / out / "manifest.json").read_text())["files"]


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """With one undisturbed training in `whole`."""
    trainer = Trainer(tmp_path_factory.mktemp("training"))
    trainer.finish("whole")
    return trainer


def test_a_finished_training_leaves_a_checkpoint_and_no_work(trainer: Trainer) -> None:
    assert not (trainer.directory / "whole.work").exists()
    manifest = json.loads((trainer.directory / "whole" / "manifest.json").read_text())
    assert manifest["training_command"].startswith("python -m phoenix.training --demo --now ")
    assert "--resume" not in manifest["training_command"]
    assert manifest["metrics"]["ranker_auc"] > 0.5
    curve = json.loads((trainer.directory / "whole" / "learning_curve.json").read_text())
    assert curve["ranker"]["step"][-1] == manifest["metrics"]["ranker_steps"]


def test_ctrl_c_saves_and_says_how_to_go_on_to_the_same_bits(trainer: Trainer) -> None:
    code, said = trainer.cut("interrupted", signal.SIGINT)
    assert code == EXIT_STOPPED, said
    assert "SIGINT: saving at the next step; once more ends at once" in said
    assert "Go on with: python -m phoenix.training --demo" in said
    assert said.rstrip().endswith("--resume")
    assert not (trainer.directory / "interrupted").exists()
    trainer.finish("interrupted", "--resume")
    assert trainer.files("interrupted") == trainer.files("whole"), said


def test_kill_9_and_a_torn_save_go_on_from_the_save_before(trainer: Trainer) -> None:
    code, said = trainer.cut("killed", signal.SIGKILL)
    assert code == -signal.SIGKILL, said
    newest = trainer.saves("killed")[-1]
    os.truncate(newest, newest.stat().st_size // 2)
    said = trainer.finish("killed", "--resume")
    assert f"{newest}: is torn" in said
    assert trainer.files("killed") == trainer.files("whole"), said


def test_work_of_another_training_is_refused(
    trainer: Trainer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = trainer.cut("other", signal.SIGTERM)
    assert code == EXIT_STOPPED, said
    words = [*WORLD, "--out", str(trainer.directory / "other")]
    assert main(words) == 1
    assert "go on with --resume, or remove the directory" in capsys.readouterr().err
    assert main([*words, "--resume", "--epochs", "5"]) == 1
    assert "belongs to another training, which differs in options" in capsys.readouterr().err
    assert main([*words, "--resume", "--days", "1"]) == 1
    assert "which differs in log, options" in capsys.readouterr().err
