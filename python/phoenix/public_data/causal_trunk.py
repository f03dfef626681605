"""The trunk of `phoenix.transformer` for one use: training on whole causal rows, on CPU cores.

The numbers are the same (a test compares outputs and gradients). What differs is the form: all
rows have the positions 0, 1, 2 ..., so rotary angles are constants; queries, keys and values come
from one product; heads are laid out before the tokens, as matrix products want them.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from phoenix.array_types import Parameters
from phoenix.config import ModelConfig
from phoenix.transformer import LOGIT_CAP, NORM_EPSILON, ROPE_BASE, Dropout


def _norm(x: Float[Array, "n d"], scale: Float[Array, " d"]) -> Float[Array, "n d"]:
    mean_square = jnp.mean(jnp.square(x), axis=-1, keepdims=True)
    return x * jax.lax.rsqrt(mean_square + NORM_EPSILON) * scale[None]


def _rotate(x: Float[Array, "b q t k"]) -> Float[Array, "b q t k"]:
    """Rotary positions 0, 1, ... t - 1."""
    tokens, key_size = x.shape[-2:]
    exponents = np.arange(0, key_size, 2, dtype=np.float32) / key_size
    angles = np.arange(tokens, dtype=np.float32)[:, None] / (ROPE_BASE**exponents)[None]
    cosine, sine = np.cos(angles)[None, None], np.sin(angles)[None, None]
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate(
        [first * cosine - second * sine, second * cosine + first * sine], axis=-1
    )


def _attention(
    queries: Float[Array, "b q t k"],
    keys: Float[Array, "b q t k"],
    values: Float[Array, "b q t k"],
    multiplier: float,
) -> Float[Array, "b q t k"]:
    """Causal attention. Logits are within (-30, 30), so exp needs no maximum taken away."""
    tokens = queries.shape[2]
    causal = np.tril(np.ones((tokens, tokens), bool))[None, None]
    scores = jnp.einsum("bqtk,bquk->bqtu", queries, keys)
    odds = jnp.exp(LOGIT_CAP * jnp.tanh(scores * (multiplier / LOGIT_CAP)))
    odds = jnp.where(causal, odds, 0.0)
    attended = jnp.einsum("bqtu,bquk->bqtk", odds, values)
    return attended / jnp.sum(odds, axis=-1, keepdims=True)


def causal_trunk(
    parameters: Parameters,
    config: ModelConfig,
    tokens: Float[Array, "b t d"],
    dropout: Dropout | None,
) -> Float[Array, "b t d"]:
    """Outputs (not normed) of rows that are valid up to a padding at their end.

    Outputs at the padding mean nothing: no valid token sees them.
    """
    batch, length, width = tokens.shape
    heads, key_size = config.query_heads, config.key_size
    assert heads == config.key_value_heads, "grouped heads are for serving"

    def dropped(branch: Float[Array, "n d"], site: int) -> Float[Array, "n d"]:
        if dropout is None:
            return branch
        return dropout.apply(branch[None], site)[0]

    x = tokens.reshape(batch * length, width)
    for layer in range(config.layers):

        def weight(name: str, layer: int = layer) -> Array:
            return jnp.asarray(parameters[f"transformer/decoder_layer_{layer}/{name}"])

        names = ("query", "key", "value")
        joined = jnp.concatenate(
            [weight(f"multi_head_attention/{name}/w") for name in names], axis=1
        )
        projected = _norm(x, weight("rms_norm/scale")) @ joined
        split = projected.reshape(batch, length, 3, heads, key_size).transpose(2, 0, 3, 1, 4)
        # Without the barrier the transposition is folded into the products, which then crawl.
        queries, keys, values = jax.lax.optimization_barrier(
            (_rotate(split[0]), _rotate(split[1]), split[2])
        )
        attended = _attention(queries, keys, values, config.attention_multiplier)
        attended = jax.lax.optimization_barrier(attended).transpose(0, 2, 1, 3)
        branch = attended.reshape(batch * length, -1) @ weight("multi_head_attention/linear/w")
        x = x + dropped(_norm(branch, weight("rms_norm_1/scale")), 2 * layer)
        joined = jnp.concatenate([weight("linear/w"), weight("linear_v/w")], axis=1)
        gate, value = jnp.split(_norm(x, weight("rms_norm_2/scale")) @ joined, 2, axis=1)
        branch = (jax.nn.gelu(gate, approximate=True) * value) @ weight("linear_1/w")
        x = x + dropped(_norm(branch, weight("rms_norm_3/scale")), 2 * layer + 1)
    return x.reshape(batch, length, width)
