"""Evaluation: the metrics' vectors, and what the committed checkpoint must reach."""

import json
from pathlib import Path

import numpy as np
import pytest

from phoenix.checkpoints import load_checkpoint
from phoenix.evaluation.__main__ import main
from phoenix.evaluation.demo_pools import DemoDay, demo_day
from phoenix.evaluation.feed import BASELINES, ORACLES, FeedOptions, evaluate_feed, feed_verdict
from phoenix.evaluation.metrics import ndcg, recall, spearman
from phoenix.evaluation.personas import permuted
from phoenix.evaluation.rankers import model_ranker
from phoenix.evaluation.weighted_value import weighted_value, with_author_diversity
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.inference import InferenceEngine

DEMO = Path(__file__).resolve().parents[1] / "checkpoints" / "demo"
VIEWERS = 60
# Of about 16,000 a viewer: seconds instead of minutes.
POOL_SIZE = 1_500
INDEX = {action.name: action.index for action in ACTIONS}


@pytest.fixture(scope="module")
def day() -> DemoDay:
    manifest = load_checkpoint(DEMO).manifest
    assert manifest is not None
    return demo_day(7, data_range_ms=manifest.provenance.data_range_ms, days_later=3.0)


def test_ndcg_is_one_for_the_best_order_and_discounts_by_rank() -> None:
    gains = np.array([3.0, 2.0, 1.0])
    assert ndcg(gains, gains, 20) == pytest.approx(1.0)
    swapped = (2 + 3 / np.log2(3) + 1 / 2) / (3 + 2 / np.log2(3) + 1 / 2)
    assert ndcg(np.array([2.0, 3.0, 1.0]), gains, 20) == pytest.approx(swapped)
    assert ndcg(gains, np.zeros(3), 20) == 1.0


def test_spearman_and_recall() -> None:
    values = np.array([1.0, 5.0, 3.0])
    assert spearman(values, values**3) == pytest.approx(1.0)
    assert spearman(values, -values) == pytest.approx(-1.0)
    assert recall(values, np.array([1, 0]), 2) == 0.5


def test_the_weighted_value_agrees_with_the_published_vectors() -> None:
    heads = np.zeros((3, DISCRETE_COUNT))
    heads[1, [INDEX["favorite"], INDEX["reply"], INDEX["repost"]]] = 0.10, 0.02, 0.01
    heads[2, INDEX["report"]] = 0.01
    values = weighted_value(heads, np.array([0.0, 10.0, 0.0]))
    assert values == pytest.approx([0.001, 0.201, 0.000888780630], rel=1e-8)
    three = with_author_diversity(np.full(3, 0.201), np.array([7, 7, 7]))
    assert three == pytest.approx([0.201, 0.125625, 0.0879375])


def test_the_checkpoint_reaches_the_feature_oracle_and_beats_simple_rules(day: DemoDay) -> None:
    bundle = load_checkpoint(DEMO).ranker
    rankers = {
        **ORACLES,
        **BASELINES,
        "model": model_ranker(InferenceEngine(bundle)),
        "permuted": model_ranker(InferenceEngine(permuted(bundle, seed=1))),
    }
    rows = evaluate_feed(day, rankers, FeedOptions(viewers=VIEWERS, pool_size=POOL_SIZE))
    verdict = feed_verdict(rows)
    assert verdict.of_feature_oracle >= 0.85
    assert verdict.over_baseline >= 1.2
    # Without its rows of people the model has no lead over the better simple rule.
    assert feed_verdict(rows, "permuted").over_baseline < 1.0


def test_one_pool_is_ordered_differently_for_ada_and_bruno(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["personas", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["benchmark"] == "personas"
    assert line["adaBrunoSpearman"] < 0.5


def test_a_directory_without_a_checkpoint_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["feed", "--checkpoint", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
