"""The ranking benchmark compares before it measures, and says what it measured."""

import dataclasses

import numpy as np
import pytest

from phoenix.benchmarks.__main__ import main
from phoenix.benchmarks.ranking import RankingCase, ResultsDifferError
from phoenix.benchmarks.ranking_published import PublishedLoop
from phoenix.inference import InferenceEngine
from tests.random_models import event_history, id_candidates, random_bundle, small_config

BUNDLE = random_bundle("ranker", small_config(candidates_length=64))


def test_an_unknown_benchmark_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments in ([], ["thunder"]):
        assert main(arguments) == 2
        assert "ranking|retrieval" in capsys.readouterr().err


@pytest.mark.parametrize("positions", ["slot", "compact"])
def test_the_published_loop_computes_what_serving_does(positions: str) -> None:
    config = small_config(candidates_length=64, positions=positions)
    bundle = random_bundle("ranker", config)
    asked = {
        "user_id": 7,
        "history": event_history(12),
        "candidates": id_candidates(150),
        "request_time_ms": 1_000_000,
    }
    published = PublishedLoop(bundle).rank(**asked)
    ours, _ = InferenceEngine(bundle).rank(**asked)
    assert np.abs(published - ours).max() <= 1e-5 * np.abs(ours).max()


def test_every_variant_is_measured_against_its_peer() -> None:
    case = RankingCase(BUNDLE)
    case.check()
    lines = [timing.line() for timing in case.measure(1)]
    common = {"benchmark", "history", "candidates", "variant", "p50Ms"}
    assert [(line["variant"], line.keys() - common) for line in lines] == [
        ("published", set()),
        ("prefix", {"ratioToPublished"}),
        ("refresh", {"ratioToFirst"}),
    ]
    assert all(line["p50Ms"] > 0 and line["candidates"] == 1_500 for line in lines)


def test_nothing_is_measured_when_results_differ() -> None:
    case = RankingCase(BUNDLE)
    other = random_bundle("ranker", BUNDLE.config, seed=1)
    case.published = PublishedLoop(dataclasses.replace(BUNDLE, parameters=other.parameters))
    with pytest.raises(ResultsDifferError, match="history 12: probabilities differ by"):
        case.check()
