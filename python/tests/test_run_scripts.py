"""The three run scripts, on the published checkpoint and on one of ours."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phoenix import run_pipeline, run_ranker, run_retrieval
from phoenix.checkpoint_config import Provenance
from phoenix.checkpoints import json_bytes, npz_bytes, save_checkpoint
from phoenix.sequences import read_corpus, read_sequence
from tests.random_models import random_bundle, retrieval_config, small_config

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "test" / "golden" / "published"
SCRIPTS = {"run_pipeline": run_pipeline, "run_ranker": run_ranker, "run_retrieval": run_retrieval}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of our own, with a sequence by action names and a corpus without vectors."""
    directory = tmp_path_factory.mktemp("ours") / "demo"
    posts = np.arange(1, 31)
    event = {"post_id": "12", "author_id": "3", "actions": {"like": 1, "dwell": 1}, "surface": 2}
    save_checkpoint(
        directory,
        ranker=random_bundle("ranker", small_config()),
        retrieval=random_bundle("retrieval", retrieval_config()),
        provenance=Provenance("0", "test", (1, 2), 0.0, {}),
        extra_files={
            "corpus.npz": npz_bytes(
                {"post_ids": posts, "author_ids": posts % 7 + 1, "created_at_ms": posts * 1_000}
            ),
            "example_sequence.json": json_bytes({"user_id": "5", "history": [event]}),
        },
    )
    return directory


def _run(script: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    return SCRIPTS[script].main()


def _last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_published_end_to_end_numbers_come_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--artifacts_dir", str(PUBLISHED), "--top_k_retrieval", "50", "--json"]
    assert _run("run_pipeline", arguments, monkeypatch) == 0
    answer = _last_line(capsys)
    assert answer.keys() == {"retrieved", "ranked"}
    with np.load(PUBLISHED / "expected.npz") as expected:
        assert [one["post_id"] for one in answer["retrieved"]] == expected[
            "retrieved_post_ids"
        ].tolist()
        scores = [one["score"] for one in answer["retrieved"]]
        np.testing.assert_allclose(scores, expected["retrieved_scores"], rtol=0, atol=1e-5)
        ranked = {one["post_id"]: one for one in answer["ranked"]}
        assert list(ranked) == expected["ranked_post_ids"].tolist()
        order = expected["retrieved_post_ids"].tolist()
        probabilities = [ranked[post]["probabilities"] for post in order]
        np.testing.assert_allclose(probabilities, expected["probabilities"], rtol=0, atol=1e-5)
        weighted = [ranked[post]["weighted"] for post in order]
        np.testing.assert_allclose(weighted, expected["weighted"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_each_runs_as_a_file_from_anywhere(script: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "python" / "phoenix" / f"{script}.py",
            "--artifacts_dir",
            PUBLISHED,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.startswith("viewer 3039067332, 9 events")


def test_our_own_checkpoint_works(
    ours: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("run_pipeline", ["--artifacts_dir", str(ours), "--json"], monkeypatch) == 0
    answer = _last_line(capsys)
    assert len(answer["retrieved"]) == len(answer["ranked"]) == 30
    weighted = [one["weighted"] for one in answer["ranked"]]
    assert weighted == sorted(weighted, reverse=True)

    arguments = ["--artifacts_dir", str(ours), "--top_k", "4", "--json"]
    assert _run("run_retrieval", arguments, monkeypatch) == 0
    retrieved = _last_line(capsys)["retrieved"]
    assert [one["post_id"] for one in retrieved] == [
        one["post_id"] for one in answer["retrieved"][:4]
    ]

    arguments = ["--artifacts_dir", str(ours), "--candidates", "3", "--json"]
    assert _run("run_ranker", arguments, monkeypatch) == 0
    predictions = _last_line(capsys)["predictions"]
    assert [one["post_id"] for one in predictions] == [1, 15, 30]
    assert len(predictions[0]["probabilities"]) == 18
    assert 0 < predictions[0]["dwell_seconds"] < 30


def test_absent_heads_are_null(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--artifacts_dir", str(PUBLISHED), "--candidates", "1", "--json"]
    assert _run("run_ranker", arguments, monkeypatch) == 0
    probabilities = _last_line(capsys)["predictions"][0]["probabilities"]
    assert probabilities["click"] is None
    assert probabilities["favorite"] > 0


def test_action_values_outside_the_model_are_dropped_and_fractions_kept() -> None:
    sequence = read_sequence(PUBLISHED / "example_sequence.json", 64)
    actions = sequence.history.actions
    assert actions.shape == (9, 64)
    assert np.flatnonzero(actions[0]).tolist() == [1, 11]
    assert actions[2, 26] == 0.5


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ([{"post_id": 1, "author_id": 2}], "field 'actions' is missing"),
        ([{"post_id": 1, "author_id": 2, "actions": {"wave": 1}}], "unknown action 'wave'"),
        ([{"post_id": 1, "author_id": 2, "actions": {"like": 1, "2": 1}}], "not both"),
        ([{"post_id": "x", "author_id": 2, "actions": {}}], "not an action sequence"),
    ],
)
def test_a_bad_sequence_is_named(tmp_path: Path, history: list[Any], message: str) -> None:
    path = tmp_path / "sequence.json"
    path.write_text(json.dumps({"user_id": 1, "history": history}))
    with pytest.raises(ValueError, match=f"{path}: .*{message}"):
        read_sequence(path, 18)


def test_a_bad_corpus_is_named(tmp_path: Path) -> None:
    path = tmp_path / "corpus.npz"
    path.write_bytes(npz_bytes({"post_ids": np.arange(3)}))
    with pytest.raises(ValueError, match=r"corpus\.npz: array author_ids is missing"):
        read_corpus(path)
    path.write_bytes(npz_bytes({"post_ids": np.arange(3), "author_ids": np.arange(2)}))
    with pytest.raises(ValueError, match="author_ids has"):
        read_corpus(path)


def test_a_fault_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("run_ranker", ["--artifacts_dir", str(tmp_path / "none")], monkeypatch) == 1
    assert capsys.readouterr().err.endswith("none: is not a directory\n")


def test_equal_scores_come_newest_first(
    ours: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = ours.parent / "same.npz"
    same = np.tile(np.array([[1.0] + [0.0] * 15], np.float32), (5, 1))
    ids = np.array([3, 9, 1, 7, 5])
    corpus.write_bytes(
        npz_bytes({"post_ids": ids, "author_ids": ids, "candidate_representations": same})
    )
    arguments = ["--artifacts_dir", str(ours), "--corpus_file", str(corpus), "--json"]
    assert _run("run_retrieval", arguments, monkeypatch) == 0
    assert [one["post_id"] for one in _last_line(capsys)["retrieved"]] == [9, 7, 5, 3, 1]
