"""One demo world: the people, their graph, and posts and behaviour of a range of time."""

from dataclasses import dataclass, fields

import numpy as np

from phoenix.data.behaviour import WINDOW_HOURS, Behaviour, create_behaviour
from phoenix.data.graph import Graph, create_graph
from phoenix.data.people import People, create_people
from phoenix.data.posts import HOUR_MS, MARGIN_HOURS, Posts, create_posts
from phoenix.data.tastes import SURFACES
from phoenix.data.training_log import TrainingLog

PEOPLE = 3_000
LOG_DAYS = 28

_CHUNK_PERSON_DAYS = 28 * PEOPLE


@dataclass(frozen=True)
class World:
    """People and graph of (seed, scale), posts of whole hours, behaviour up to now.

    Some posts lie after now (the rest of its hour): take those with created_ms < now_ms.
    Parents and roots are exact for posts from exact_from_ms on.
    """

    now_ms: int
    people: People
    graph: Graph
    posts: Posts
    behaviour: Behaviour
    exact_from_ms: int


def create_society(seed: int, scale: float = 1.0) -> tuple[People, Graph]:
    """The people and their graph: the same on every day.

    Raises:
      ValueError: If scale makes fewer than 100 people.
    """
    people = create_people(seed, round(PEOPLE * scale))
    return people, create_graph(people)


def _in_chunks(people: People, graph: Graph, posts: Posts, span: tuple[int, int, int]) -> Behaviour:
    """Behaviour of (from_hour, until_ms, now_ms) in pieces of bounded memory."""
    from_hour, until_ms, now_ms = span
    step = max(48, 24 * _CHUNK_PERSON_DAYS // len(people))
    parts = []
    for start in range(from_hour, until_ms // HOUR_MS + 1, step):
        end_ms = min(until_ms, (start + step) * HOUR_MS)
        parts.append(
            create_behaviour(people, graph, posts, from_hour=start, until_ms=end_ms, now_ms=now_ms)
        )
    # No session runs over the end of its hour, so the parts follow each other in time.
    return Behaviour(**{
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(Behaviour)
    })  # fmt: skip


def create_world(
    seed: int, now_ms: int, *, scale: float = 1.0, from_ms: int | None = None
) -> World:
    """A world with behaviour (and exact posts) from from_ms to now.

    Args:
      seed: Decides everything but the time.
      now_ms: End of the world, exclusive.
      scale: 1 = 3,000 people.
      from_ms: Start of the behaviour; default 28 days before now.
    """
    people, graph = create_society(seed, scale)
    start_ms = now_ms - LOG_DAYS * 24 * HOUR_MS if from_ms is None else from_ms
    from_hour = start_ms // HOUR_MS
    first_hour = from_hour - max(MARGIN_HOURS, 2 * WINDOW_HOURS)
    posts = create_posts(people, first_hour, now_ms // HOUR_MS + 1)
    span = (from_hour, now_ms, now_ms)
    behaviour = _in_chunks(people, graph, posts, span)
    return World(now_ms, people, graph, posts, behaviour, (first_hour + MARGIN_HOURS) * HOUR_MS)


def world_training_log(world: World) -> TrainingLog:
    """The behaviour as the training log that the trainer reads."""
    behaviour, posts, people = world.behaviour, world.posts, world.people
    assert behaviour.surface.max(initial=0) < len(SURFACES)
    return TrainingLog(
        request_id=behaviour.request_id,
        viewer_id=people.user_ids[behaviour.viewer],
        post_id=posts.id[behaviour.post],
        author_id=people.user_ids[posts.author[behaviour.post]],
        at_ms=behaviour.at_ms,
        post_created_at_ms=posts.created_ms[behaviour.post],
        position=behaviour.position.astype(np.uint8),
        surface=behaviour.surface.astype(np.uint8),
        source=behaviour.source.astype(np.uint8),
        propensity=behaviour.propensity.astype(np.float32),
        outcomes=behaviour.outcomes,
        dwell_seconds=behaviour.dwell_seconds.astype(np.float32),
    )
