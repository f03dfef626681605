"""The comparison of serving's tokens with training's: it sees every kind of difference."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from phoenix.data.training_log import TrainingLog
from phoenix.data.training_log_files import read_log_and_requests, write_log
from phoenix.gen import phoenix_pb2 as wire
from phoenix.training.viewer_sequences import viewer_sequences
from services.token_skew import main
from tests.random_checkpoint import shared_checkpoint

START_MS = 1_793_491_200_000
MINUTE_MS = 60_000


def _log() -> TrainingLog:
    """Twenty requests of one viewer, each acted on at once, half an hour apart."""
    count, slots = 20, 4
    request = np.repeat(np.arange(count), slots)
    ranked = START_MS + request * 30 * MINUTE_MS
    position = np.tile(np.arange(slots), count)
    outcomes = np.zeros((count * slots, 18), np.uint8)
    outcomes[np.arange(0, count * slots, slots), np.arange(count) % 18] = 1
    return TrainingLog(
        request_id=request.astype(np.int64),
        viewer_id=np.full(count * slots, 7),
        post_id=100 + np.arange(count * slots),
        author_id=900 + position,
        at_ms=ranked + MINUTE_MS * (1 + position),
        post_created_at_ms=ranked - 90 * MINUTE_MS * (1 + position),
        position=position,
        surface=np.ones(count * slots, np.uint8),
        source=np.zeros(count * slots, np.uint8),
        propensity=np.ones(count * slots, np.float32),
        outcomes=outcomes,
        dwell_seconds=np.where(position == 0, 2.5, 0).astype(np.float32),
        ranked_at_ms=ranked,
    )


def _write(directory: Path) -> tuple[Path, list[dict[str, str]]]:
    """The log's files, and the samples of a gateway that served it without a fault."""
    log = _log()
    write_log(log, directory / "log")
    read, names = read_log_and_requests(directory / "log")
    sequences = viewer_sequences(read)
    samples = []
    for number, name in enumerate(names):
        mine = read.request_id == number
        ranked_ms = int(read.ranked_at_ms[mine][0])
        history = sequences.history_before(0, ranked_ms, 50)
        request = wire.RankRequest(
            user_id=7,
            packed_actions=wire.PackedActions(
                post_ids=history.post_ids.tolist(),
                author_ids=history.author_ids.tolist(),
                multi_hot=history.actions.astype(np.uint8).tobytes(),
                dwell_seconds=history.dwell_seconds.tolist(),
                post_created_at_ms=history.created_at_ms.tolist(),
            ),
            packed_candidates=wire.PackedCandidates(
                post_ids=read.post_id[mine].tolist(),
                author_ids=read.author_id[mine].tolist(),
                created_at_ms=read.post_created_at_ms[mine].tolist(),
            ),
            request_time_ms=ranked_ms,
        )
        encoded = base64.b64encode(request.SerializeToString()).decode()
        samples.append({"requestId": name, "modelVersion": "m", "request": encoded})
    return directory / "log", samples


def _compare(log: Path, samples: list[dict[str, str]]) -> int:
    path = log.parent / "token-samples.jsonl"
    path.write_text("".join(f"{json.dumps(sample)}\n" for sample in samples))
    checkpoint = str(shared_checkpoint())
    return main(["--log", str(log), "--samples", str(path), "--checkpoint", checkpoint])


def test_equal_tokens_have_no_skew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _compare(*_write(tmp_path)) == 0
    report = json.loads(capsys.readouterr().out)
    # The random model's history holds 12.
    tokens = 4 * sum(min(12, before) for before in range(20))
    assert report == {
        "requests": 20, "impressions": 80, "tokens": tokens, "differing": {}, "examples": [],
    }  # fmt: skip


def _edit_history(actions: wire.PackedActions, edit: str) -> None:
    if edit == "history.post":
        actions.post_ids[0] += 1
    elif edit == "history.author":
        actions.author_ids[0] += 1
    elif edit == "history.actions":
        actions.multi_hot = bytes([1 - actions.multi_hot[0]]) + actions.multi_hot[1:]
    elif edit == "history.dwell_seconds":
        actions.dwell_seconds[0] += 0.5
    elif edit == "history.surface":
        actions.surfaces = bytes([1] * len(actions.post_ids))
    elif edit == "history.created_at_ms":
        actions.post_created_at_ms[0] += 1


def _edit_candidates(candidates: wire.PackedCandidates, edit: str) -> None:
    if edit == "candidate.post":
        candidates.post_ids[0] += 10_000
    elif edit == "candidate.author":
        candidates.author_ids[0] += 1
    elif edit == "candidate.created_at_ms":
        candidates.created_at_ms[0] += 1
    elif edit == "candidate.surface":
        candidates.surfaces = bytes([1] * len(candidates.post_ids))


def _edited(sample: dict[str, str], edit: str) -> dict[str, str]:
    """The sample of a gateway that fed something else."""
    request = wire.RankRequest.FromString(base64.b64decode(sample["request"]))
    _edit_history(request.packed_actions, edit)
    _edit_candidates(request.packed_candidates, edit)
    if edit == "candidate.age_bucket":
        request.request_time_ms += 300 * MINUTE_MS
    elif edit == "viewer":
        request.user_id += 1
    return {**sample, "request": base64.b64encode(request.SerializeToString()).decode()}


@pytest.mark.parametrize(
    "edit",
    [
        "viewer", "history.post", "history.author", "history.actions", "history.dwell_seconds",
        "history.surface", "history.created_at_ms", "candidate.post", "candidate.author",
        "candidate.created_at_ms", "candidate.surface", "candidate.age_bucket",
    ],
)  # fmt: skip
def test_a_difference_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: str
) -> None:
    log, samples = _write(tmp_path)
    samples[5] = _edited(samples[5], edit)
    assert _compare(log, samples) == 1
    report = json.loads(capsys.readouterr().out)
    assert edit in report["differing"]
    assert {example["request"] for example in report["examples"]} == {samples[5]["requestId"]}


def test_what_cannot_be_compared_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, samples = _write(tmp_path)
    assert _compare(log, [{**samples[0], "requestId": "unknown"}]) == 2
    assert "no sampled request has an impression in the log" in capsys.readouterr().err
    assert _compare(log, [samples[0], {"requestId": "r"}]) == 2
    assert "line 2 is no token sample" in capsys.readouterr().err
    (log / "impressions").rename(tmp_path / "elsewhere")
    assert _compare(log, samples) == 2
    assert f"{log}: no training log there" in capsys.readouterr().err
