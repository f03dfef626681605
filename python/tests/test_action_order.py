"""Between actions.json and the outputs of the three kinds of models."""

import numpy as np
import pytest

from phoenix.action_order import action_order, dwell_seconds
from tests.random_models import small_config

# Taxonomy slot of each action that has one, by its index in actions.json.
SLOTS = {0: 1, 1: 4, 2: 6, 6: 13, 10: 11, 11: 5}


def test_our_own_models_keep_the_order() -> None:
    probabilities = np.random.default_rng(0).random((3, 18), np.float32)
    order = action_order(18)
    np.testing.assert_array_equal(order.from_model(probabilities), probabilities)
    np.testing.assert_array_equal(order.to_model(probabilities), probabilities)


def test_v1_has_dwell_time_as_its_19th_output() -> None:
    probabilities = np.random.default_rng(0).random((3, 19), np.float32)
    order = action_order(19)
    np.testing.assert_array_equal(order.from_model(probabilities), probabilities[:, :18])
    actions = order.to_model(np.ones((2, 18), np.float32))
    assert actions.tolist() == [[1.0] * 18 + [0.0]] * 2
    config = small_config(num_actions=19, continuous=False)
    dwell = dwell_seconds(config, probabilities=probabilities, continuous=None)
    assert dwell is not None
    np.testing.assert_allclose(dwell, 30 * probabilities[:, 18], rtol=1e-6)


def test_the_published_taxonomy_is_mapped_by_slot() -> None:
    probabilities = np.arange(128, dtype=np.float32).reshape(2, 64)
    mapped = action_order(64).from_model(probabilities)
    for index in range(18):
        if index in SLOTS:
            np.testing.assert_array_equal(mapped[:, index], probabilities[:, SLOTS[index]])
        else:
            assert np.isnan(mapped[:, index]).all()
    actions = action_order(64).to_model(np.eye(18, dtype=np.float32))
    for index in range(18):
        assert np.flatnonzero(actions[index]).tolist() == ([SLOTS[index]] if index in SLOTS else [])


def test_dwell_of_the_continuous_head_is_in_seconds() -> None:
    continuous = np.zeros((1, 8), np.float32)
    continuous[0, 1] = 0.5
    probabilities = np.zeros((1, 18), np.float32)
    linear = dwell_seconds(small_config(), probabilities=probabilities, continuous=continuous)
    assert linear is not None
    np.testing.assert_allclose(linear, 15)
    log = dwell_seconds(
        small_config(dwell_log_scale=True), probabilities=probabilities, continuous=continuous
    )
    assert log is not None
    np.testing.assert_allclose(log, 31**0.5 - 1, rtol=1e-6)


def test_no_dwell_head_is_none() -> None:
    config = small_config(continuous=False)
    none = dwell_seconds(config, probabilities=np.zeros((1, 18), np.float32), continuous=None)
    assert none is None


def test_unknown_widths_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="num_actions: expected 18"):
        action_order(20)
    with pytest.raises(ValueError, match=r"history\.actions: expected 18 .* or 64"):
        action_order(64).to_model(np.zeros((1, 19), np.float32))
