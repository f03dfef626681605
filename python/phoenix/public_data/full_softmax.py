"""Cross-entropy over a whole catalogue, a chunk of positions at a time.

The gradient is made in the forward pass, while a chunk's probabilities are at hand: nothing of
the size positions x catalogue outlives its chunk, and nothing is computed twice.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

_CHUNK = 1_024


def _chunk_loss(
    users: Float[Array, "k d"],
    posts: Float[Array, "m d"],
    targets: Int[Array, "k h"],
    weights: Float[Array, "k h"],
    *,
    scale: float,
) -> tuple[Float[Array, ""], Float[Array, "k d"], Float[Array, "m d"]]:
    """Loss of one chunk and its gradients to users and posts."""
    # Cosines are within [-1, 1], so exp(scale x cosine) cannot overflow for any scale below 80.
    odds = jnp.exp(scale * (users @ posts.T))
    total = jnp.sum(odds, axis=1)
    weight = jnp.sum(weights, axis=1)
    target_posts = jnp.einsum("kh,khd->kd", weights, posts[targets])
    loss = jnp.sum(weight * jnp.log(total)) - scale * jnp.sum(users * target_posts)
    share = odds * (weight / total)[:, None]
    to_users = scale * (share @ posts - target_posts)
    to_posts = (share.T @ users).at[targets].add(-weights[:, :, None] * users[:, None])
    return loss, to_users, scale * to_posts


def _padded_chunks(values: Array) -> Array:
    """[n, ...] as [chunks, chunk, ...], zeros behind."""
    behind = -values.shape[0] % _CHUNK
    padded = jnp.pad(values, [(0, behind)] + [(0, 0)] * (values.ndim - 1))
    return padded.reshape(-1, _CHUNK, *values.shape[1:])


def _loss_and_gradient(
    users: Float[Array, "n d"],
    posts: Float[Array, "m d"],
    targets: Int[Array, "n h"],
    weights: Float[Array, "n h"],
    temperature: float,
) -> tuple[Float[Array, ""], Float[Array, "n d"], Float[Array, "m d"]]:
    def add_chunk(
        carry: tuple[Array, Array], chunk: tuple[Array, ...]
    ) -> tuple[tuple[Array, Array], Array]:
        loss, to_users, to_posts = _chunk_loss(
            chunk[0], posts, chunk[1], chunk[2], scale=1.0 / temperature
        )
        return (carry[0] + loss, carry[1] + to_posts), to_users

    chunks = tuple(_padded_chunks(values) for values in (users, targets, weights))
    start = (jnp.float32(0.0), jnp.zeros_like(posts))
    (loss, to_posts), to_users = jax.lax.scan(add_chunk, start, chunks)
    return loss, to_users.reshape(-1, users.shape[1])[: users.shape[0]], to_posts


@partial(jax.custom_vjp, nondiff_argnums=(4,))
def full_softmax_loss(
    users: Float[Array, "n d"],
    posts: Float[Array, "m d"],
    targets: Int[Array, "n h"],
    weights: Float[Array, "n h"],
    temperature: float,
) -> Float[Array, ""]:
    """Sum over positions and targets of weight x -log softmax(cosine / temperature)[target].

    Args:
      users: Unit vectors, one a position.
      posts: Unit vectors of the whole catalogue.
      targets: The places of each position's h posts in the catalogue.
      weights: 0 leaves a target out.
      temperature: At least 1 / 80.
    """
    return _loss_and_gradient(users, posts, targets, weights, temperature)[0]


def _forward(users: Array, posts: Array, targets: Array, weights: Array, temperature: float):
    loss, to_users, to_posts = _loss_and_gradient(users, posts, targets, weights, temperature)
    return loss, (to_users, to_posts)


def _backward(_: float, residuals: tuple[Array, Array], cotangent: Array):
    to_users, to_posts = residuals
    return cotangent * to_users, cotangent * to_posts, None, None


full_softmax_loss.defvjp(_forward, _backward)
