"""Lets the ranker start as the factorisation that factorise.py found.

From random weights the trunk learns in a few epochs what everybody likes, and hardly what one
viewer does: nothing in it multiplies a viewer's factors by an author's. So it starts with a first
layer that does, and fit_heads.py then fits the heads to what comes out:

    token       dimensions 0 .. 27 are the factors and the bias of its author, or of the viewer
    attention   two heads of a candidate look at the user token alone and copy its factors to
                32 .. 59; without a known viewer they see the mean author of the history instead
    feed-forward   gelu(u) a - gelu(-u) a = u a: two units a factor, all into dimension 31
    age         dimension 60 grows with the age of the post
    habits      two dimensions say what an author's posts make people do (author_habits.py)
    bend        the second layer's feed-forward: gelu(product) into dimension 30, for heads whose
                slope is another where the product is above 0

A norm forgets how long a vector is, and that is half of what factors say. So every vector that is
normed carries a constant that is much longer than the rest (the marks): the norm then divides by
nearly the same number always. All else stays random and small, and training changes everything
as it likes.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from phoenix.bundle import EmbeddingTables
from phoenix.config import CONTINUOUS_DWELL, DWELL_SECONDS_MAX, ModelConfig
from phoenix.training.viewer_sequences import Impressions

FACTORS = 28
"""Components of a vector of factors, the bias as the last. Four less than half of the width."""

CANDIDATE_MARK = 29
"""Dimension of the stream that is nearly constant for every candidate."""

BEND = 30
"""Dimension of a candidate's stream that is 0 below a product of 0 and grows with it above.

A history token has its mark there.
"""

PRODUCT = 31
"""Dimension of a candidate's stream with viewer x author."""

NEGATIVE_FROM = 14
"""Actions from this number on are negative."""

# Places in the stream of width 64.
_USER_MARK, _HISTORY_MARK, _VIEWER = 28, BEND, 32
_AGE, _CONSTANT, _ATTENDED = 60, 62, 63
_VIEWER_END = _VIEWER + FACTORS
HABIT_PLACES = (28, 61)
"""Dimensions of a candidate's stream with the first habits of its author; one is a user's mark.

A third would disturb the order of the feed more than it tells (DECISIONS.md).
"""

_HABIT_WEIGHT = 1.5

# Of everything that is not part of the factorisation, beside its usual random start.
_REST = 0.3
# Lengths of the marks; factors are about 2.6 long. sqrt(64) is the length behind a norm.
_CANDIDATE_LEVEL, _PREFIX_LEVEL, _NORMED = 24.0, 8.0, 8.0
# Query and key of a head that looks at the user token: 0.125 x (8 x 1.8)^2 is above any other.
_LOOK = 1.8
# A constant beside the attended factors, and one beside the product.
_ATTENDED_WEIGHT, _CONSTANT_WEIGHT = 3.0, 0.6
# What the norm in front of the feed-forward layer makes of a factor: about one third.
_AFTER_NORM = 1.0 / 3.0
_PRODUCT_SCALE = 4.0
# The slope goes over from one to the other within half a unit of the normed product.
_BEND_SHARPNESS, _BEND_SCALE = 2.0, 0.4
_AGE_HOURS = 24.0
_SLOPE, _NEGATIVE_SLOPE = 0.8, -0.4
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
      ValueError: The model is not the demo's: width 64, two layers, two hashes an entity.
    """
    shape = (config.embedding_size, config.layers, config.user_hashes, config.author_hashes)
    if shape != (64, 2, 2, 2):
        raise ValueError(
            "the start from factors is laid out for width 64, two layers and two hashes an entity"
        )
    _lay_out_tokens(parameters, config)
    _copy_viewer(parameters, config)
    _multiply(parameters)
    _bend(parameters)
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
        user[start + FACTORS, _USER_MARK] = _PREFIX_LEVEL / config.user_hashes
    items = config.item_hashes * width
    surface = items + len(block)
    # Every surface starts as the same unit vector, which makes the constant that a token needs.
    parameters[f"{scope}/product_surface_embedding_table"][:, 0] = 1.0
    for name in ("proj_mat_2", "proj_mat_3"):
        projection = parameters[f"{scope}/{name}"]
        projection[:items] *= _REST
        projection[items:surface] = block
        projection[surface:] *= _REST
        projection[:, [_USER_MARK, CANDIDATE_MARK, _HISTORY_MARK, PRODUCT]] = 0.0
        projection[:, _VIEWER:_VIEWER_END] = 0.0
    _read_habits(parameters[f"{scope}/proj_mat_2"], config)
    candidate, history = parameters[f"{scope}/proj_mat_2"], parameters[f"{scope}/proj_mat_3"]
    candidate[surface] = 0.0
    candidate[surface, CANDIDATE_MARK] = _CANDIDATE_LEVEL
    # Behind a history token's authors come its actions and then its surface.
    history[surface + width] = 0.0
    history[surface + width, _HISTORY_MARK] = _PREFIX_LEVEL
    ages = parameters[f"{scope}/post_age_embedding_table"]
    ages[1:, 0] = np.arange(1, len(ages)) / _AGE_HOURS - 1.0
    candidate[surface + width] = 0.0
    candidate[:, _AGE] = 0.0
    candidate[surface + width, _AGE] = 1.0


def _read_habits(candidate: np.ndarray, config: ModelConfig) -> None:
    """An author's habits follow the factors in each part of its rows."""
    width, hashes = config.embedding_size, config.author_hashes
    candidate[:, HABIT_PLACES] = 0.0
    for number in range(hashes):
        start = config.item_hashes * width + number * (width + width // hashes) + FACTORS
        for habit, place in enumerate(HABIT_PLACES):
            candidate[start + habit, place] = _HABIT_WEIGHT / hashes


def _copy_viewer(parameters: dict[str, np.ndarray], config: ModelConfig) -> None:
    """Two heads of the first layer bring the user token's factors to each candidate."""
    layer = "transformer/decoder_layer_0"
    query, key, value, output = (
        parameters[f"{layer}/multi_head_attention/{name}/w"]
        for name in ("query", "key", "value", "linear")
    )
    output *= _REST
    output[:, _VIEWER:_VIEWER_END] = 0.0
    size = config.key_size
    heads = slice(0, -(-FACTORS // size) * size)
    for matrix in (query, key, value):
        matrix[:, heads] = 0.0
    output[heads] = 0.0
    # The pair of dimensions that turns slowest with the position: hardly at all.
    slowest = np.arange(size // 2 - 1, heads.stop, size)
    query[CANDIDATE_MARK, slowest] = _LOOK
    key[_USER_MARK, slowest] = _LOOK
    key[CANDIDATE_MARK, slowest] = -_LOOK
    factor = np.arange(FACTORS)
    value[factor, factor] = 1.0
    value[[_USER_MARK, _HISTORY_MARK], FACTORS] = 1.0
    output[factor, _VIEWER + factor] = 1.0
    output[FACTORS, _ATTENDED] = _ATTENDED_WEIGHT
    # The norm divides the factors by about the length of the constant beside them: give it back.
    parameters[f"{layer}/rms_norm_1/scale"][_VIEWER:_VIEWER_END] = _ATTENDED_WEIGHT


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
    down[:, PRODUCT] = 0.0
    for sign, unit in ((1.0, 2 * factor), (-1.0, 2 * factor + 1)):
        gate[_VIEWER + factor, unit] = sign / _AFTER_NORM
        linear[factor, unit] = sign / _AFTER_NORM
        down[unit, PRODUCT] = 1.0
    gate[CANDIDATE_MARK, constant] = linear[CANDIDATE_MARK, constant] = 1.0
    down[constant, _CONSTANT] = _CONSTANT_WEIGHT
    parameters[f"{layer}/rms_norm_3/scale"][PRODUCT] = _PRODUCT_SCALE


def _bend(parameters: dict[str, np.ndarray]) -> None:
    """The second layer's feed-forward: gelu of the normed product; nothing else is beside it."""
    first, layer = "transformer/decoder_layer_0", "transformer/decoder_layer_1"
    for each in (first, layer):
        for name in ("multi_head_attention/linear/w", "linear_1/w"):
            parameters[f"{each}/{name}"][:, BEND] = 0.0
    gate, linear, down = (parameters[f"{layer}/{n}/w"] for n in ("linear", "linear_v", "linear_1"))
    gate[:, 0] = linear[:, 0] = 0.0
    down[0] = 0.0
    gate[PRODUCT, 0] = _BEND_SHARPNESS
    linear[CANDIDATE_MARK, 0] = 1.0 / _NORMED
    down[0, BEND] = 1.0
    parameters[f"{layer}/rms_norm_3/scale"][BEND] = _BEND_SCALE


def _know_base_rates(parameters: dict[str, np.ndarray], rates: BaseRates) -> None:
    """Heads whose logits start at the base rates, and rise with the product."""
    rate = np.append(rates.actions, rates.dwell)
    weight = np.log(rate / (1.0 - rate)) / _NORMED
    actions = parameters["phoenix_model/unembeddings"]
    actions[:] = 0.0
    actions[CANDIDATE_MARK] = weight[:-1]
    is_negative = np.arange(actions.shape[1]) >= NEGATIVE_FROM
    actions[PRODUCT] = np.where(is_negative, _NEGATIVE_SLOPE, _SLOPE)
    continuous = parameters["phoenix_model/continuous_unembeddings"]
    continuous[:, CONTINUOUS_DWELL] = 0.0
    continuous[[CANDIDATE_MARK, PRODUCT], CONTINUOUS_DWELL] = weight[-1], _SLOPE
