"""Between the engagement vocabulary (schema/actions.json) and the order of a model's outputs.

Three orders exist: our own models have the 18 discrete actions in the vocabulary's order; v1's
checkpoint the same and dwell time as a 19th; the published v2 checkpoint has 64 taxonomy slots.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from phoenix.config import CONTINUOUS_DWELL, DWELL_SECONDS_MAX, ModelConfig
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.tokens import dwell_from_unit

TAXONOMY_SLOTS = 64


@dataclass(frozen=True)
class ActionOrder:
    """Where the actions of the vocabulary stand among a model's outputs."""

    num_actions: int
    # Output of each discrete action; -1 where the model has none.
    columns: tuple[int, ...]

    def to_model(self, actions: Float[np.ndarray, "*n v"]) -> Float[np.ndarray, "*n a"]:
        """A history's actions in the model's order; actions that the model lacks are dropped.

        Columns that are already as many as the model's are taken as they are.

        Raises:
          ValueError: The width is neither the vocabulary's nor the model's.
        """
        width = actions.shape[-1]
        if width == self.num_actions:
            return actions.astype(np.float32, copy=False)
        if width != DISCRETE_COUNT:
            raise ValueError(
                f"history.actions: expected {DISCRETE_COUNT} columns (actions.json) or "
                f"{self.num_actions} (the model's own), found {width}"
            )
        ordered = np.zeros((*actions.shape[:-1], self.num_actions), np.float32)
        known = [index for index, column in enumerate(self.columns) if column >= 0]
        ordered[..., [self.columns[index] for index in known]] = actions[..., known]
        return ordered

    def from_model(self, probabilities: Float[np.ndarray, "*n a"]) -> Float[np.ndarray, "*n v"]:
        """Probabilities in the vocabulary's order; NaN where the model has no such head."""
        columns = np.array(self.columns)
        return np.where(columns >= 0, probabilities[..., columns], np.float32(np.nan))


def action_order(num_actions: int) -> ActionOrder:
    """The order of a model with that many action outputs.

    Raises:
      ValueError: No known order has that many.
    """
    if num_actions in (DISCRETE_COUNT, DISCRETE_COUNT + 1):
        return ActionOrder(num_actions, tuple(range(DISCRETE_COUNT)))
    if num_actions == TAXONOMY_SLOTS:
        slots = [action.taxonomy_slot for action in ACTIONS[:DISCRETE_COUNT]]
        return ActionOrder(num_actions, tuple(-1 if slot is None else slot for slot in slots))
    raise ValueError(
        f"num_actions: expected {DISCRETE_COUNT} (actions.json), {DISCRETE_COUNT + 1} (v1, dwell "
        f"time last) or {TAXONOMY_SLOTS} (the published taxonomy), found {num_actions}"
    )


def dwell_seconds(
    config: ModelConfig,
    *,
    probabilities: Float[np.ndarray, "*n a"],
    continuous: Float[np.ndarray, "*n o"] | None,
) -> Float[np.ndarray, "*n"] | None:
    """Predicted dwell in seconds, [0, 30]: the continuous head's, or v1's 19th output times 30."""
    if continuous is not None:
        return dwell_from_unit(continuous[..., CONTINUOUS_DWELL], config).astype(np.float32)
    if config.num_actions == DISCRETE_COUNT + 1:
        return probabilities[..., DISCRETE_COUNT] * np.float32(DWELL_SECONDS_MAX)
    return None
