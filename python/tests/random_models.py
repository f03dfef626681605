"""Small models with random weights, and random requests to them."""

import numpy as np

from phoenix.bundle import Candidates, EmbeddingTables, History, ModelBundle, ModelKind
from phoenix.config import EntityHash, HashParameters, ModelConfig
from phoenix.parameter_shapes import ranker_parameter_shapes, retrieval_parameter_shapes
from phoenix.tokens import CandidateTokens, HistoryTokens

ACTIONS = 18


def small_config(**changes: object) -> ModelConfig:
    """A grouped-query model with every feature on, compact positions."""
    values: dict[str, object] = {
        "embedding_size": 16,
        "key_size": 8,
        "query_heads": 4,
        "key_value_heads": 2,
        "layers": 2,
        "history_length": 12,
        "candidates_length": 5,
        "num_actions": ACTIONS,
        "user_hashes": 2,
        "item_hashes": 2,
        "author_hashes": 2,
        "positions": "compact",
        "pooling": "last",
        "candidate_tower": "mlp",
        "dwell_and_age": True,
        "continuous": True,
    }
    return ModelConfig(**(values | changes))  # type: ignore[arg-type]


def retrieval_config(**changes: object) -> ModelConfig:
    """The retrieval model beside `small_config`."""
    return small_config(**({"dwell_and_age": False, "continuous": False} | changes))


def random_parameters(config: ModelConfig, kind: ModelKind, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of every name, of a size that keeps activations near 1."""
    random = np.random.default_rng(seed)
    shapes = ranker_parameter_shapes if kind == "ranker" else retrieval_parameter_shapes
    return {
        name: random.normal(0.0, 1.0 if len(shape) == 1 else shape[0] ** -0.5, shape).astype(
            np.float32
        )
        for name, shape in shapes(config).items()
    }


def random_bundle(kind: ModelKind, config: ModelConfig, seed: int = 0) -> ModelBundle:
    """A model with tables of 50 users, 90 items and 40 authors."""
    random = np.random.default_rng(seed + 1)

    def table(rows: int) -> np.ndarray:
        return random.normal(size=(rows, config.embedding_size)).astype(np.float32)

    def entity(rows: int, hashes: int) -> EntityHash:
        scales = tuple(int(scale) for scale in random.integers(1, 2**62, hashes))
        return EntityHash(scales, tuple(range(3, 3 + hashes)), 2**61 - 1, rows)

    return ModelBundle(
        kind=kind,
        config=config,
        parameters=random_parameters(config, kind, seed),
        tables=EmbeddingTables(user=table(50), item=table(90), author=table(40)),
        hashes=HashParameters(
            user=entity(50, config.user_hashes),
            item=entity(90, config.item_hashes),
            author=entity(40, config.author_hashes),
        ),
    )


def random_user_rows(config: ModelConfig, batch: int, seed: int = 2) -> np.ndarray:
    """Rows of user tokens."""
    random = np.random.default_rng(seed)
    shape = (batch, config.user_hashes, config.embedding_size)
    return random.normal(size=shape).astype(np.float32)


def random_history(config: ModelConfig, valid: np.ndarray, seed: int = 3) -> HistoryTokens:
    """Histories whose valid tokens are given, [batch, length]; the others hold noise."""
    random = np.random.default_rng(seed)
    batch, length = valid.shape
    width = config.embedding_size
    return HistoryTokens(
        post_rows=random.normal(size=(batch, length, config.item_hashes, width)).astype(np.float32),
        author_rows=random.normal(size=(batch, length, config.author_hashes, width)).astype(
            np.float32
        ),
        actions=random.integers(0, 2, (batch, length, config.num_actions)).astype(np.float32),
        surfaces=random.integers(0, config.product_surfaces, (batch, length), np.int32),
        dwell_seconds=random.uniform(0, 40, (batch, length)).astype(np.float32),
        valid=valid,
        item_scale=random.integers(0, 2, (batch, length)).astype(np.float32),
    )


def random_candidates(
    config: ModelConfig, batch: int, count: int, seed: int = 4
) -> CandidateTokens:
    """Valid candidates of all ages."""
    random = np.random.default_rng(seed)
    width = config.embedding_size
    return CandidateTokens(
        post_rows=random.normal(size=(batch, count, config.item_hashes, width)).astype(np.float32),
        author_rows=random.normal(size=(batch, count, config.author_hashes, width)).astype(
            np.float32
        ),
        surfaces=random.integers(0, config.product_surfaces, (batch, count), np.int32),
        age_buckets=random.integers(0, config.post_age_buckets, (batch, count), np.int32),
        valid=np.ones((batch, count), bool),
        item_scale=random.integers(0, 2, (batch, count)).astype(np.float32),
    )


def event_history(length: int, seed: int = 5) -> History:
    """One viewer's history of ids, in the vocabulary of actions.json."""
    random = np.random.default_rng(seed)
    return History(
        post_ids=random.integers(1, 2**60, length),
        author_ids=random.integers(1, 2**60, length),
        actions=random.integers(0, 2, (length, ACTIONS)).astype(np.float32),
        dwell_seconds=random.uniform(0, 30, length).astype(np.float32),
        surfaces=random.integers(0, 5, length),
        created_at_ms=random.integers(1, 1_000_000, length),
    )


def id_candidates(count: int, seed: int = 6) -> Candidates:
    """Candidates of ids, created in the first 1,000 seconds."""
    random = np.random.default_rng(seed)
    return Candidates(
        post_ids=random.integers(1, 2**60, count),
        author_ids=random.integers(1, 2**60, count),
        surfaces=random.integers(0, 5, count),
        created_at_ms=random.integers(1, 1_000_000, count),
    )
