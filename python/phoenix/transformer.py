"""The transformer trunk that ranking and retrieval share.

Two forms of one computation: `trunk` runs any row of tokens under any mask; `encode_prefix` and
`attend_candidates` split it for rows where candidates see a prefix and themselves only, so that
the prefix is computed once for any number of candidates: O(p^2 + c p) and not O((p + c)^2).
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from phoenix.array_types import (
    Activations,
    AttentionMask,
    CandidateActivations,
    CandidatePositions,
    Keys,
    Parameters,
    Positions,
    PrefixActivations,
    PrefixKeys,
    PrefixMask,
    PrefixPositions,
    Queries,
    VisiblePrefix,
)
from phoenix.config import ModelConfig

# Accelerators round float32 matrix products by default; scores must be the same everywhere.
jax.config.update("jax_default_matmul_precision", "highest")

ROPE_BASE = 10_000.0
# Attention logits are squeezed into (-30, 30): exp never overflows, so no maximum is subtracted.
LOGIT_CAP = 30.0
MASKED_LOGIT = -1e30
NORM_EPSILON = 1e-5


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LayerCache:
    """Rotated keys, and values, of one layer's prefix tokens."""

    keys: PrefixKeys
    values: PrefixKeys


@dataclass(frozen=True)
class Dropout:
    """Dropout of training on tokens and on both residual branches; `rate` in [0, 1)."""

    rate: float
    key: PRNGKeyArray

    def apply(self, x: Activations, site: int) -> Activations:
        """Drops values of `x`; every `site` of a network has its own number and its own noise."""
        keep = jax.random.bernoulli(jax.random.fold_in(self.key, site), 1.0 - self.rate, x.shape)
        return jnp.where(keep, x / (1.0 - self.rate), 0.0)


def rms_norm(x: Activations, scale: Float[Array, " d"]) -> Float[Array, "b t d"]:
    """x / sqrt(mean(x^2) + 1e-5) * scale."""
    mean_square = jnp.mean(jnp.square(x), axis=-1, keepdims=True)
    return jnp.asarray(x) * jax.lax.rsqrt(mean_square + NORM_EPSILON) * scale[None, None, :]


def rotate(x: Float[Array, "b t n k"], positions: Positions) -> Float[Array, "b t n k"]:
    """Rotary positions: pairs (i, i + k/2) turn by position * base^(-2i/k)."""
    key_size = x.shape[-1]
    exponents = jnp.arange(0, key_size, 2, dtype=jnp.float32) / key_size
    frequencies = 1.0 / (ROPE_BASE**exponents)
    angles = positions.astype(jnp.float32)[:, :, None] * frequencies[None, None, :]
    angles = jnp.concatenate([angles, angles], axis=-1)[:, :, None, :]
    first, second = jnp.split(x, 2, axis=-1)
    turned = jnp.concatenate([-second, first], axis=-1)
    return x * jnp.cos(angles) + turned * jnp.sin(angles)


def _weight(parameters: Parameters, layer: int, name: str) -> Array:
    return jnp.asarray(parameters[f"transformer/decoder_layer_{layer}/{name}"])


def _soft_cap(scores: Array, config: ModelConfig) -> Array:
    return LOGIT_CAP * jnp.tanh(scores * (config.attention_multiplier / LOGIT_CAP))


def _queries_keys_values(
    parameters: Parameters, config: ModelConfig, *, layer: int, x: Activations, positions: Positions
) -> tuple[Queries, Keys, Keys]:
    """Normed tokens projected to heads, queries and keys rotated."""
    batch, tokens, _ = x.shape
    normed = rms_norm(x, _weight(parameters, layer, "rms_norm/scale"))

    def project(name: str, heads: int) -> Array:
        projected = normed @ _weight(parameters, layer, f"multi_head_attention/{name}/w")
        return projected.reshape(batch, tokens, heads, config.key_size)

    queries = rotate(project("query", config.query_heads), positions)
    keys = rotate(project("key", config.key_value_heads), positions)
    return queries, keys, project("value", config.key_value_heads)


def _grouped(queries: Queries, config: ModelConfig) -> Float[Array, "b t g r k"]:
    """Query head i shares key-value head i div r; r query heads a key-value head."""
    batch, tokens, heads, key_size = queries.shape
    shared = heads // config.key_value_heads
    return jnp.asarray(queries).reshape(batch, tokens, config.key_value_heads, shared, key_size)


def _finish_layer(
    parameters: Parameters,
    *,
    layer: int,
    x: Activations,
    attended: Float[Array, "b t g r k"],
    dropout: Dropout | None,
) -> Activations:
    """Output projection, residual, gated feed-forward, residual; norms on both sides of each."""
    output = _weight(parameters, layer, "multi_head_attention/linear/w")
    branch = attended.reshape(*x.shape[:2], output.shape[0]) @ output
    branch = rms_norm(branch, _weight(parameters, layer, "rms_norm_1/scale"))
    x = x + (branch if dropout is None else dropout.apply(branch, 2 * layer))
    normed = rms_norm(x, _weight(parameters, layer, "rms_norm_2/scale"))
    gate = jax.nn.gelu(normed @ _weight(parameters, layer, "linear/w"), approximate=True)
    branch = gate * (normed @ _weight(parameters, layer, "linear_v/w"))
    branch = branch @ _weight(parameters, layer, "linear_1/w")
    branch = rms_norm(branch, _weight(parameters, layer, "rms_norm_3/scale"))
    return x + (branch if dropout is None else dropout.apply(branch, 2 * layer + 1))


def encode_prefix(
    parameters: Parameters,
    config: ModelConfig,
    *,
    embeddings: PrefixActivations,
    mask: PrefixMask,
    positions: PrefixPositions,
    dropout: Dropout | None = None,
) -> tuple[PrefixActivations, tuple[LayerCache, ...]]:
    """Runs the prefix; returns its outputs (not normed) and each layer's keys and values.

    A caller that drops the outputs under jit pays nothing for the last layer's attention and
    feed-forward: the compiler removes them.
    """
    x = embeddings
    caches: list[LayerCache] = []
    for layer in range(config.layers):
        queries, keys, values = _queries_keys_values(
            parameters, config, layer=layer, x=x, positions=positions
        )
        caches.append(LayerCache(keys, values))
        scores = jnp.einsum("btgrk,bugk->bgrtu", _grouped(queries, config), keys)
        scores = jnp.where(mask[:, None, None], _soft_cap(scores, config), MASKED_LOGIT)
        attended = jnp.einsum("bgrtu,bugk->btgrk", jax.nn.softmax(scores, axis=-1), values)
        x = _finish_layer(parameters, layer=layer, x=x, attended=attended, dropout=dropout)
    return x, tuple(caches)


def trunk(
    parameters: Parameters,
    config: ModelConfig,
    *,
    embeddings: Activations,
    mask: AttentionMask,
    positions: Positions,
    dropout: Dropout | None = None,
) -> Activations:
    """Outputs (not normed) of any row of tokens under any mask, positions given by the caller."""
    outputs, _ = encode_prefix(
        parameters,
        config,
        embeddings=embeddings,
        mask=mask,
        positions=positions,
        dropout=dropout,
    )
    return outputs


def attend_candidates(
    parameters: Parameters,
    config: ModelConfig,
    *,
    caches: tuple[LayerCache, ...],
    embeddings: CandidateActivations,
    visible: VisiblePrefix,
    positions: CandidatePositions,
    dropout: Dropout | None = None,
) -> CandidateActivations:
    """Outputs (not normed) of candidates that see themselves and what `visible` says.

    Equal to `trunk` over prefix and candidates under the isolation mask, up to rounding. A
    candidate's output does not depend on which other candidates are there.
    """
    x = embeddings
    for layer, cache in enumerate(caches):
        queries, keys, values = _queries_keys_values(
            parameters, config, layer=layer, x=x, positions=positions
        )
        grouped = _grouped(queries, config)
        prefix_scores = _soft_cap(jnp.einsum("bcgrk,bpgk->bgrcp", grouped, cache.keys), config)
        prefix_weights = jnp.where(visible[:, None, None], jnp.exp(prefix_scores), 0.0)
        own_scores = jnp.einsum("bcgrk,bcgk->bcgr", grouped, keys)
        own_weights = jnp.exp(_soft_cap(own_scores, config))[..., None]
        total = jnp.moveaxis(jnp.sum(prefix_weights, axis=-1), 3, 1)[..., None] + own_weights
        attended = jnp.einsum("bgrcp,bpgk->bcgrk", prefix_weights, cache.values)
        attended = (attended + own_weights * values[:, :, :, None, :]) / total
        x = _finish_layer(parameters, layer=layer, x=x, attended=attended, dropout=dropout)
    return x
