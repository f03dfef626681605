"""The trunk's two forms agree, and each obeys its mask."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from phoenix.config import ModelConfig, PositionScheme
from phoenix.tokens import candidate_positions, prefix_positions
from phoenix.transformer import Dropout, attend_candidates, encode_prefix, rms_norm, trunk
from tests.random_models import random_parameters, small_config

BATCH, PREFIX, CANDIDATES = 3, 7, 6

_trunk = jax.jit(trunk, static_argnames="config")
_encode_prefix = jax.jit(encode_prefix, static_argnames="config")
_attend_candidates = jax.jit(attend_candidates, static_argnames="config")


def _normal(seed: int, tokens: int, config: ModelConfig) -> jax.Array:
    shape = (BATCH, tokens, config.embedding_size)
    return jax.random.normal(jax.random.key(seed), shape, jnp.float32)


def _valid(seed: int) -> jax.Array:
    """Random holes; the user token is always valid."""
    return jax.random.bernoulli(jax.random.key(seed), 0.7, (BATCH, PREFIX)).at[:, 0].set(True)


@pytest.mark.parametrize("positions", ["slot", "right_anchored", "compact"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_prefix_and_candidates_equal_one_whole_row(positions: PositionScheme, seed: int) -> None:
    config = small_config(positions=positions, history_length=PREFIX - 1)
    parameters = random_parameters(config, "ranker", seed)
    prefix, candidates = _normal(seed, PREFIX, config), _normal(seed + 50, CANDIDATES, config)
    valid = _valid(seed)
    # Every candidate has its own cut, and sees invalid tokens never.
    seen = jax.random.randint(jax.random.key(seed + 9), (BATCH, CANDIDATES, 1), 1, PREFIX + 1)
    visible = valid[:, None, :] & (jnp.arange(PREFIX)[None, None, :] < seen)
    first = prefix_positions(config, valid)
    second = candidate_positions(config, valid, CANDIDATES)

    causal = jnp.tril(jnp.ones((PREFIX, PREFIX), bool))[None] & valid[:, None, :]
    own = jnp.broadcast_to(jnp.eye(CANDIDATES, dtype=bool)[None], (BATCH, CANDIDATES, CANDIDATES))
    unseen = jnp.zeros((BATCH, PREFIX, CANDIDATES), bool)
    mask = jnp.block([[causal, unseen], [visible, own]])
    whole = _trunk(
        parameters,
        config,
        embeddings=jnp.concatenate([prefix, candidates], axis=1),
        mask=mask,
        positions=jnp.concatenate([first, second], axis=1),
    )
    outputs, caches = _encode_prefix(
        parameters, config, embeddings=prefix, mask=causal, positions=first
    )
    split = _attend_candidates(
        parameters,
        config,
        caches=caches,
        embeddings=candidates,
        visible=visible,
        positions=second,
    )
    np.testing.assert_allclose(outputs, whole[:, :PREFIX], rtol=0, atol=2e-5)
    np.testing.assert_allclose(split, whole[:, PREFIX:], rtol=0, atol=2e-5)


def test_a_later_token_changes_nothing_earlier() -> None:
    config = small_config()
    parameters = random_parameters(config, "ranker")
    mask = jnp.broadcast_to(
        jnp.tril(jnp.ones((PREFIX, PREFIX), bool))[None], (BATCH, PREFIX, PREFIX)
    )
    positions = jnp.broadcast_to(jnp.arange(PREFIX)[None], (BATCH, PREFIX))
    before = _normal(0, PREFIX, config)
    after = before.at[:, 4:].set(_normal(1, PREFIX - 4, config))

    def run(embeddings: jax.Array) -> jax.Array:
        return jnp.asarray(
            _trunk(parameters, config, embeddings=embeddings, mask=mask, positions=positions)
        )

    first, second = run(before), run(after)
    np.testing.assert_array_equal(first[:, :4], second[:, :4])
    assert (jnp.abs(first[:, 4:] - second[:, 4:]).max(axis=-1) > 1e-3).all()


def test_a_token_that_sees_nothing_stays_finite() -> None:
    config = small_config()
    outputs = _trunk(
        random_parameters(config, "ranker"),
        config,
        embeddings=_normal(0, PREFIX, config),
        mask=jnp.zeros((BATCH, PREFIX, PREFIX), bool),
        positions=jnp.zeros((BATCH, PREFIX), jnp.int32),
    )
    assert jnp.isfinite(outputs).all()


def test_norm_is_the_formula() -> None:
    x = np.array([[[3.0, 4.0]]], np.float32)
    normed = rms_norm(x, jnp.array([1.0, 2.0]))
    np.testing.assert_allclose(normed[0, 0], [3 / 12.5**0.5, 8 / 12.5**0.5], rtol=1e-5)


def test_dropout_keeps_the_mean_and_depends_on_its_site() -> None:
    dropout = Dropout(0.25, jax.random.key(0))
    ones = jnp.ones((1, 100, 100), jnp.float32)
    first = dropout.apply(ones, 0)
    assert abs(float(jnp.mean(first)) - 1.0) < 0.03
    assert abs(float(jnp.mean(first == 0)) - 0.25) < 0.03
    np.testing.assert_array_equal(first, dropout.apply(ones, 0))
    assert not jnp.array_equal(first, dropout.apply(ones, 1))
