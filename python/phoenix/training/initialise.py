"""The shape of the demo models, their hashes, and where training starts from."""

from collections.abc import Mapping

import numpy as np

from phoenix.bundle import EmbeddingTables, ModelKind
from phoenix.config import EntityHash, HashParameters, ModelConfig
from phoenix.gen.actions import DISCRETE_COUNT
from phoenix.parameter_shapes import ranker_parameter_shapes, retrieval_parameter_shapes

HISTORY_LENGTH = 128
CANDIDATES_LENGTH = 64
_SCALE_BEFORE_BRANCH = 1.0
# With 0, as published, no gradient reaches the trunk (learning.md).
_SCALE_AFTER_BRANCH = 0.1
_ROW_SPREAD = 0.05

PEOPLE_ROWS = 4_093
ITEM_ROWS = 2_039
_PEOPLE_MODULUS = 1_000_003
_ITEM_MODULUS = 2_147_483_647


def demo_hashes() -> HashParameters:
    """Two hashes an entity: users and authors into 4,094 rows, posts into 2,040.

    Ids 1 .. 4,093 (a whole demo world) share no row in either hash: the rows are a prime number
    and id * scale + bias stays below the modulus. Larger ids wrap at the modulus, differently in
    the two hashes, so that two of them seldom share both rows.
    """
    return HashParameters(
        user=EntityHash((7, 239), (11, 401), _PEOPLE_MODULUS, PEOPLE_ROWS + 1),
        item=EntityHash((1_000_000_007, 1_500_450_271), (577, 1_201), _ITEM_MODULUS, ITEM_ROWS + 1),
        author=EntityHash((5, 241), (23, 197), _PEOPLE_MODULUS, PEOPLE_ROWS + 1),
    )


def demo_config(kind: ModelKind) -> ModelConfig:
    """Small enough for two CPU cores: width 64, 2 layers, 4 heads of 16, history 128."""
    ranker = kind == "ranker"
    return ModelConfig(
        embedding_size=64,
        key_size=16,
        query_heads=4,
        key_value_heads=4,
        layers=2 if ranker else 1,
        history_length=HISTORY_LENGTH,
        candidates_length=CANDIDATES_LENGTH,
        num_actions=DISCRETE_COUNT,
        user_hashes=2,
        item_hashes=2,
        author_hashes=2,
        positions="compact",
        pooling="last",
        candidate_tower="mlp",
        dwell_and_age=ranker,
        continuous=ranker,
    )


def initial_parameters(
    config: ModelConfig, kind: ModelKind, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Weights before training: matrices normal with 1/sqrt(inputs), small lookup tables 0."""
    shapes = ranker_parameter_shapes if kind == "ranker" else retrieval_parameter_shapes
    parameters: dict[str, np.ndarray] = {}
    for name, shape in shapes(config).items():
        if name.endswith("scale"):
            after = name.split("/")[-2] in ("rms_norm_1", "rms_norm_3")
            value = np.full(shape, _SCALE_AFTER_BRANCH if after else _SCALE_BEFORE_BRANCH)
        elif name.endswith("_table"):
            value = np.zeros(shape)
        else:
            spread = 0.2 if name.endswith("unembeddings") else 1.0
            value = spread * random.normal(size=shape) / np.sqrt(shape[0])
        parameters[name] = value.astype(np.float32)
    _meet(parameters, config, random)
    return parameters


def _meet(
    parameters: dict[str, np.ndarray], config: ModelConfig, random: np.random.Generator
) -> None:
    """Lets factors of viewers and authors meet: q . k starts as viewer factors . author factors.

    All tokens read the factors of their rows (factorise.py) through one matrix, and keys start
    equal to queries. The part of a row that belongs to another id starts unread.
    """
    width = config.embedding_size
    part = width // config.user_hashes
    shared = random.normal(size=(part, width)) / np.sqrt(part)
    block = np.zeros((config.author_hashes * width, width))
    for hash_number in range(config.author_hashes):
        start = hash_number * width + hash_number * part
        block[start : start + part] = shared / config.author_hashes
    items = config.item_hashes * width
    for name, value in parameters.items():
        if name.endswith("proj_mat_1"):
            value[:] = block
        elif name.endswith(("proj_mat_2", "proj_mat_3")):
            value[items : items + len(block)] = block
        elif name.endswith("key/w"):
            value[:] = parameters[name.replace("key/w", "query/w")]


def initial_tables(
    config: ModelConfig, hashes: HashParameters, random: np.random.Generator
) -> EmbeddingTables:
    """Embedding rows before training: small noise, row 0 (padding) 0."""

    def table(rows: int) -> np.ndarray:
        values = _ROW_SPREAD * random.normal(size=(rows, config.embedding_size))
        values[0] = 0.0
        return values.astype(np.float32)

    return EmbeddingTables(
        user=table(hashes.user.buckets),
        item=table(hashes.item.buckets),
        author=table(hashes.author.buckets),
    )


def without_untrained_rows(
    tables: EmbeddingTables, touched: Mapping[str, np.ndarray]
) -> EmbeddingTables:
    """Tables whose rows that no step changed are 0: an unknown person is nobody, not noise."""
    return EmbeddingTables(
        user=np.where(touched["user"][:, None], tables.user, np.float32(0)),
        item=np.where(touched["item"][:, None], tables.item, np.float32(0)),
        author=np.where(touched["author"][:, None], tables.author, np.float32(0)),
    )
