"""Token features at their limits."""

import dataclasses

import numpy as np
import pytest

from phoenix.config import PositionScheme
from phoenix.tokens import (
    candidate_positions,
    dwell_from_unit,
    dwell_to_unit,
    history_tokens,
    post_age_bucket,
    prefix_positions,
)
from tests.random_models import random_history, random_parameters, small_config

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("age_ms", "bucket"),
    [
        (0, 1),
        (HOUR_MS - 1, 1),
        (HOUR_MS, 2),
        (79 * HOUR_MS, 80),
        (80 * HOUR_MS, 81),
        (400 * HOUR_MS, 81),
        (-1, 0),
        (-HOUR_MS, 0),
    ],
)
def test_age_bucket(age_ms: int, bucket: int) -> None:
    asked = np.array([1_000 * HOUR_MS])
    assert post_age_bucket(asked, asked - age_ms, small_config())[0] == bucket


def test_an_unknown_creation_is_bucket_0() -> None:
    asked = np.array([1_000 * HOUR_MS])
    assert post_age_bucket(asked, np.array([0]), small_config())[0] == 0


@pytest.mark.parametrize("log_scale", [False, True])
def test_dwell_is_cut_to_30_seconds_and_comes_back(log_scale: bool) -> None:
    config = small_config(dwell_log_scale=log_scale)
    seconds = np.array([-5.0, 0.0, 2.5, 30.0, 90.0], np.float32)
    unit = np.asarray(dwell_to_unit(seconds, config))
    assert unit[0] == 0
    assert unit[-1] == pytest.approx(1)
    np.testing.assert_allclose(dwell_from_unit(unit, config), [0, 0, 2.5, 30, 30], rtol=1e-5)


@pytest.mark.parametrize(
    ("scheme", "history", "candidates"),
    [
        ("slot", [0, 1, 2, 3, 4], [13, 14, 15, 16, 17, 13, 14]),
        # Valid are the user and history tokens 0, 1 and 3.
        ("right_anchored", [0, 10, 11, 11, 12], [13] * 7),
        ("compact", [0, 1, 2, 2, 3], [4] * 7),
    ],
)
def test_positions(scheme: PositionScheme, history: list[int], candidates: list[int]) -> None:
    config = small_config(positions=scheme)
    valid = np.array([[True, True, True, False, True]])
    assert np.asarray(prefix_positions(config, valid))[0].tolist() == history
    assert np.asarray(candidate_positions(config, valid, 7))[0].tolist() == candidates


def test_no_action_at_all_embeds_as_zero_and_not_as_all_refused() -> None:
    config = small_config()
    parameters = random_parameters(config, "ranker")
    history = random_history(config, np.ones((1, 2), bool))
    silent = np.zeros_like(history.actions)

    def tokens(weights: dict[str, np.ndarray], actions: np.ndarray) -> np.ndarray:
        changed = dataclasses.replace(history, actions=actions)
        made = history_tokens(weights, config, scope="phoenix_model", history=changed)
        return np.asarray(made)

    doubled = parameters | {
        "phoenix_model/action_projection": 2 * parameters["phoenix_model/action_projection"]
    }
    np.testing.assert_array_equal(tokens(parameters, silent), tokens(doubled, silent))
    acted = silent.copy()
    acted[..., 3] = 0.5
    assert np.abs(tokens(parameters, acted) - tokens(doubled, acted)).max() > 1e-3
