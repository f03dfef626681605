"""What a manifest keeps of a training log, and what it then tells of a model."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from phoenix.bundle import ModelBundle
from phoenix.canary import check_ranker
from phoenix.canary_sample import Sample, made_up_requests
from phoenix.checkpoint_config import CheckpointError
from phoenix.checkpoint_reading import MANIFEST
from phoenix.checkpoints import (
    CanaryInputs,
    load_checkpoint,
    main,
    save_checkpoint,
    verify_checkpoint,
)
from phoenix.inference import InferenceEngine
from phoenix.training.canary_inputs import canary_inputs
from phoenix.training.viewer_sequences import ViewerSequences
from tests.small_world import NOW_MS, small_sequences

DEMO = Path(__file__).resolve().parents[1] / "checkpoints" / "demo"
OUTPUTS = "phoenix_model/unembeddings"


@pytest.fixture(scope="module")
def sequences() -> ViewerSequences:
    return small_sequences()


def _save(directory: Path, ranker: ModelBundle, canary: CanaryInputs) -> None:
    demo = load_checkpoint(DEMO)
    assert demo.manifest is not None
    provenance = demo.manifest.provenance
    save_checkpoint(
        directory, ranker=ranker, retrieval=demo.retrieval, provenance=provenance, canary=canary
    )


def test_its_requests_are_real_and_hold_nothing_later(sequences: ViewerSequences) -> None:
    canary = canary_inputs(sequences)
    assert len({request.user_id for request in canary.requests}) == len(canary.requests) == 6
    assert canary.base_rates["favorite"] > canary.base_rates["report"] >= 0
    for request in canary.requests:
        assert request.user_id in sequences.viewer_ids
        assert request.candidates.post_ids.shape == (8,)
        assert request.history.post_ids.shape[0] <= 16
        assert (request.history.created_at_ms < request.request_time_ms).all()


def test_the_demo_model_passes_and_one_that_promises_too_much_does_not(
    tmp_path: Path, sequences: ViewerSequences, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = canary_inputs(sequences)
    demo = load_checkpoint(DEMO).ranker
    _save(tmp_path / "good", demo, canary)
    assert main(["inspect", str(tmp_path / "good")]) == 0
    assert "sample of 6 requests to reproduce, base rates of 18" in capsys.readouterr().out
    assert verify_checkpoint(tmp_path / "good").manifest is not None
    # Its own sample is reproduced: only the rates of the log tell that it lost all measure.
    weights = dict(demo.parameters) | {OUTPUTS: np.zeros_like(demo.parameters[OUTPUTS])}
    _save(tmp_path / "bad", dataclasses.replace(demo, parameters=weights), canary)
    with pytest.raises(CheckpointError, match=r"base_rates\.\w+: expected a mean prediction from"):
        verify_checkpoint(tmp_path / "bad")


def test_a_model_whose_answers_are_not_finite_is_not_saved(
    tmp_path: Path, sequences: ViewerSequences
) -> None:
    demo = load_checkpoint(DEMO).ranker
    _save(tmp_path / "served", demo, canary_inputs(sequences))
    version = load_checkpoint(tmp_path / "served").version
    key = "phoenix_model/proj_mat_2"
    weights = dict(demo.parameters) | {key: np.full_like(demo.parameters[key], np.nan)}
    with pytest.raises(CheckpointError, match="canary: probabilities: expected 0 to 1, found nan"):
        _save(
            tmp_path / "served",
            dataclasses.replace(demo, parameters=weights),
            canary_inputs(sequences),
        )
    assert load_checkpoint(tmp_path / "served").version == version


def test_a_table_that_is_not_finite_is_not_saved(
    tmp_path: Path, sequences: ViewerSequences
) -> None:
    demo = load_checkpoint(DEMO).ranker
    table = demo.tables.item.copy()
    table[1_999, 3] = np.nan
    tables = dataclasses.replace(demo.tables, item=table)
    with pytest.raises(CheckpointError, match=r"item_embeddings: .*found nan at \[1999, 3\]"):
        _save(
            tmp_path / "served",
            dataclasses.replace(demo, tables=tables),
            canary_inputs(sequences),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_sample_comes_back_to_the_bit(tmp_path: Path, sequences: ViewerSequences) -> None:
    _save(tmp_path / "saved", load_checkpoint(DEMO).ranker, canary_inputs(sequences))
    manifest = load_checkpoint(tmp_path / "saved").manifest
    assert manifest is not None
    assert manifest.sample is not None
    kept = json.loads((tmp_path / "saved" / MANIFEST).read_text())["sample"]
    assert Sample.from_json(kept).to_json() == manifest.sample.to_json() == kept


def test_half_precision_may_be_further_from_the_sample(
    tmp_path: Path, sequences: ViewerSequences
) -> None:
    _save(tmp_path / "saved", load_checkpoint(DEMO).ranker, canary_inputs(sequences))
    checkpoint = load_checkpoint(tmp_path / "saved")
    # As far off as bfloat16 makes them: three digits are left.
    weights = checkpoint.ranker.parameters
    rounded = {name: np.asarray(value) * np.float32(1.002) for name, value in weights.items()}
    engine = InferenceEngine(dataclasses.replace(checkpoint.ranker, parameters=rounded))
    with pytest.raises(CheckpointError, match=r"key sample\[0\]\.probabilities"):
        check_ranker(engine, checkpoint.manifest)
    check_ranker(engine, checkpoint.manifest, is_exact=False)


def test_made_up_requests_are_the_same_every_time() -> None:
    one, two = (made_up_requests(NOW_MS) for _ in range(2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.candidates.post_ids, second.candidates.post_ids)
        assert first.user_id == second.user_id
