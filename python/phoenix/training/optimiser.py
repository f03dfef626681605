"""One optimisation step: AdamW for the weights, row-wise AdaGrad for the rows that were touched.

AdaGrad keeps one number a row, the decayed sum of its gradients' mean squares, so both memory and
cost grow with the rows that a batch touches and not with the table. A step whose gradient is not
finite changes nothing and is counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

Weights: TypeAlias = dict[str, Array]
TableRows: TypeAlias = dict[str, Float[Array, "rows d"]]
# loss(weights, rows, batch, key) -> (loss, named parts)
Loss: TypeAlias = Callable[[Weights, TableRows, Any, Array], tuple[Array, dict[str, Array]]]


@dataclass(frozen=True)
class OptimiserOptions:
    """Rates of one training run.

    learning_rate: AdamW's highest, after warm_up_steps, then by a cosine down to a hundredth of it
    at `steps`. row_learning_rates: the same of the rows of each table; a viewer's rows are touched
    a few times an epoch, an author's at almost every step. row_decay: of AdaGrad's accumulators, at
    each touch. row_weight_decay: share of a touched row's values taken away at the full rate.
    """

    steps: int
    learning_rate: float
    row_learning_rates: Mapping[str, float]
    warm_up_steps: int = 100
    weight_decay: float = 0.01
    gradient_norm_max: float = 1.0
    row_decay: float = 0.999
    row_weight_decay: float = 0.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TrainingState:
    """Everything that a step changes. `accumulators` has one number a table row."""

    weights: Weights
    tables: TableRows
    accumulators: dict[str, Float[Array, " rows"]]
    dense: optax.OptState
    step: Int[Array, ""]
    skipped: Int[Array, ""]


def _schedule(options: OptimiserOptions, highest: float) -> optax.Schedule:
    return optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=highest,
        warmup_steps=min(options.warm_up_steps, max(options.steps // 4, 1)),
        decay_steps=max(options.steps, 2),
        end_value=highest / 100,
    )


def _matrices(weights: Any) -> dict[str, bool]:
    """Weight decay is for matrices; norm scales are left alone."""
    return {name: value.ndim > 1 for name, value in weights.items()}


def _dense_optimiser(options: OptimiserOptions) -> optax.GradientTransformation:
    return optax.chain(
        optax.clip_by_global_norm(options.gradient_norm_max),
        optax.adamw(
            _schedule(options, options.learning_rate),
            b2=0.98,
            weight_decay=options.weight_decay,
            mask=_matrices,
        ),
    )


def initial_state(
    weights: dict[str, np.ndarray], tables: dict[str, np.ndarray], options: OptimiserOptions
) -> TrainingState:
    """The state before the first step."""
    held = {name: jnp.asarray(value) for name, value in weights.items()}
    return TrainingState(
        weights=held,
        tables={name: jnp.asarray(value) for name, value in tables.items()},
        accumulators={name: jnp.zeros(len(value)) for name, value in tables.items()},
        dense=_dense_optimiser(options).init(held),
        step=jnp.int32(0),
        skipped=jnp.int32(0),
    )


def _finite(tree: Any) -> Array:
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]))


def create_step(loss: Loss, options: OptimiserOptions) -> Callable[..., Any]:
    """A compiled step: (state, touched rows, batch, key) -> (state, loss, parts).

    The state passed in is used up (its memory is reused).
    """
    dense = _dense_optimiser(options)
    row_rates = {
        name: _schedule(options, rate) for name, rate in options.row_learning_rates.items()
    }

    def step(
        state: TrainingState, touched: dict[str, Array], batch: Any, key: Array
    ) -> tuple[TrainingState, Array, dict[str, Array]]:
        rows = {name: state.tables[name][places] for name, places in touched.items()}
        gradient_of = jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)
        (value, parts), (gradient, row_gradient) = gradient_of(state.weights, rows, batch, key)
        finite = _finite((value, gradient, row_gradient))
        updates, dense_state = dense.update(gradient, state.dense, state.weights)
        weights = optax.apply_updates(state.weights, updates)
        tables, accumulators = dict(state.tables), dict(state.accumulators)
        for name, places in touched.items():
            rate = jnp.asarray(row_rates[name](state.step), jnp.float32)
            square = jnp.mean(jnp.square(row_gradient[name]), axis=1)
            before = state.accumulators[name][places]
            after = options.row_decay * before + square
            scale = rate * jax.lax.rsqrt(after + 1e-16)
            kept = 1.0 - rate * options.row_weight_decay
            changed = kept * rows[name] - scale[:, None] * row_gradient[name]
            # Row 0 is padding for ever; it stands for all unused places too.
            real = finite & (places > 0)
            changed = jnp.where(real[:, None], changed, rows[name])
            tables[name] = state.tables[name].at[places].set(changed)
            accumulators[name] = (
                state.accumulators[name].at[places].set(jnp.where(real, after, before))
            )
        new = TrainingState(
            weights=jax.tree.map(
                lambda new, old: jnp.where(finite, new, old), weights, state.weights
            ),
            tables=tables,
            accumulators=accumulators,
            dense=jax.tree.map(
                lambda new, old: jnp.where(finite, new, old), dense_state, state.dense
            ),
            step=state.step + 1,
            skipped=state.skipped + jnp.where(finite, 0, 1).astype(jnp.int32),
        )
        return new, value, parts

    return jax.jit(step, donate_argnums=(0,))
