"""The work directory, progress and signals of training, without any model."""

import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from phoenix.training.progress import TrainingProgress, duration
from phoenix.training.work_directory import SaveError, WorkDirectory, WorkDirectoryError

PYTHON_ROOT = Path(__file__).resolve().parents[1]
IDENTITY = {"log": "aa", "options": "bb"}


def _arrays(number: int) -> dict[str, np.ndarray]:
    return {"weights": np.full(50_000, number, np.float32)}


def test_the_newest_two_saves_stay_and_a_torn_one_is_passed(tmp_path: Path) -> None:
    told: list[str] = []
    work = WorkDirectory(tmp_path / "w", IDENTITY, resume=False, tell=told.append)
    assert work.newest("ranker") is None
    for step in (10, 20, 30):
        work.save("ranker", step, _arrays(step))
    older, newest = sorted(work.directory.glob("ranker-*.npz"))
    found = work.newest("ranker")
    assert found is not None
    assert (found[0], found[1]["weights"][0]) == (30, 30.0)
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    found = work.newest("ranker")
    assert found is not None
    assert found[0] == 20
    assert told == [f"{newest}: is torn (its SHA-256 is not that of its name); it is not used"]
    older.unlink()
    assert work.newest("ranker") is None
    work.close()


def test_a_full_disk_leaves_the_save_before_as_it_was(tmp_path: Path) -> None:
    work = WorkDirectory(tmp_path / "w", IDENTITY, resume=False)
    work.save("ranker", 10, _arrays(10))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(SaveError, match="the ranker of step 20 could not be saved") as error:
            work.save("ranker", 20, _arrays(20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "the save of step 10 is as it was" in str(error.value)
    found = work.newest("ranker")
    assert found is not None
    assert (found[0], found[1]["weights"][0]) == (10, 10.0)
    assert sorted(path.suffix for path in work.directory.iterdir()) == ["", ".json", ".npz"]
    work.close()


def test_one_training_uses_a_work_directory_and_a_torn_identity_is_named(tmp_path: Path) -> None:
    work = WorkDirectory(tmp_path, IDENTITY, resume=False)
    with pytest.raises(WorkDirectoryError, match="another training is using it"):
        WorkDirectory(tmp_path, IDENTITY, resume=True)
    work.close()
    with pytest.raises(WorkDirectoryError, match="differs in options; resume with"):
        WorkDirectory(tmp_path, {**IDENTITY, "options": "cc"}, resume=True)
    WorkDirectory(tmp_path, IDENTITY, resume=True).close()
    (tmp_path / "identity.json").write_text("{")
    with pytest.raises(WorkDirectoryError, match=r"identity.json: is torn"):
        WorkDirectory(tmp_path, IDENTITY, resume=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_at_once(number: signal.Signals) -> None:
    program = """
from phoenix.training.interruption import interruption
with interruption() as asked:
    print("ready", flush=True)
    while True:
        pass
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=PYTHON_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.stderr.readline() == "\n"
    assert "saving at the next step" in process.stderr.readline()
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == -number


def test_progress_is_lines_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    progress = TrainingProgress("ranker", 3)
    for number in (1, 2, 3):
        progress.step(number, loss=float(number), auc=0.5 + number / 10, examples=1_000)
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("ranker  step 1/3  loss 1.0000  AUC 0.600  ")
    assert last.startswith("ranker  step 3/3  loss 2.0000  AUC 0.700  ")
    assert "examples/s" in last
    assert last.endswith("0 s left")
    assert [duration(5.0), duration(65.0), duration(3_700.0)] == ["5 s", "1 min 05 s", "1 h 01 min"]


def test_progress_is_one_bar_on_a_terminal() -> None:
    program = """
from phoenix.training.progress import TrainingProgress
progress = TrainingProgress("ranker", 2)
progress.step(2, loss=float("nan"), auc=0.5, examples=10)
progress.step(2, loss=1.0, auc=0.5, examples=10)
"""
    ours, theirs = pty.openpty()
    try:
        subprocess.run([sys.executable, "-c", program], cwd=PYTHON_ROOT, stderr=theirs, check=True)
        shown = os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "\r\x1b[K[########################] ranker  step 2/2  loss 1.0000  AUC 0.500" in shown
