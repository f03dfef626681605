"""The truth of the demo world: what evaluation measures against."""

import numpy as np
import pytest

from phoenix.data.oracle import (
    feature_oracle_values,
    load_oracle,
    oracle_of,
    save_oracle,
    true_values,
)
from phoenix.data.personas import FIRST_USER_ID, PERSONA_INDEX
from phoenix.data.posts import HOUR_MS, REPLY, VIDEO
from phoenix.data.tastes import expected_dwell_seconds
from phoenix.data.world import World, create_world

NOW_MS = 1_795_478_437_123
WEIGHTS = np.array(
    [0.5, 5, 1, 0.05, 0.4, 0, 0.05, 2, 5, 20, 0, 5, 0.05, 4, -43.2, -31.2, -58.8, -234]
)


@pytest.fixture(scope="module")
def world() -> World:
    return create_world(7, NOW_MS, scale=0.3, from_ms=NOW_MS - 3 * 24 * HOUR_MS)


@pytest.fixture(scope="module")
def oracle(world):
    return oracle_of(world)


def _recent(oracle, count: int) -> np.ndarray:
    recent = np.flatnonzero(oracle.posts.created_ms > NOW_MS - 48 * HOUR_MS)
    return np.random.default_rng(3).choice(recent, min(count, len(recent)), replace=False)


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values))


def _values(oracle, handle: str, place: np.ndarray) -> np.ndarray:
    viewer = np.full(len(place), FIRST_USER_ID + PERSONA_INDEX[handle])
    return true_values(oracle, viewer, oracle.posts.id[place], NOW_MS).weighted(WEIGHTS, 0.004)


def test_file_gives_the_same_values(world, oracle, tmp_path):
    save_oracle(world, tmp_path / "oracle.npz")
    stored = load_oracle(tmp_path / "oracle.npz")
    place = _recent(oracle, 200)
    assert np.array_equal(_values(oracle, "ada", place), _values(stored, "ada", place))


def test_file_of_another_table_of_tastes_is_refused(world, tmp_path):
    save_oracle(world, tmp_path / "oracle.npz")
    with np.load(tmp_path / "oracle.npz") as stored:
        columns = {name: stored[name] for name in stored.files}
    columns["action_table"] = columns["action_table"] + 0.1
    np.savez(tmp_path / "oracle.npz", allow_pickle=False, **columns)
    with pytest.raises(ValueError, match="another table"):
        load_oracle(tmp_path / "oracle.npz")


def test_an_unknown_post_or_viewer_is_named(oracle):
    some = oracle.posts.id[:1]
    with pytest.raises(ValueError, match="the first is 17"):
        true_values(oracle, np.array([101]), np.array([17]), NOW_MS)
    with pytest.raises(ValueError, match="user ids"):
        true_values(oracle, np.array([5]), some, NOW_MS)


def test_feature_oracle_is_the_average_of_the_truth(world, oracle):
    """Over all originals of one author, the true values average to what ids can know."""
    kind_of = dict(zip(world.posts.id.tolist(), world.posts.kind.tolist(), strict=True))
    original = np.array([kind_of[i] != REPLY for i in oracle.posts.id.tolist()])
    place = np.flatnonzero(original)
    viewer = np.full(len(place), FIRST_USER_ID + PERSONA_INDEX["ada"])
    now_ms = NOW_MS
    author_ids = oracle.people.user_ids[oracle.posts.author[place]]
    truth = true_values(oracle, viewer, oracle.posts.id[place], now_ms)
    feature = feature_oracle_values(
        oracle, viewer, author_ids, oracle.posts.created_ms[place], now_ms
    )
    expected, found = feature.probabilities.mean(axis=0), truth.probabilities.mean(axis=0)
    # Replies quote nothing and were left out here, so a larger share of these are quotes.
    quoted_click = 12
    kept = np.delete(np.arange(18), quoted_click)
    assert np.allclose(found[kept], expected[kept], rtol=0.06)
    assert expected[quoted_click] < found[quoted_click] < 2 * expected[quoted_click]
    assert truth.dwell_seconds.mean() == pytest.approx(feature.dwell_seconds.mean(), rel=0.05)


def test_interested_viewers_value_posts_more_and_dislike_costs(oracle):
    place = _recent(oracle, 2_000)
    values = _values(oracle, "ada", place)
    topic = oracle.posts.topic[place]
    assert values[topic == 0].mean() > values[topic == 6].mean() + 0.2
    assert values.max() > 0.8
    assert -4 < values.min() < 0


def test_ada_and_bruno_order_one_pool_differently(oracle):
    place = _recent(oracle, 1_500)
    ada, bruno = _values(oracle, "ada", place), _values(oracle, "bruno", place)
    assert np.corrcoef(_ranks(ada), _ranks(bruno))[0, 1] < 0.5


def test_gus_wants_video_only(oracle):
    place = _recent(oracle, 2_000)
    best = place[np.argsort(-_values(oracle, "gus", place))[:20]]
    assert (oracle.posts.media[best] == VIDEO).mean() > 0.9


def test_impossible_actions_have_no_chance(oracle):
    place = _recent(oracle, 300)
    viewer = np.full(len(place), 101)
    chance = true_values(oracle, viewer, oracle.posts.id[place], NOW_MS).probabilities
    assert (chance[oracle.posts.media[place] != 1, 3] == 0).all()
    assert (chance[~oracle.posts.quote[place], 12] == 0).all()
    assert ((chance >= 0) & (chance <= 1)).all()


def test_dwell_is_cut_at_thirty_seconds():
    drawn = np.exp(2.6 + 0.5 * np.random.default_rng(0).standard_normal(400_000))
    expected = expected_dwell_seconds(np.array([2.6]))[0]
    assert expected == pytest.approx(np.minimum(drawn, 30).mean(), rel=0.005)
