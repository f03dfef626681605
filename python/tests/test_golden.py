"""The golden vectors hold, and the check catches every kind of tampering."""

from pathlib import Path

import numpy as np
import pytest

from phoenix.golden import (
    Arrays,
    GoldenDirectory,
    compare,
    compute_outputs,
    main,
    read_golden,
)

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden"
COUNTS = {"v1": 5, "v2": 13, "v2-grouped": 13}
NAMES = [
    "ranker_continuous",
    "ranker_logits",
    "ranker_probabilities",
    "ranker_right_anchored_continuous",
    "ranker_right_anchored_logits",
    "ranker_right_anchored_probabilities",
    "ranker_without_dwell_and_age_continuous",
    "ranker_without_dwell_and_age_logits",
    "ranker_without_dwell_and_age_probabilities",
    "retrieval_candidates",
    "retrieval_mean_tower_candidates",
    "retrieval_user",
    "retrieval_user_norm",
]


@pytest.fixture(scope="module")
def golden() -> GoldenDirectory:
    return read_golden(GOLDEN / "v2")


@pytest.fixture(scope="module")
def computed(golden: GoldenDirectory) -> Arrays:
    return compute_outputs(golden)


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_every_output_holds(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(GOLDEN / name)]) == 0
    printed = capsys.readouterr().out
    assert printed.count(" ok\n") == COUNTS[name]
    assert f"{COUNTS[name]} outputs, 0 failed" in printed


def _faults(golden: GoldenDirectory, outputs: Arrays, computed: Arrays) -> dict[str, str]:
    changed = GoldenDirectory(golden.config, golden.inputs, golden.parameters, outputs)
    found = compare(changed, computed)
    return {one.name: one.fault for one in found if one.fault is not None}


@pytest.mark.parametrize("name", NAMES)
def test_a_tampered_output_is_caught(golden: GoldenDirectory, computed: Arrays, name: str) -> None:
    value = golden.outputs[name]
    wrong = value.copy()
    wrong.flat[0] += 2e-5 * np.abs(value).max()
    broken = value.copy()
    broken.flat[-1] = np.nan
    for tampered, fault in [(wrong, "above 1e-05"), (broken, "not finite"), (value[:1], "shape")]:
        faults = _faults(golden, golden.outputs | {name: tampered}, computed)
        assert faults.keys() == {name}
        assert fault in faults[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_or_extra_output_is_caught(
    golden: GoldenDirectory, computed: Arrays, name: str
) -> None:
    fewer = {key: value for key, value in golden.outputs.items() if key != name}
    assert "missing" in _faults(golden, fewer, computed)[name]
    more = golden.outputs | {f"{name}_2": golden.outputs[name]}
    assert "extra" in _faults(golden, more, computed)[f"{name}_2"]


def test_tampering_makes_the_command_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (GOLDEN / "v1").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with np.load(GOLDEN / "v1" / "outputs.npz") as archive:
        outputs = {name: archive[name] for name in archive.files}
    outputs["ranker_logits"][0, 0, 0] *= 1.01
    np.savez(tmp_path / "outputs.npz", allow_pickle=False, **outputs)
    assert main([str(tmp_path)]) == 1
    assert "FAILED: above 1e-05" in capsys.readouterr().out
    (tmp_path / "outputs.npz").unlink()
    assert main([str(tmp_path)]) == 2
    assert "outputs.npz" in capsys.readouterr().err
