"""Lets the ranker start as the factorisation that factorise.py found.

From random weights the trunk learns in a few epochs what everybody likes, and hardly what one
viewer does: nothing in it multiplies a viewer's factors by an author's. So it starts with a first
layer that does, and with heads that know the base rates:

    token       dimensions 0 .. 27 of a candidate are its author's factors and bias
    attention   two heads look at the user token alone and copy its factors to 32 .. 59
    feed-forward   gelu(u) a - gelu(-u) a = u a: two units a factor, all into dimension 31
    heads       logit = base rate + slope x dimension 31

All else stays random and small, and training changes everything as it likes. One epoch from here
ranks better than four from random weights (DECISIONS.md).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from phoenix.bundle import EmbeddingTables
from phoenix.config import CONTINUOUS_DWELL, DWELL_SECONDS_MAX, ModelConfig
from phoenix.training.viewer_sequences import Impressions

FACTORS = 28
"""Components of a vector of factors, the bias as the last. Four less than half of the width."""

_NEGATIVE_FROM = 14

# Places in the stream of width 64.
_USER_MARK, _CANDIDATE_MARK, _PRODUCT, _VIEWER, _CONSTANT = 28, 29, 31, 32, 62
_VIEWER_END = _VIEWER + FACTORS

# Of everything that is not part of the factorisation, beside its usual random start.
_REST = 0.3
# Query and key of a head that looks at the user token: 0.125 x 6 x 6 is far above any other.
_LOOK = 6.0
# Of the constant beside the product: the norm behind it would leave a lone product its sign only.
_CONSTANT_WEIGHT = 15.0
# What the final norm makes of a candidate's mark of 1.
_NORMED_MARK = 0.9
_SLOPE, _NEGATIVE_SLOPE = 0.2, -0.1
_RATE_MIN = 2e-5


@dataclass(frozen=True)
class BaseRates:
    """How often each action happens, and the mean dwell as a share of 30 s; all in (0, 1)."""

    actions: Float64[np.ndarray, " 18"]
    dwell: float


def base_rates(impressions: Impressions) -> BaseRates:
    """The rates of a log; an action that never happened gets a very small one.

    Dwell of 0 is not known; without any known dwell the mean is half of the most.
    """
    known = impressions.dwell_seconds[impressions.dwell_seconds > 0].astype(np.float64)
    seconds = known.clip(0.0, DWELL_SECONDS_MAX) if len(known) else np.full(1, 15.0)
    return BaseRates(
        actions=impressions.outcomes.mean(axis=0, dtype=np.float64).clip(_RATE_MIN, 1 - _RATE_MIN),
        dwell=float((seconds.mean() / DWELL_SECONDS_MAX).clip(1e-3, 1 - 1e-3)),
    )


def with_user_marks(tables: EmbeddingTables, config: ModelConfig) -> EmbeddingTables:
    """Tables whose user rows carry a 1 behind each part's factors: the mark of a user token."""
    part = config.embedding_size // config.user_hashes
    user = tables.user.copy()
    user[1:, FACTORS::part] = 1.0
    return EmbeddingTables(user=user, item=tables.item, author=tables.author)


def start_from_factors(
    parameters: dict[str, np.ndarray], config: ModelConfig, rates: BaseRates
) -> None:
    """Changes a ranker's random weights in place.

    Raises:
      ValueError: The model is not the demo's: width 64, two hashes an entity.
    """
    if config.embedding_size != 64 or (config.user_hashes, config.author_hashes) != (2, 2):
        raise ValueError("the start from factors is laid out for width 64 and two hashes an entity")
    _lay_out_tokens(parameters, config)
    _copy_viewer(parameters, config)
    _multiply(parameters)
    _know_base_rates(parameters, rates)


def _factor_block(config: ModelConfig) -> Float64[np.ndarray, "rows 64"]:
    """Reads part j of the row of hash j; both parts hold the same factors, so it takes the mean."""
    width, hashes = config.embedding_size, config.user_hashes
    block = np.zeros((hashes * width, width))
    for number in range(hashes):
        start = number * (width + width // hashes)
        block[start + np.arange(FACTORS), np.arange(FACTORS)] = 1.0 / hashes
    return block


def _lay_out_tokens(parameters: dict[str, np.ndarray], config: ModelConfig) -> None:
    """What each dimension of a user, history and candidate token starts with."""
    scope, width = "phoenix_model", config.embedding_size
    block = _factor_block(config)
    user = parameters[f"{scope}/proj_mat_1"]
    user[:] = block
    for number in range(config.user_hashes):
        start = number * (width + width // config.user_hashes)
        user[start + FACTORS, _USER_MARK] = 1.0 / config.user_hashes
    items = config.item_hashes * width
    surface = items + len(block)
    # Every surface starts as the same unit vector, which makes the constant that a token needs.
    parameters[f"{scope}/product_surface_embedding_table"][:, 0] = 1.0
    for name in ("proj_mat_2", "proj_mat_3"):
        projection = parameters[f"{scope}/{name}"]
        projection[:items] *= _REST
        projection[items:surface] = block
        projection[surface:, :FACTORS] *= _REST
        projection[surface:, _VIEWER:_VIEWER_END] *= _REST
        projection[surface] = 0.0
        projection[:, [_USER_MARK, _CANDIDATE_MARK]] = 0.0
    parameters[f"{scope}/proj_mat_2"][surface, _CANDIDATE_MARK] = 1.0


def _copy_viewer(parameters: dict[str, np.ndarray], config: ModelConfig) -> None:
    """Two heads of the first layer bring the user token's factors to each candidate."""
    layer = "transformer/decoder_layer_0"
    query, key, value, output = (
        parameters[f"{layer}/multi_head_attention/{name}/w"]
        for name in ("query", "key", "value", "linear")
    )
    output *= _REST
    size = config.key_size
    heads = slice(0, -(-FACTORS // size) * size)
    for matrix in (query, key, value):
        matrix[:, heads] = 0.0
    output[heads] = 0.0
    # The pair of dimensions that turns slowest with the position: hardly at all.
    slowest = np.arange(size // 2 - 1, heads.stop, size)
    query[_CANDIDATE_MARK, slowest] = _LOOK
    key[_USER_MARK, slowest] = _LOOK
    factor = np.arange(FACTORS)
    value[factor, factor] = 1.0
    output[factor, _VIEWER + factor] = 1.0
    parameters[f"{layer}/rms_norm_1/scale"][_VIEWER:_VIEWER_END] = 1.0


def _multiply(parameters: dict[str, np.ndarray]) -> None:
    """The first layer's feed-forward: sum over factors (not the bias) of viewer x author."""
    layer = "transformer/decoder_layer_0"
    gate, linear, down = (parameters[f"{layer}/{n}/w"] for n in ("linear", "linear_v", "linear_1"))
    factor = np.arange(FACTORS - 1)
    constant = 2 * len(factor)
    for matrix in (gate, linear):
        matrix[:, : constant + 1] = 0.0
    down[: constant + 1] = 0.0
    down[constant + 1 :] *= _REST
    down[:, _PRODUCT] = 0.0
    for sign, unit in ((1.0, 2 * factor), (-1.0, 2 * factor + 1)):
        gate[_VIEWER + factor, unit] = sign
        linear[factor, unit] = sign
        down[unit, _PRODUCT] = 1.0
    gate[_CANDIDATE_MARK, constant] = linear[_CANDIDATE_MARK, constant] = 1.0
    down[constant, _CONSTANT] = _CONSTANT_WEIGHT
    parameters[f"{layer}/rms_norm_3/scale"][_PRODUCT] = 1.0


def _know_base_rates(parameters: dict[str, np.ndarray], rates: BaseRates) -> None:
    """Heads whose logits start at the base rates, and rise with the product."""
    rate = np.append(rates.actions, rates.dwell)
    weight = np.log(rate / (1.0 - rate)) / _NORMED_MARK
    actions = parameters["phoenix_model/unembeddings"]
    actions *= _REST
    actions[_CANDIDATE_MARK] = weight[:-1]
    is_negative = np.arange(actions.shape[1]) >= _NEGATIVE_FROM
    actions[_PRODUCT] = np.where(is_negative, _NEGATIVE_SLOPE, _SLOPE)
    continuous = parameters["phoenix_model/continuous_unembeddings"]
    continuous *= _REST
    continuous[[_CANDIDATE_MARK, _PRODUCT], CONTINUOUS_DWELL] = weight[-1], _SLOPE
