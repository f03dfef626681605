"""The retrieval model of MovieLens-1M: its shape, its hashes, and where training starts from."""

import numpy as np

from phoenix.bundle import EmbeddingTables, ModelBundle
from phoenix.config import EntityHash, HashParameters, ModelConfig
from phoenix.gen.actions import DISCRETE_COUNT
from phoenix.parameter_shapes import retrieval_parameter_shapes

HISTORY_LENGTH = 200
_SCALE_BEFORE_BRANCH = 1.0
# With 0, as published, no gradient reaches the trunk (learning.md).
_SCALE_AFTER_BRANCH = 0.1
_ROW_SPREAD = 0.05
_MODULUS = 2_147_483_647

# Trained together with the weights; the rest of a table's life is in EmbeddingTables.
ITEM_TABLE = "item_table"
USER_TABLE = "user_table"


def movielens_config(width: int = 128, layers: int = 2, head_size: int = 32) -> ModelConfig:
    """Heads of 32, history 200, compact positions, the last token's output as the user vector."""
    return ModelConfig(
        embedding_size=width,
        key_size=head_size,
        query_heads=width // head_size,
        key_value_heads=width // head_size,
        layers=layers,
        history_length=HISTORY_LENGTH,
        candidates_length=64,
        num_actions=DISCRETE_COUNT,
        user_hashes=1,
        item_hashes=2,
        author_hashes=1,
        positions="compact",
        pooling="last",
        candidate_tower="mlp",
        dwell_and_age=False,
        continuous=False,
    )


def movielens_hashes(item_rows: int = 32_768) -> HashParameters:
    """Movies twice into the item table; one row for all users, none for authors.

    Nine rows a movie, so that few share one: with two rows a movie the model learns less (a run
    of each, DECISIONS 40).

    The users of the split are nobody's friends: a row of their own would only remember them. With
    two buckets every user has row 1, so the user token is one learnt start token.
    """
    return HashParameters(
        user=EntityHash((1,), (0,), _MODULUS, 2),
        item=EntityHash((1_000_000_007, 1_500_450_271), (577, 1_201), _MODULUS, item_rows),
        author=EntityHash((1,), (0,), _MODULUS, 2),
    )


def initial_weights(
    config: ModelConfig, hashes: HashParameters, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Weights and both learnt tables: matrices normal with 1/sqrt(inputs), rows 0.05."""
    weights: dict[str, np.ndarray] = {}
    for name, shape in retrieval_parameter_shapes(config).items():
        if name.endswith("scale"):
            after = name.split("/")[-2] in ("rms_norm_1", "rms_norm_3")
            value = np.full(shape, _SCALE_AFTER_BRANCH if after else _SCALE_BEFORE_BRANCH)
        elif name.endswith("_table"):
            value = np.zeros(shape)
        else:
            value = random.normal(size=shape) / np.sqrt(shape[0])
        weights[name] = value.astype(np.float32)
    for name, rows in ((ITEM_TABLE, hashes.item.buckets), (USER_TABLE, hashes.user.buckets)):
        table = _ROW_SPREAD * random.normal(size=(rows, config.embedding_size))
        weights[name] = table.astype(np.float32)
    return weights


def to_bundle(
    weights: dict[str, np.ndarray], config: ModelConfig, hashes: HashParameters
) -> ModelBundle:
    """The trained weights as the model that the services load and serve."""
    tables = (ITEM_TABLE, USER_TABLE)
    return ModelBundle(
        kind="retrieval",
        config=config,
        parameters={name: value for name, value in weights.items() if name not in tables},
        tables=EmbeddingTables(
            user=_with_padding(weights[USER_TABLE]),
            item=_with_padding(weights[ITEM_TABLE]),
            author=np.zeros((hashes.author.buckets, config.embedding_size), np.float32),
        ),
        hashes=hashes,
    )


def _with_padding(table: np.ndarray) -> np.ndarray:
    """Row 0 is padding and 0 for ever; training never reads it."""
    padded = np.array(table)
    padded[0] = 0.0
    return padded
