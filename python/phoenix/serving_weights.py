"""The ranker's weights as serving wants them: tokens are columns, matrices are [out, in].

With a token a column every product is a plain matrix product over contiguous memory, heads are
slices of rows, and norms and sums run along columns: nothing is ever transposed.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from phoenix.array_types import Parameters
from phoenix.config import ModelConfig
from phoenix.transformer import LOGIT_CAP


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LayerWeights:
    """One layer.

    e: heads of queries, keys and values side by side; qk: of queries; w: width of the
    feed-forward; ww: twice that.
    """

    attention_norm: Float[Array, " d"]
    # One matrix for the three projections. Queries carry multiplier / cap, so that the product
    # of a query and a key is what tanh takes.
    queries_keys_values: Float[Array, "e d"]
    attention_output: Float[Array, "d qk"]
    attention_output_norm: Float[Array, " d"]
    feed_forward_norm: Float[Array, " d"]
    # The gelu branch above the other one.
    gate_and_value: Float[Array, "ww d"]
    down: Float[Array, "d w"]
    feed_forward_output_norm: Float[Array, " d"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ServingWeights:
    """A ranker's weights, of one number type: that of the activations."""

    layers: tuple[LayerWeights, ...]
    user_projection: Float[Array, "d iu"]
    history_projection: Float[Array, "d ih"]
    candidate_projection: Float[Array, "d ic"]
    output_norm: Float[Array, " d"]
    # Action logits above continuous outputs.
    heads: Float[Array, "o d"]


def _layer_weights(parameters: Parameters, config: ModelConfig, layer: int) -> LayerWeights:
    def weight(name: str) -> Array:
        return jnp.asarray(parameters[f"transformer/decoder_layer_{layer}/{name}"])

    attention = "multi_head_attention"
    queries = weight(f"{attention}/query/w") * (config.attention_multiplier / LOGIT_CAP)
    keys, values = weight(f"{attention}/key/w"), weight(f"{attention}/value/w")
    return LayerWeights(
        attention_norm=weight("rms_norm/scale"),
        queries_keys_values=jnp.concatenate([queries, keys, values], axis=1).T,
        attention_output=weight(f"{attention}/linear/w").T,
        attention_output_norm=weight("rms_norm_1/scale"),
        feed_forward_norm=weight("rms_norm_2/scale"),
        gate_and_value=jnp.concatenate([weight("linear/w"), weight("linear_v/w")], axis=1).T,
        down=weight("linear_1/w").T,
        feed_forward_output_norm=weight("rms_norm_3/scale"),
    )


def serving_weights(
    parameters: Parameters, config: ModelConfig, *, half_precision: bool = False
) -> ServingWeights:
    """A ranker's weights laid out anew, on the device.

    Args:
      half_precision: Weights and activations in bfloat16; norms and attention weights stay
        float32.
    """

    def own(name: str) -> Array:
        return jnp.asarray(parameters[f"phoenix_model/{name}"])

    heads = [own("unembeddings")]
    if config.continuous:
        heads.append(own("continuous_unembeddings"))
    weights = ServingWeights(
        layers=tuple(_layer_weights(parameters, config, n) for n in range(config.layers)),
        user_projection=own("proj_mat_1").T,
        history_projection=own("proj_mat_3").T,
        candidate_projection=own("proj_mat_2").T,
        output_norm=own("rms_norm/scale"),
        heads=jnp.concatenate(heads, axis=1).T,
    )
    kind = jnp.bfloat16 if half_precision else jnp.float32
    # A copy: a lazy transposition would be done again by every program.
    return jax.tree.map(lambda value: jnp.array(value, kind, copy=True), weights)
