"""Whether it is the model's rows that make feeds personal."""

import dataclasses

import numpy as np

from phoenix.bundle import EmbeddingTables, ModelBundle
from phoenix.data.personas import FIRST_USER_ID, PERSONAS
from phoenix.evaluation.demo_pools import DemoDay
from phoenix.evaluation.metrics import spearman
from phoenix.evaluation.rankers import model_ranker
from phoenix.inference import InferenceEngine


def persona_id(handle: str) -> int:
    """User id of a persona."""
    return FIRST_USER_ID + [persona.handle for persona in PERSONAS].index(handle)


def order_correlation(
    day: DemoDay, engine: InferenceEngine, handles: tuple[str, str], size: int
) -> float:
    """Spearman correlation of two personas' orders over one fixed pool of `size` candidates."""
    viewer_ids = np.array([persona_id(handle) for handle in handles], np.int64)
    pool = day.common_pool(viewer_ids, size, seed=3)
    rank = model_ranker(engine)
    first, second = (
        rank(day, dataclasses.replace(pool, viewer_id=int(viewer_id))) for viewer_id in viewer_ids
    )
    return spearman(first, second)


def permuted(bundle: ModelBundle, seed: int) -> ModelBundle:
    """The model with the rows of users and of authors in another order; padding stays."""
    random = np.random.default_rng(seed)

    def shuffled(table: np.ndarray) -> np.ndarray:
        order = 1 + random.permutation(len(table) - 1)
        return np.concatenate([table[:1], table[order]])

    tables = bundle.tables
    return dataclasses.replace(
        bundle,
        tables=EmbeddingTables(
            user=shuffled(tables.user), item=tables.item, author=shuffled(tables.author)
        ),
    )
