"""The file of results and its table: one recipe a file, one run a seed."""

import json
from pathlib import Path
from typing import Any

import pytest

from phoenix.public_data.movielens_report import is_good_enough, movielens_table, with_run

BASE = {
    "popularity": {"hit_rate": 0.0392, "ndcg": 0.0193},
    "markov10": {"hit_rate": 0.2609, "ndcg": 0.1522},
}


def run(seed: int, hit_rate: float, ndcg: float) -> dict[str, Any]:
    test = {"hit_rate": hit_rate, "ndcg": ndcg, "hit_rate_error": 0.006, "ndcg_error": 0.004}
    return {"options": {"seed": seed, "ahead": (1.0, 0.5)}, "test": test}


def test_runs_gather_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "movielens.json"
    for each in (run(2, 0.31, 0.175), run(1, 0.30, 0.17), run(2, 0.32, 0.185)):
        file.write_text(json.dumps(with_run(file, each, BASE)))
    report = json.loads(file.read_text())
    assert [each["options"]["seed"] for each in report["runs"]] == [1, 2]
    table = movielens_table(report)
    assert "| popularity | 0.0392 | 0.0193 |" in table
    assert "| two towers, seed 2 | 0.3200 | 0.1850 |" in table
    assert "| mean of 2 seeds | 0.3100 ± 0.0141 | 0.1775 ± 0.0106 |" in table
    other = run(3, 0.33, 0.19)
    other["options"]["ahead"] = (1.0,)
    assert [each["options"]["seed"] for each in with_run(file, other, BASE)["runs"]] == [3]


def test_a_run_is_good_enough_when_both_figures_are() -> None:
    assert is_good_enough(run(1, 0.300, 0.170))
    assert not is_good_enough(run(1, 0.299, 0.190))
    assert not is_good_enough(run(1, 0.330, 0.169))


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("[]")
    with pytest.raises(ValueError, match=r"other\.json: holds no results"):
        with_run(file, run(1, 0.3, 0.17), BASE)
