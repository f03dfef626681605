"""The retrieval model: unit vectors, one per prefix, and the two towers."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from phoenix.config import CandidateTower, Pooling, PositionScheme
from phoenix.recsys_retrieval_model import (
    candidate_representation,
    normalise,
    user_representation,
    user_representations_all_prefixes,
)
from tests.random_models import (
    random_history,
    random_parameters,
    random_user_rows,
    retrieval_config,
)

BATCH, LENGTH = 3, 8

_user_representation = jax.jit(user_representation, static_argnames="config")
_all_prefixes = jax.jit(user_representations_all_prefixes, static_argnames="config")


@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("positions", ["compact", "slot"])
def test_one_pass_gives_the_vector_of_every_prefix(
    pooling: Pooling, positions: PositionScheme
) -> None:
    config = retrieval_config(pooling=pooling, positions=positions)
    parameters = random_parameters(config, "retrieval")
    users = random_user_rows(config, BATCH)
    valid = np.random.default_rng(0).random((BATCH, LENGTH)) < 0.7
    history = random_history(config, valid)
    every = _all_prefixes(parameters, config, user_rows=users, history=history)
    assert every.shape == (BATCH, LENGTH + 1, config.embedding_size)
    np.testing.assert_allclose(np.linalg.norm(every, axis=-1), 1, atol=1e-5)
    for length in range(LENGTH + 1):
        seen = valid & (np.arange(LENGTH)[None] < length)
        cut = dataclasses.replace(history, valid=seen)
        alone = _user_representation(parameters, config, user_rows=users, history=cut)
        np.testing.assert_allclose(every[:, length], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("length", [0, 3])
def test_padding_does_not_move_the_vector(length: int) -> None:
    config = retrieval_config()
    parameters = random_parameters(config, "retrieval")
    users = random_user_rows(config, 1)
    padded = random_history(config, np.arange(LENGTH)[None] < length)
    cut = jax.tree.map(lambda column: column[:, :length], padded)
    np.testing.assert_allclose(
        _user_representation(parameters, config, user_rows=users, history=padded),
        _user_representation(parameters, config, user_rows=users, history=cut),
        rtol=0,
        atol=1e-5,
    )


def test_right_anchored_prefixes_are_refused() -> None:
    config = retrieval_config(positions="right_anchored")
    with pytest.raises(ValueError, match="right-anchored"):
        user_representations_all_prefixes(
            random_parameters(config, "retrieval"),
            config,
            user_rows=random_user_rows(config, 1),
            history=random_history(config, np.ones((1, 2), bool)),
        )


@pytest.mark.parametrize("tower", ["mlp", "mean"])
def test_posts_are_unit_vectors_whatever_the_axes(tower: CandidateTower) -> None:
    config = retrieval_config(candidate_tower=tower)
    parameters = random_parameters(config, "retrieval")
    random = np.random.default_rng(0)
    posts = random.normal(size=(2, 3, 2, 16)).astype(np.float32)
    authors = random.normal(size=(2, 3, 2, 16)).astype(np.float32)
    vectors = candidate_representation(parameters, config, post_rows=posts, author_rows=authors)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)
    one = candidate_representation(
        parameters, config, post_rows=posts[1, 2], author_rows=authors[1, 2]
    )
    np.testing.assert_allclose(one, np.asarray(vectors)[1, 2], atol=1e-6)


def test_a_zero_vector_normalises_with_a_finite_gradient() -> None:
    gradient = jax.grad(lambda x: jnp.sum(normalise(x)[0]))(jnp.zeros((2, 4)))
    assert jnp.isfinite(gradient).all()


def test_training_gradients_are_finite_at_padding() -> None:
    config = retrieval_config()
    history = random_history(config, np.arange(4)[None] < np.array([[4], [0]]))
    users = random_user_rows(config, 2)

    def loss(parameters: dict[str, jax.Array]) -> jax.Array:
        return jnp.sum(
            user_representations_all_prefixes(parameters, config, user_rows=users, history=history)[
                :, :, 0
            ]
        )

    weights = random_parameters(config, "retrieval")
    for name, gradient in jax.jit(jax.grad(loss))(weights).items():
        assert jnp.isfinite(gradient).all(), name
