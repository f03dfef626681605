"""The trunk as serving runs it: one viewer, a token a column, the prefix apart from candidates.

Equal to `transformer.trunk` up to rounding, and the tests hold it to that. What makes it faster:
no transposition, no maximum before the softmax, no masked half of causal attention, and nothing
of the last layer of a prefix but its keys and values.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from phoenix.config import ModelConfig
from phoenix.serving_weights import LayerWeights
from phoenix.soft_cap import capped_exponential
from phoenix.transformer import NORM_EPSILON, ROPE_BASE

# Queries of a prefix that share one matrix product. Smaller blocks skip more of what the mask
# hides, larger ones make better products.
_CAUSAL_BLOCK = 128


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PrefixLayer:
    """Rotated keys, and values, of one layer's prefix tokens. Values of invalid tokens are 0."""

    keys: Float[Array, "*b g p k"]
    values: Float[Array, "*b g k p"]


@dataclass(frozen=True)
class Angles:
    """cos and sin of rotary positions, half a head high; one column serves all that are alike."""

    cos: Float[Array, "half t"]
    sin: Float[Array, "half t"]


def angles(config: ModelConfig, positions: Int[Array, " t"]) -> Angles:
    """Position times base^(-2i/k), for each pair (i, i + k/2)."""
    exponents = jnp.arange(0, config.key_size, 2, dtype=jnp.float32) / config.key_size
    frequencies = 1.0 / (ROPE_BASE**exponents)
    angle = frequencies[:, None] * positions.astype(jnp.float32)[None, :]
    return Angles(jnp.cos(angle), jnp.sin(angle))


def _rotate(x: Float[Array, "n k t"], turn: Angles) -> Float[Array, "n k t"]:
    first, second = jnp.split(x.astype(jnp.float32), 2, axis=1)
    cos, sin = turn.cos[None], turn.sin[None]
    turned = [first * cos - second * sin, second * cos + first * sin]
    return jnp.concatenate(turned, axis=1).astype(x.dtype)


def normed(x: Float[Array, "d t"], scale: Float[Array, " d"]) -> Float[Array, "d t"]:
    """RMS norm of columns, in float32, cast back."""
    wide = x.astype(jnp.float32)
    inverse = jax.lax.rsqrt(jnp.mean(wide * wide, axis=0, keepdims=True) + NORM_EPSILON)
    return (wide * inverse * scale.astype(jnp.float32)[:, None]).astype(x.dtype)


def _queries_keys_values(
    weights: LayerWeights, config: ModelConfig, x: Float[Array, "d t"], turn: Angles
) -> tuple[Float[Array, "q k t"], Float[Array, "g k t"], Float[Array, "g k t"]]:
    """Normed tokens projected to heads; queries and keys rotated."""
    projected = weights.queries_keys_values @ normed(x, weights.attention_norm)
    heads = projected.reshape(-1, config.key_size, x.shape[1])
    shared = config.query_heads + config.key_value_heads
    rotated = _rotate(heads[:shared], turn)
    return rotated[: config.query_heads], rotated[config.query_heads :], heads[shared:]


def _for_queries(x: Float[Array, "g *t"], config: ModelConfig) -> Float[Array, "q *t"]:
    """Query head i shares key-value head i div r: each repeated r times."""
    shared = config.query_heads // config.key_value_heads
    return x if shared == 1 else jnp.repeat(x, shared, axis=0)


def _attention_weights(
    keys: Float[Array, "q u k"], queries: Float[Array, "q k t"]
) -> Float[Array, "q u t"]:
    return capped_exponential(jnp.matmul(keys, queries, preferred_element_type=jnp.float32))


def _mix(values: Float[Array, "q k u"], weights: Float[Array, "q u t"]) -> Float[Array, "q k t"]:
    return jnp.matmul(values, weights.astype(values.dtype), preferred_element_type=jnp.float32)


def _finish_layer(
    weights: LayerWeights, x: Float[Array, "d t"], attended: Float[Array, "q k t"]
) -> Float[Array, "d t"]:
    """Output projection, residual, gated feed-forward, residual; norms on both sides of each."""
    merged = attended.astype(x.dtype).reshape(-1, x.shape[1])
    x = x + normed(weights.attention_output @ merged, weights.attention_output_norm)
    both = weights.gate_and_value @ normed(x, weights.feed_forward_norm)
    gate, value = jnp.split(both, 2, axis=0)
    down = weights.down @ (jax.nn.gelu(gate, approximate=True) * value)
    return x + normed(down, weights.feed_forward_output_norm)


def _causal_attention(
    config: ModelConfig,
    *,
    queries: Float[Array, "q k p"],
    layer: PrefixLayer,
    valid: Bool[Array, " p"],
) -> Float[Array, "q k p"]:
    """Block by block of queries, each against the keys up to its own end."""
    keys, values = _for_queries(layer.keys, config), _for_queries(layer.values, config)
    length = queries.shape[2]
    starts = range(0, max(1, length - _CAUSAL_BLOCK // 2), _CAUSAL_BLOCK)
    attended = []
    for start, end in zip(starts, [*starts[1:], length], strict=True):
        weights = _attention_weights(keys[:, :end], queries[:, :, start:end])
        causal = np.arange(end)[:, None] <= np.arange(start, end)[None, :]
        seen = valid[:end, None] & causal
        weights = jnp.where(seen[None], weights, 0.0)
        total = jnp.sum(weights, axis=1, keepdims=True)
        attended.append(_mix(values[:, :, :end], weights) / total)
    return jnp.concatenate(attended, axis=2)


def encode_prefix_columns(
    layers: tuple[LayerWeights, ...],
    config: ModelConfig,
    *,
    x: Float[Array, "d p"],
    valid: Bool[Array, " p"],
    positions: Int[Array, " p"],
) -> tuple[PrefixLayer, ...]:
    """Keys and values of every layer for one viewer's user and history tokens. O(p^2)."""
    turn = angles(config, positions)
    prefix: list[PrefixLayer] = []
    for number, weights in enumerate(layers):
        queries, keys, values = _queries_keys_values(weights, config, x, turn)
        values = jnp.where(valid[None, None, :], values, jnp.zeros((), values.dtype))
        layer = PrefixLayer(jnp.swapaxes(keys, 1, 2), values)
        prefix.append(layer)
        if number + 1 < len(layers):
            attended = _causal_attention(config, queries=queries, layer=layer, valid=valid)
            x = _finish_layer(weights, x, attended)
    return tuple(prefix)


def attend_candidate_columns(
    layers: tuple[LayerWeights, ...],
    config: ModelConfig,
    *,
    prefix: tuple[PrefixLayer, ...],
    x: Float[Array, "d c"],
    valid: Bool[Array, " p"],
    positions: Int[Array, " #c"],
) -> Float[Array, "d c"]:
    """Outputs (not normed) of one viewer's candidates, which see the prefix and themselves. O(c p).

    Args:
      valid: Prefix tokens that candidates see.
      positions: One a candidate, or one for all.
    """
    turn = angles(config, positions)
    for weights, layer in zip(layers, prefix, strict=True):
        queries, own_keys, own_values = _queries_keys_values(weights, config, x, turn)
        seen = _attention_weights(_for_queries(layer.keys, config), queries)
        seen = jnp.where(valid[None, :, None], seen, 0.0)
        own_keys = _for_queries(own_keys, config).astype(jnp.float32)
        own_values = _for_queries(own_values, config).astype(jnp.float32)
        products = queries.astype(jnp.float32) * own_keys
        own = capped_exponential(jnp.sum(products, axis=1, keepdims=True))
        total = jnp.sum(seen, axis=1, keepdims=True) + own
        mixed = _mix(_for_queries(layer.values, config), seen)
        x = _finish_layer(weights, x, (mixed + own * own_values) / total)
    return x
