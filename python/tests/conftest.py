"""Test settings: shapes checked at run time, strict numerics."""

import sys

import jax
from jaxtyping import install_import_hook

# Before anything imports phoenix: every annotated function checks its shapes from here on.
assert not any(name == "phoenix" or name.startswith("phoenix.") for name in sys.modules)
install_import_hook("phoenix", "beartype.beartype")

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
