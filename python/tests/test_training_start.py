"""What training starts from: sizes, factors, heads and weights of impressions."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from phoenix.data.posts import HOUR_MS
from phoenix.data.world import create_world, world_training_log
from phoenix.gen.actions import DISCRETE_COUNT
from phoenix.training.debiasing import impression_weights
from phoenix.training.factorise import factorise
from phoenix.training.fit_heads import BEND_RATE, HeadSample, action_heads, dwell_head
from phoenix.training.initialise import demo_hashes
from phoenix.training.model_sizes import (
    ROWS_MAX,
    LogSize,
    hashes_for,
    ranker_epochs,
    retrieval_epochs,
)
from phoenix.training.ranker_loss import mean_auc
from phoenix.training.ranker_training import ranker_from_ms
from phoenix.training.start_from_factors import BEND, CANDIDATE_MARK, PRODUCT
from phoenix.training.train_loop import TrainingError
from phoenix.training.training_job import create_job
from phoenix.training.viewer_sequences import viewer_sequences

NOW_MS = 1_793_491_200_000


def test_tables_and_epochs_grow_with_the_log_and_the_demo_keeps_its_own() -> None:
    demo = LogSize(viewers=2_954, authors=2_985, posts=330_000, impressions=892_000)
    assert hashes_for(demo) == demo_hashes()
    assert (ranker_epochs(demo), retrieval_epochs(demo)) == (1, 4)
    large = LogSize(viewers=30_000, authors=20_000, posts=3_000_000, impressions=9_000_000)
    hashes = hashes_for(large)
    for entity, count in ((hashes.user, 30_000), (hashes.author, 20_000)):
        rows = entity.buckets - 1
        assert 1.25 * count <= rows < 1.3 * count
        assert all(rows % divisor for divisor in range(2, 200))
    assert hashes.item.buckets - 1 >= 3_000_000 / 256
    assert ranker_epochs(large) == 1
    assert ranker_epochs(dataclasses.replace(large, impressions=1_000)) == 8
    huge = hashes_for(dataclasses.replace(large, viewers=10**9))
    assert huge.user.buckets - 1 == ROWS_MAX


def test_an_empty_log_is_refused() -> None:
    log = world_training_log(create_world(7, NOW_MS, scale=0.05, from_ms=NOW_MS - 2 * HOUR_MS))
    empty = type(log)(**{
        each.name: getattr(log, each.name)[:0] for each in dataclasses.fields(log)
    })  # fmt: skip
    with pytest.raises(TrainingError, match="holds no impression"):
        create_job(empty, command="python -m phoenix.training --log x")


def test_what_reads_tells_what_writes() -> None:
    """Authors of whom little was seen are placed by what the same people like to read."""
    world = create_world(7, NOW_MS, scale=0.1, from_ms=NOW_MS - 14 * 24 * HOUR_MS)
    sequences = viewer_sequences(world_training_log(world))
    until_ms = ranker_from_ms(sequences)
    factors, again = (
        factorise(sequences, size=12, rounds=4, seed=5, until_ms=until_ms).earlier for _ in range(2)
    )
    assert np.array_equal(factors.viewer, again.viewer)
    viewers, authors = factors.viewer[:, :-1], factors.author[:, :-1]
    moments = [vectors.T @ vectors / len(vectors) for vectors in (viewers, authors)]
    assert np.allclose(moments[0], moments[1], atol=1e-6)
    _, reads, writes = np.intersect1d(factors.viewer_ids, factors.author_ids, return_indices=True)
    own = np.einsum("nk,nk->n", viewers[reads], authors[writes])
    others = viewers[reads] @ authors[writes].T
    assert own.mean() > others.mean() + others.std()


def test_debiasing_counts_the_unlikely_more_within_bounds() -> None:
    propensity = np.array([0.5, 0.05, 0.0005, np.nan], np.float32)
    assert (impression_weights(propensity, 0.0) == 1).all()
    weights = impression_weights(propensity, 0.5)
    assert weights[0] < weights[1] < weights[2] <= 10
    assert weights[3] == 1
    assert impression_weights(propensity, 1.0).min() >= np.float32(0.1)
    with pytest.raises(ValueError, match="debias: expected 0 to 1, found 2"):
        impression_weights(propensity, 2.0)


def test_auc_is_the_share_of_pairs_in_order() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=(3, 40, 2)).astype(np.float32)
    happened = (random.random((3, 40, 2)) < 0.3).astype(np.float32)
    valid = random.random((3, 40)) < 0.8
    expected = []
    for column in range(2):
        mine, did = scores[valid][:, column], happened[valid][:, column] > 0
        expected.append((mine[did][:, None] > mine[~did][None]).mean())
    found = float(mean_auc(jnp.asarray(scores), jnp.asarray(happened), valid))
    assert found == pytest.approx(np.mean(expected), abs=1e-6)
    assert float(mean_auc(jnp.asarray(scores), jnp.zeros((3, 40, 2)), valid)) == 0.5


def test_heads_are_calibrated_and_rare_actions_borrow_the_common_direction() -> None:
    random = np.random.default_rng(2)
    count, width = 10_000, 64
    outputs = random.normal(size=(count, width))
    outputs[:, CANDIDATE_MARK] = 7.7
    truth = np.zeros(width)
    truth[:4] = 0.5
    base = np.full(DISCRETE_COUNT, -6.0)
    base[:3] = -2.0
    chance = 1 / (1 + np.exp(-(base + (outputs @ truth)[:, None])))
    outcomes = random.random((count, DISCRETE_COUNT)) < chance
    dwell = 30 / (1 + np.exp(-(outputs @ truth)))
    sample = HeadSample(outputs, outcomes.astype(np.float64), dwell)
    heads = action_heads(sample)
    predicted = 1 / (1 + np.exp(-(outputs @ heads)))
    assert np.allclose(predicted.mean(axis=0), outcomes.mean(axis=0), atol=2e-3)
    for action in range(14):
        own = heads[:, action].copy()
        own[CANDIDATE_MARK] = 0
        cosine = own @ truth / np.linalg.norm(own) / np.linalg.norm(truth)
        assert cosine > 0.6, action
    head = dwell_head(sample)
    assert head is not None
    assert np.allclose(30 / (1 + np.exp(-(outputs @ head))), dwell, atol=0.2)
    assert dwell_head(dataclasses.replace(sample, dwell_seconds=np.zeros(count))) is None


def test_only_actions_that_happen_often_bend() -> None:
    random = np.random.default_rng(3)
    count = 20_000
    outputs = np.zeros((count, 64))
    outputs[:, CANDIDATE_MARK] = 7.7
    outputs[:, PRODUCT] = 0.5 * random.normal(size=count)
    outputs[:, BEND] = outputs[:, PRODUCT].clip(0)
    base = np.full(DISCRETE_COUNT, -6.0)
    base[:2] = -1.0
    logits = base + (1.5 * outputs[:, PRODUCT] - outputs[:, BEND])[:, None]
    outcomes = (random.random((count, DISCRETE_COUNT)) < 1 / (1 + np.exp(-logits))).astype(float)
    assert outcomes[:, 0].mean() > BEND_RATE > outcomes[:, 2:].mean(axis=0).max()
    heads = action_heads(HeadSample(outputs, outcomes, np.zeros(count)))
    assert np.allclose(heads[BEND, :2], -1.0, atol=0.3)
    assert np.allclose(heads[PRODUCT, :2], 1.5, atol=0.2)
    assert (heads[BEND, 2:] == 0).all()
