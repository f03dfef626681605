"""The demo world in memory: determinism, ratios, order of time, ranges, personas, the logging."""

from dataclasses import fields, replace

import numpy as np
import pytest

from phoenix.data.behaviour import Behaviour, shown_posts
from phoenix.data.counted_random import normals, uniforms
from phoenix.data.people import STYLE_SIZE, create_people
from phoenix.data.personas import FIRST_USER_ID, PERSONA_INDEX, PERSONAS
from phoenix.data.posts import (
    HOUR_MS,
    MARGIN_HOURS,
    ORIGINAL,
    PICTURE,
    QUOTE,
    REPLY,
    REPOST,
    VIDEO,
    Posts,
    burst_topic,
    create_posts,
)
from phoenix.data.tastes import ACTION_NAMES, action_probabilities
from phoenix.data.topics import TOPICS
from phoenix.data.world import World, create_society, create_world
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT

NOW_MS = 1_795_478_437_123
"""24 November 2026, some time within an hour."""


@pytest.fixture(scope="module")
def world() -> World:
    return create_world(7, NOW_MS, scale=0.2, from_ms=NOW_MS - 8 * 24 * HOUR_MS)


@pytest.fixture(scope="module")
def society():
    return create_society(7)


def _equal(first: object, second: object, kind: type) -> bool:
    return all(
        np.array_equal(getattr(first, each.name), getattr(second, each.name))
        for each in fields(kind)
    )


def _selected(posts: Posts, keep: np.ndarray) -> Posts:
    """The kept posts, positions of parents and roots renumbered (-1 where not kept)."""
    renumber = np.where(keep, np.cumsum(keep) - 1, -1)
    columns = {each.name: getattr(posts, each.name)[keep] for each in fields(posts)}
    for name in ("parent", "root"):
        old = columns[name]
        columns[name] = np.where(old >= 0, renumber[old], -1)
    return Posts(**columns)


def _written(world: World) -> Posts:
    posts = world.posts
    inside = (posts.created_ms >= world.exact_from_ms) & (posts.created_ms < world.now_ms)
    return _selected(posts, inside)


def test_counted_random_is_uniform_and_depends_on_keys_alone():
    keys = np.arange(100_000)
    drawn = uniforms(7, 3, keys)
    assert abs(drawn.mean() - 0.5) < 0.005
    assert np.array_equal(drawn[500:600], uniforms(7, 3, keys[500:600]))
    assert not np.array_equal(drawn, uniforms(7, 4, keys))
    assert abs(np.corrcoef(drawn, uniforms(8, 3, keys))[0, 1]) < 0.02
    assert abs(normals(7, 5, keys).std() - 1) < 0.02


def test_actions_stand_in_the_order_of_the_vocabulary():
    assert list(ACTION_NAMES) == [action.name for action in ACTIONS[:DISCRETE_COUNT]]


def test_same_seed_and_now_give_the_same_world(world):
    again = create_world(7, NOW_MS, scale=0.2, from_ms=NOW_MS - 8 * 24 * HOUR_MS)
    assert _equal(world.posts, again.posts, Posts)
    assert _equal(world.behaviour, again.behaviour, Behaviour)


def test_another_seed_gives_another_society(society):
    people, graph = society
    other_people, other_graph = create_society(8)
    assert not np.array_equal(people.interests[8:], other_people.interests[8:])
    assert len(graph.follower) != len(other_graph.follower)


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match="scale"):
        create_society(7, 0.01)


def test_society_does_not_depend_on_now(world):
    later = create_world(7, NOW_MS + 40 * 24 * HOUR_MS, scale=0.2, from_ms=NOW_MS)
    assert np.array_equal(world.people.style, later.people.style)
    assert np.array_equal(world.graph.followee, later.graph.followee)


def test_sizes_and_shares_are_those_of_the_specification(society):
    people, graph = society
    hour = NOW_MS // HOUR_MS
    posts = create_posts(people, hour - MARGIN_HOURS - 48, hour)
    recent = posts.hour >= hour - 48
    assert 23_000 < recent.sum() < 28_000
    media = posts.media[recent]
    assert 0.22 < (media == PICTURE).mean() < 0.28
    assert 0.065 < (media == VIDEO).mean() < 0.095
    duration = posts.duration_ms[posts.media == VIDEO]
    assert duration.min() >= 2_000
    assert duration.max() <= 180_000
    assert set(posts.depth[recent].tolist()) == {0, 1, 2, 3, 4}
    assert len(np.unique(posts.topic)) == len(TOPICS)
    for column, share in (("protected", 0.03), ("sells_subscriptions", 0.02), ("spammer", 0.01)):
        assert getattr(people, column).mean() == pytest.approx(share, abs=0.01)
    assert people.adult.any()
    followers = np.bincount(graph.followee, minlength=len(people))
    assert 400 <= followers.max() <= 600
    assert len(graph.follower) > 100_000
    for relation in (graph.blocks, graph.mutes, graph.muted_reposts, graph.subscriptions):
        assert 100 < len(relation) < 5_000


def test_nobody_follows_a_block_or_themselves(society):
    _, graph = society
    assert not (graph.follower == graph.followee).any()
    edges = set(zip(graph.follower.tolist(), graph.followee.tolist(), strict=True))
    for viewer, author in graph.blocks.tolist():
        assert (viewer, author) not in edges
        assert (author, viewer) not in edges


def test_ids_are_unique_snowflakes_in_order_of_time(world):
    posts = world.posts
    assert (np.diff(posts.id) > 0).all()
    assert np.array_equal((posts.id >> 22) + 1_288_834_974_657, posts.created_ms)


def test_answers_come_after_what_they_answer_and_on_its_topic(world):
    posts = _written(world)
    inside = posts.parent >= 0
    parent = posts.parent[inside]
    assert (posts.created_ms[parent] < posts.created_ms[inside]).all()
    assert np.array_equal(posts.topic[parent], posts.topic[inside])
    assert not (posts.kind[parent] == REPOST).any()
    assert not world.people.protected[
        posts.author[parent][np.isin(posts.kind[inside], (QUOTE, REPOST))]
    ].any()
    reply = inside & (posts.kind == REPLY)
    assert np.array_equal(posts.depth[reply], posts.depth[posts.parent[reply]] + 1)
    assert np.array_equal(posts.root[reply], posts.root[posts.parent[reply]])
    assert {ORIGINAL, REPLY, QUOTE, REPOST} == set(posts.kind.tolist())


def test_a_burst_fills_its_topic(society):
    people, _ = society
    hours = np.arange(NOW_MS // HOUR_MS - 24 * 7, NOW_MS // HOUR_MS)
    running = burst_topic(7, hours)
    hour = int(hours[running >= 0][0])
    topic = int(running[running >= 0][0])
    posts = create_posts(people, hour - 24, hour + 1)
    share = (posts.topic[posts.hour == hour] == topic).mean()
    assert share > 1.5 * (posts.topic[posts.hour < hour] == topic).mean()


def test_a_part_of_the_posts_equals_the_whole(world):
    first, last = NOW_MS // HOUR_MS - 40, NOW_MS // HOUR_MS - 20
    part = create_posts(world.people, first - MARGIN_HOURS, last)
    whole = _selected(world.posts, (world.posts.hour >= first - MARGIN_HOURS)
                         & (world.posts.hour < last))  # fmt: skip
    mine, its = part.hour >= first, whole.hour >= first
    for each in fields(Posts):
        if each.name not in ("parent", "root"):
            assert np.array_equal(getattr(part, each.name)[mine], getattr(whole, each.name)[its])
    for name in ("parent", "root"):
        left, right = getattr(part, name)[mine], getattr(whole, name)[its]
        assert np.array_equal(left >= 0, right >= 0)
        assert np.array_equal(part.id[left[left >= 0]], whole.id[right[right >= 0]])


def test_a_part_of_the_behaviour_equals_the_whole(world):
    start = (NOW_MS // HOUR_MS - 30) * HOUR_MS
    part = create_world(7, NOW_MS, scale=0.2, from_ms=start)
    its = world.behaviour.at_ms >= start
    assert its.sum() == len(part.behaviour) > 500
    for each in fields(Behaviour):
        if each.name == "post":
            assert np.array_equal(
                part.posts.id[part.behaviour.post],
                world.posts.id[world.behaviour.post[its]],
            )
        else:
            left, right = getattr(part.behaviour, each.name), getattr(world.behaviour, each.name)
            assert np.array_equal(left, right[its])


def test_impressions_lie_between_the_post_and_now(world):
    behaviour, posts = world.behaviour, world.posts
    assert (np.diff(behaviour.at_ms) >= 0).all()
    assert (behaviour.at_ms < NOW_MS).all()
    age = behaviour.at_ms - posts.created_ms[behaviour.post]
    assert age.min() > 0
    assert age.max() < 50 * HOUR_MS
    assert (posts.author[behaviour.post] != behaviour.viewer).all()
    pairs = behaviour.viewer * len(posts) + behaviour.post
    assert len(np.unique(pairs)) == len(pairs)
    hidden = world.graph.hides(behaviour.viewer, posts.author[behaviour.post])
    assert not hidden.any()


def test_propensities_are_probabilities_of_the_mixture(world):
    propensity = world.behaviour.propensity
    assert (propensity > 0).all()
    assert (propensity <= 1).all()
    # Sum over slots of 1 / propensity estimates the posts that could have been explored.
    explored = world.behaviour.source == 2
    assert np.median(propensity[explored]) < np.median(propensity[~explored])
    followed = world.graph.follows(world.behaviour.viewer, world.posts.author[world.behaviour.post])
    assert followed[world.behaviour.source == 0].all()


def test_outcomes_are_drawn_from_the_true_probabilities(world):
    behaviour = world.behaviour
    shown = shown_posts(
        world.people, world.posts, behaviour.viewer, behaviour.post, behaviour.at_ms
    )
    shown = replace(shown, surface=behaviour.surface)
    expected = action_probabilities(world.people, shown)
    deviation = np.sqrt((expected * (1 - expected)).sum(axis=0))
    distance = np.abs(behaviour.outcomes.sum(axis=0) - expected.sum(axis=0))
    assert (distance < 4 * deviation + 1).all()


def test_personas_are_as_described(society):
    people, graph = society
    degree = np.diff(graph.offsets)[: len(PERSONAS)]
    assert degree.tolist() == [150, 120, 600, 3, 0, 150, 80, 60]
    assert [FIRST_USER_ID + PERSONA_INDEX[p.handle] for p in PERSONAS] == list(range(101, 109))
    ada = people.interests[PERSONA_INDEX["ada"]]
    assert ada[TOPICS.index("jazz")] + ada[TOPICS.index("astronomy")] == pytest.approx(1)
    assert people.read_rate[PERSONA_INDEX["dora"]] == 0
    gus = people.media_taste[PERSONA_INDEX["gus"]]
    assert gus[VIDEO] - max(gus[0], gus[PICTURE]) > 4


def test_hana_is_away_for_twenty_days_and_dora_never_came():
    world = create_world(7, NOW_MS, scale=0.2)
    viewer, at_ms = world.behaviour.viewer, world.behaviour.at_ms
    hana = at_ms[viewer == PERSONA_INDEX["hana"]]
    assert len(hana) > 20
    assert hana.max() <= NOW_MS - 20 * 24 * HOUR_MS
    assert not (viewer == PERSONA_INDEX["dora"]).any()
    reads = np.bincount(viewer, minlength=len(world.people))
    assert reads[PERSONA_INDEX["chiyo"]] == reads.max()


def test_people_have_shapes_of_the_docs():
    people = create_people(3, 150)
    assert people.style.shape == (150, STYLE_SIZE)
    assert np.allclose(people.interests.sum(axis=1), 1)
    assert np.allclose(people.topic_mix.sum(axis=1), 1)
    assert np.allclose(people.media_share.sum(axis=1), 1)
    with pytest.raises(ValueError, match="user ids"):
        people.index_of(np.array([5]))
