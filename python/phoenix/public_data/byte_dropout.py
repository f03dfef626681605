"""Dropout that draws a byte a value, not 32 bits: they are a tenth of a training step."""

import jax
import jax.numpy as jnp
from jaxtyping import Float

from phoenix.array_types import Activations
from phoenix.transformer import Dropout

_BYTE_VALUES = 256


class ByteDropout(Dropout):
    """`Dropout` with the rate rounded to 1/256. The last axis must be a multiple of 4."""

    def apply(self, x: Activations, site: int) -> Float[jax.Array, "b t d"]:
        """Drops values of `x`, with noise of their own for every site."""
        dropped = round(self.rate * _BYTE_VALUES)
        key = jax.random.fold_in(self.key, site)
        words = jax.random.bits(key, (*x.shape[:-1], x.shape[-1] // 4), jnp.uint32)
        noise = jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(x.shape)
        return jnp.where(noise >= dropped, x * (_BYTE_VALUES / (_BYTE_VALUES - dropped)), 0.0)
