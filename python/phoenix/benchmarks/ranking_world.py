"""A ranker with random weights, a viewer and candidates, at the size of the published example."""

import dataclasses

import numpy as np
from jaxtyping import Int

from phoenix.bundle import Candidates, EmbeddingTables, History, ModelBundle
from phoenix.config import EntityHash, HashParameters, ModelConfig
from phoenix.gen.actions import DISCRETE_COUNT
from phoenix.parameter_shapes import ranker_parameter_shapes

CANDIDATES = 1_500
# A tenth of a refresh is new.
REFRESHED = CANDIDATES // 10
_TABLE_ROWS = 50_000
_ID_MAX = 2**60


def _config(history_length: int) -> ModelConfig:
    return ModelConfig(
        embedding_size=128,
        key_size=32,
        query_heads=4,
        key_value_heads=4,
        layers=4,
        history_length=history_length,
        candidates_length=64,
        num_actions=DISCRETE_COUNT,
        user_hashes=2,
        item_hashes=2,
        author_hashes=2,
        positions="compact",
        pooling="last",
        candidate_tower="mlp",
        dwell_and_age=True,
        continuous=True,
    )


def benchmark_bundle(history_length: int) -> ModelBundle:
    """D 128, 4 layers, 4 heads of 32. Weights of a size that keeps activations near 1."""
    config = _config(history_length)
    random = np.random.default_rng(0)

    def weight(shape: tuple[int, ...]) -> np.ndarray:
        scale = 1.0 if len(shape) == 1 else shape[0] ** -0.5
        return random.normal(0.0, scale, shape).astype(np.float32)

    def entity(hashes: int) -> EntityHash:
        scales = tuple(int(scale) for scale in random.integers(1, 2**62, hashes))
        return EntityHash(scales, tuple(range(3, 3 + hashes)), 2**61 - 1, _TABLE_ROWS)

    tables = [
        random.standard_normal((_TABLE_ROWS, config.embedding_size), np.float32) for _ in range(3)
    ]
    return ModelBundle(
        kind="ranker",
        config=config,
        parameters={name: weight(s) for name, s in ranker_parameter_shapes(config).items()},
        tables=EmbeddingTables(*tables),
        hashes=HashParameters(
            user=entity(config.user_hashes),
            item=entity(config.item_hashes),
            author=entity(config.author_hashes),
        ),
    )


def random_history(length: int) -> History:
    """One viewer's history."""
    random = np.random.default_rng(1)
    return History(
        post_ids=random.integers(1, _ID_MAX, length),
        author_ids=random.integers(1, _ID_MAX, length),
        actions=random.integers(0, 2, (length, DISCRETE_COUNT)).astype(np.float32),
        dwell_seconds=random.uniform(0, 30, length).astype(np.float32),
        surfaces=random.integers(0, 5, length),
        created_at_ms=random.integers(1, 1_000_000, length),
    )


def random_candidates(count: int, seed: int = 2) -> Candidates:
    """Posts on the home feed."""
    random = np.random.default_rng(seed)
    return Candidates(
        post_ids=random.integers(1, _ID_MAX, count),
        author_ids=random.integers(1, _ID_MAX, count),
        surfaces=np.zeros(count, np.int64),
        created_at_ms=random.integers(1, 1_000_000, count),
    )


def refreshed(candidates: Candidates, order: Int[np.ndarray, " c"]) -> Candidates:
    """The same candidates in another order, the last tenth of which are new posts."""
    columns = {name: column[order].copy() for name, column in vars(candidates).items()}
    again = Candidates(**columns)
    fresh = random_candidates(REFRESHED, seed=int(order[0]) + 10)
    again.post_ids[-REFRESHED:] = fresh.post_ids
    return dataclasses.replace(again)
