"""The command as people use it: the report, a log of one's own, two checkpoints."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phoenix.checkpoints import load_checkpoint
from phoenix.evaluation.__main__ import main
from phoenix.evaluation.compare import compare_section
from phoenix.evaluation.impressions import EvaluationError
from phoenix.evaluation.learning_curve import read_learning_curve
from phoenix.evaluation.subject import (
    QUICK,
    Subject,
    load_subject_checkpoint,
    newcomer_ids,
)
from phoenix.inference import InferenceEngine
from tests.evaluation_log import DEMO, data_end_ms, small_log, write_log

SECTIONS = ["ranking", "retrieval", "feed", "policy", "training"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One quick report of the committed checkpoint."""
    folder = tmp_path_factory.mktemp("report")
    assert main(["--quick", "--report", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def written(report: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads((report / "report.json").read_text(), parse_constant=refuse)


def test_the_report_holds_every_section_with_the_command_that_makes_it(
    report: Path, written: dict[str, Any]
) -> None:
    assert list(written["sections"]) == SECTIONS
    markdown = (report / "report.md").read_text()
    for section in written["sections"].values():
        assert section["command"] in markdown
        assert section["lines"]
    assert "quick: too noisy to judge by" in markdown
    names = {target["name"] for target in written["targets"]}
    assert len(names) == len(written["targets"]) >= 5


def test_ranking_lines_beat_the_constant_and_hold_reliability_points(
    written: dict[str, Any],
) -> None:
    lines = written["sections"]["ranking"]["lines"]
    actions = [line for line in lines if line["benchmark"] == "ranking"]
    assert len(actions) == 18
    liked = next(line for line in actions if line["action"] == "favorite")
    assert liked["logLossOf"]["model"] < liked["logLossOf"]["constant"]
    assert liked["aucOf"]["truth"] > liked["auc"]["value"] > 0.6
    assert liked["auc"]["low"] < liked["auc"]["value"] < liked["auc"]["high"]
    assert sum(liked["reliability"]["counts"]) > 1_000
    slices = {line["name"] for line in lines if line["benchmark"] == "ranking-slice"}
    assert {"all", "post newer than the log", "in network", "author writes en"} <= slices


def test_retrieval_finds_more_than_popularity_and_recency(written: dict[str, Any]) -> None:
    lines = written["sections"]["retrieval"]["lines"]
    found = {line["ranker"]: line["recall@1000"] for line in lines if line["slice"] == "all likes"}
    assert found["model"] > 2 * max(found["popularity"], found["recency"])


def test_feeds_name_oracles_rules_newcomers_and_new_posts(written: dict[str, Any]) -> None:
    lines = written["sections"]["feed"]["lines"]
    ndcg = {line["ranker"]: line["ndcg"] for line in lines if "ranker" in line}
    assert ndcg["oracle"] > ndcg["feature oracle"] > ndcg["model"] > ndcg["recency"]
    assert {"popularity", "fallback", "newcomer: fallback"} <= set(ndcg)
    new_posts = next(line for line in lines if line["benchmark"] == "feed-new-posts")
    assert 0.5 < new_posts["ratioOfSamePosts"] < 1.5


def test_policies_come_with_the_truth_and_mostly_cover_it(written: dict[str, Any]) -> None:
    lines = written["sections"]["policy"]["lines"]
    assert len(lines) == 9
    for line in lines:
        robust = line["doubly robust"]
        assert robust["covers"] == (robust["low"] <= line["truth"] <= robust["high"])
    likes = {line["policy"]: line["truth"] for line in lines if line["reward"] == "likes"}
    assert likes["published weights"] > 1.5 * likes["at random"]


class _Resources(HTMLParser):
    """Whatever a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href") and not (value or "").startswith("#"):
                self.wanted.append(f"{tag} {value}")


def test_the_page_needs_nothing_else_and_its_plots_are_inside(report: Path) -> None:
    page = (report / "report.html").read_text()
    resources = _Resources()
    resources.feed(page)
    assert resources.wanted == []
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert resources.tags.count("svg") >= 5
    assert resources.tags.count("figcaption") == resources.tags.count("figure")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^")]+)', page)) <= set(ids)


def test_without_matplotlib_a_report_ends_at_once_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["--quick", "--report", str(tmp_path / "out")]) == 2
    assert "plots need matplotlib: `npm run evaluate` installs it" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_log_of_ones_own_is_measured_by_what_a_log_can_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_log(small_log(), tmp_path)
    assert main(["--log", str(path), "--quick", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["benchmark"] for line in lines} == {
        "ranking", "ranking-slice", "ranking-ndcg", "retrieval", "training",
    }  # fmt: skip
    liked = next(line for line in lines if line.get("action") == "favorite")
    assert set(liked["aucOf"]) == {"model", "constant", "counts"}
    slices = {line["name"] for line in lines if line["benchmark"] == "ranking-slice"}
    assert not any(name.startswith("author writes") for name in slices)


def test_what_needs_the_world_refuses_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("feed", "policy"):
        with pytest.raises(SystemExit) as ended:
            main([what, "--log", "anything"])
        assert ended.value.code == 2
        assert f"{what} needs the demo world" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ranking", "--log", "nowhere.npz"], "--log nowhere.npz"),
        (["policy", "--weights", "likes=1"], "--weights: unknown action 'likes'"),
        (["--compare", "nowhere", "nowhere"], "nowhere cannot be used"),
    ],
)
def test_bad_input_is_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


def _subject(tmp_path: Path, *, permute: bool = False) -> Subject:
    checkpoint, manifest = load_subject_checkpoint(DEMO)
    path = write_log(small_log(), tmp_path)
    return Subject(checkpoint, manifest, QUICK, log_path=path, permute=permute)


def test_a_checkpoint_does_not_differ_from_itself(tmp_path: Path) -> None:
    section = compare_section(_subject(tmp_path), _subject(tmp_path))
    assert {line["verdict"] for line in section.lines} == {"no difference seen"}
    assert all(line["difference"] == 0 for line in section.lines)


def test_a_comparison_sees_that_shuffled_rows_are_worse(tmp_path: Path) -> None:
    section = compare_section(_subject(tmp_path), _subject(tmp_path, permute=True))
    by_figure = {line["figure"]: line for line in section.lines}
    loss = by_figure["log loss, summed over actions"]
    assert (loss["verdict"], loss["difference"] > 0) == ("A is better", True)
    ndcg = by_figure["NDCG@10 within requests"]
    assert ndcg["b"] < ndcg["a"]
    assert ndcg["low"] <= ndcg["difference"] <= ndcg["high"]


def test_newcomers_have_rows_of_nobody_or_of_others() -> None:
    engine = InferenceEngine(load_checkpoint(DEMO).ranker)
    ids = newcomer_ids(engine, 5, data_end_ms())
    assert not engine.bundle.lookup_user(ids["no row"]).any()
    assert engine.bundle.lookup_user(ids["others' rows"]).any(axis=(1, 2)).mean() > 0.5
    assert len(np.unique(ids["others' rows"])) == 5


def test_a_learning_curve_is_read_and_a_torn_one_refused(tmp_path: Path) -> None:
    assert read_learning_curve(tmp_path) == {}
    file = tmp_path / "learning_curve.json"
    file.write_text(json.dumps({"ranker": {"step": [1, 2], "loss": [3.0, 2.5]}}))
    steps, losses = read_learning_curve(tmp_path)["ranker"]
    assert (steps.tolist(), losses.tolist()) == ([1.0, 2.0], [3.0, 2.5])
    file.write_text('{"ranker": [1')
    with pytest.raises(EvaluationError, match=r"learning_curve\.json: expected lists step"):
        read_learning_curve(tmp_path)
    file.write_text(json.dumps({"ranker": {"step": [1], "loss": [3.0, 2.5]}}))
    with pytest.raises(EvaluationError, match="step and loss differ in length"):
        read_learning_curve(tmp_path)
