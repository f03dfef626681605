"""The ranking model: what a score may depend on, and what not."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from phoenix.config import ModelConfig
from phoenix.recsys_model import forward_with_cuts, rank
from phoenix.tokens import CandidateTokens, HistoryTokens
from tests.random_models import (
    random_candidates,
    random_history,
    random_parameters,
    random_user_rows,
    small_config,
)

BATCH, LENGTH, CANDIDATES = 2, 10, 7

_rank = jax.jit(rank, static_argnames="config")
_forward_with_cuts = jax.jit(forward_with_cuts, static_argnames="config")


def _first(tokens: HistoryTokens, count: int) -> HistoryTokens:
    return jax.tree.map(lambda column: column[:, :count], tokens)


def _chosen(tokens: CandidateTokens, chosen: np.ndarray) -> CandidateTokens:
    return jax.tree.map(lambda column: column[:, chosen], tokens)


def _logits(config: ModelConfig, history: HistoryTokens, candidates: CandidateTokens) -> np.ndarray:
    outputs = _rank(
        random_parameters(config, "ranker"),
        config,
        user_rows=random_user_rows(config, history.valid.shape[0]),
        history=history,
        candidates=candidates,
    )
    return np.asarray(outputs.logits)


def test_probabilities_are_sigmoids_and_dwell_is_in_the_unit_interval() -> None:
    config = small_config()
    outputs = _rank(
        random_parameters(config, "ranker"),
        config,
        user_rows=random_user_rows(config, BATCH),
        history=random_history(config, np.ones((BATCH, LENGTH), bool)),
        candidates=random_candidates(config, BATCH, CANDIDATES),
    )
    assert outputs.logits.shape == (BATCH, CANDIDATES, 18)
    np.testing.assert_allclose(
        outputs.probabilities, 1 / (1 + np.exp(-np.asarray(outputs.logits))), atol=1e-6
    )
    assert outputs.continuous is not None
    continuous = np.asarray(outputs.continuous)
    assert continuous.shape == (BATCH, CANDIDATES, 8)
    assert ((continuous > 0) & (continuous < 1)).all()


def test_a_model_without_the_continuous_head_says_none() -> None:
    config = small_config(continuous=False)
    outputs = _rank(
        random_parameters(config, "ranker"),
        config,
        user_rows=random_user_rows(config, 1),
        history=random_history(config, np.ones((1, 2), bool)),
        candidates=random_candidates(config, 1, 2),
    )
    assert outputs.continuous is None


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_compact_scores_ignore_padding_order_and_the_other_candidates(seed: int) -> None:
    config = small_config()
    random = np.random.default_rng(seed)
    history = random_history(config, np.ones((BATCH, LENGTH), bool), seed)
    candidates = random_candidates(config, BATCH, CANDIDATES, seed)
    logits = _logits(config, history, candidates)
    # Invalid tokens with noise in them, in random places.
    places = np.sort(random.choice(LENGTH + 6, LENGTH, replace=False))
    padded = random_history(config, np.zeros((BATCH, LENGTH + 6), bool), seed + 1)
    padded = jax.tree.map(
        lambda noise, column: np.asarray(jnp.asarray(noise).at[:, places].set(column)),
        padded,
        history,
    )
    order = random.permutation(CANDIDATES)[:4]
    changed = _logits(config, padded, _chosen(candidates, order))
    np.testing.assert_allclose(changed, logits[:, order], rtol=0, atol=1e-5 * np.abs(logits).max())


def test_slot_positions_repeat_with_each_chunk_of_the_configured_length() -> None:
    config = small_config(positions="slot", history_length=LENGTH)
    chunk = config.candidates_length
    history = random_history(config, np.ones((1, LENGTH), bool))
    candidates = random_candidates(config, 1, 2 * chunk)
    logits = _logits(config, history, candidates)
    second = _logits(config, history, _chosen(candidates, np.arange(chunk, 2 * chunk)))
    np.testing.assert_allclose(logits[:, chunk:], second, atol=1e-5)
    moved = _logits(config, history, _chosen(candidates, np.arange(1, chunk)))
    assert np.abs(moved - logits[:, 1:chunk]).max() > 1e-3


def test_right_anchored_scores_ignore_padding() -> None:
    config = small_config(positions="right_anchored")
    valid = np.arange(12)[None] < 6
    history = random_history(config, valid)
    candidates = random_candidates(config, 1, 3)
    np.testing.assert_allclose(
        _logits(config, history, candidates),
        _logits(config, _first(history, 6), candidates),
        atol=1e-5,
    )


def test_an_empty_history_scores_from_the_user_token() -> None:
    config = small_config()
    history = random_history(config, np.zeros((1, 4), bool))
    candidates = random_candidates(config, 1, 3)
    logits = _logits(config, history, candidates)
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(logits, _logits(config, _first(history, 0), candidates), atol=1e-5)


def test_item_scale_0_takes_exactly_the_posts_rows_away() -> None:
    config = small_config()
    history = random_history(config, np.ones((1, 5), bool))
    candidates = random_candidates(config, 1, 4)
    neutral = dataclasses.replace(candidates, item_scale=np.zeros((1, 4), np.float32))
    other = dataclasses.replace(neutral, post_rows=-neutral.post_rows)
    np.testing.assert_array_equal(
        _logits(config, history, neutral), _logits(config, history, other)
    )
    by_author = dataclasses.replace(neutral, author_rows=-neutral.author_rows)
    assert np.abs(_logits(config, history, by_author) - _logits(config, history, neutral)).max() > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cuts_equal_truncated_histories(seed: int) -> None:
    config = small_config()
    parameters = random_parameters(config, "ranker", seed)
    random = np.random.default_rng(seed)
    valid = random.random((BATCH, LENGTH)) < 0.8
    history = random_history(config, valid, seed)
    candidates = random_candidates(config, BATCH, CANDIDATES, seed)
    users = random_user_rows(config, BATCH)
    cuts = random.integers(0, LENGTH + 1, (BATCH, CANDIDATES)).astype(np.int32)
    outputs = _forward_with_cuts(
        parameters,
        config,
        user_rows=users,
        history=history,
        candidates=candidates,
        visible_history=cuts,
    )
    order = np.cumsum(valid, axis=1) - 1
    for candidate in range(CANDIDATES):
        seen = valid & (order < cuts[:, candidate : candidate + 1])
        alone = _rank(
            parameters,
            config,
            user_rows=users,
            history=dataclasses.replace(history, valid=seen),
            candidates=_chosen(candidates, np.array([candidate])),
        )
        np.testing.assert_allclose(
            outputs.logits[:, candidate], alone.logits[:, 0], rtol=0, atol=2e-5
        )


def test_cuts_need_compact_positions() -> None:
    config = small_config(positions="slot")
    with pytest.raises(ValueError, match="compact positions, the model has 'slot'"):
        forward_with_cuts(
            random_parameters(config, "ranker"),
            config,
            user_rows=random_user_rows(config, 1),
            history=random_history(config, np.ones((1, 2), bool)),
            candidates=random_candidates(config, 1, 2),
            visible_history=np.zeros((1, 2), np.int32),
        )


def test_every_weight_gets_a_finite_gradient() -> None:
    config = small_config()
    history = random_history(config, np.arange(6)[None] < np.array([[6], [0]]))
    candidates = random_candidates(config, BATCH, CANDIDATES)

    @jax.jit
    def loss(parameters: dict[str, jax.Array]) -> jax.Array:
        outputs = forward_with_cuts(
            parameters,
            config,
            user_rows=random_user_rows(config, BATCH),
            history=history,
            candidates=candidates,
            visible_history=np.tile(np.arange(CANDIDATES, dtype=np.int32), (BATCH, 1)),
        )
        assert outputs.continuous is not None
        return jnp.mean(jnp.square(outputs.logits)) + jnp.mean(outputs.continuous)

    weights = {
        name: jnp.asarray(value) for name, value in random_parameters(config, "ranker").items()
    }
    gradients = jax.jit(jax.grad(loss))(weights)
    for name, gradient in gradients.items():
        assert jnp.isfinite(gradient).all(), name
        assert jnp.abs(gradient).max() > 0, name
