"""What people were shown and did: reading sessions, the posts shown in them, the outcomes.

Counted by (person, hour, slot). A session in hour h shows posts of the 48 whole hours before h.
The logging policy fills each slot from a mixture, and the propensity is the mixture's probability
of the shown post, whichever part drew it:
    in network  an active followed author at random, one of their posts, newer ones likelier
    retrieval   a topic by the viewer's interests, a post of it at random
    explored    any original or quote at random
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt8, UInt64

from phoenix.data.counted_random import categorical, mixed_bits, normals, uniforms
from phoenix.data.graph import Graph
from phoenix.data.people import People
from phoenix.data.personas import LAPSED_DAYS, PERSONA_INDEX
from phoenix.data.posts import HOUR_MS, ORIGINAL, QUOTE, REPOST, Posts, local_activity
from phoenix.data.tastes import (
    ACTION_NAMES,
    DWELL_LOG_SPREAD,
    Shown,
    action_probabilities,
    dwell_log_mean,
)

WINDOW_HOURS = 48
SLOTS_MIN, SLOTS_MAX = 4, 14
MIXTURE = np.array([0.5, 0.25, 0.25])
"""Shares of the slots: in network, retrieval, explored. Without a followed author that wrote
lately the first share goes to the other two alike."""

RECENCY_RATIO = 0.8
"""The next older post of an author is this much less likely."""

_SESSION, _SLOT = 16, 17
_SURFACE_SHARES = (0.85, 0.95)


@dataclass(frozen=True)
class Behaviour:
    """Impressions in time order; post: position in the posts they were drawn from."""

    request_id: Int64[np.ndarray, " n"]
    viewer: Int64[np.ndarray, " n"]
    post: Int64[np.ndarray, " n"]
    at_ms: Int64[np.ndarray, " n"]
    position: Int64[np.ndarray, " n"]
    surface: Int64[np.ndarray, " n"]
    source: Int64[np.ndarray, " n"]
    propensity: Float64[np.ndarray, " n"]
    outcomes: UInt8[np.ndarray, "n 18"]
    dwell_seconds: Float64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.viewer)


@dataclass(frozen=True)
class _Slots:
    """Slots to fill: the viewer, the session's hour, the slot's own random key."""

    session: Int64[np.ndarray, " n"]
    viewer: Int64[np.ndarray, " n"]
    hour: Int64[np.ndarray, " n"]
    position: Int64[np.ndarray, " n"]
    key: UInt64[np.ndarray, " n"]


class _Index:
    """Posts in one order, with the number of them in each group before each hour."""

    def __init__(self, posts: Posts, members: np.ndarray, group: np.ndarray) -> None:
        self.first_hour = int(posts.hour[0]) if len(posts) else 0
        hours = (int(posts.hour[-1]) if len(posts) else 0) - self.first_hour + 2
        code = group * hours + (posts.hour[members] - self.first_hour)
        order = np.argsort(code, kind="stable")
        self.posts = members[order]
        self.hours = hours
        self.place = np.full(len(posts), -1)
        self.place[self.posts] = np.arange(len(self.posts))
        groups = int(group.max()) + 1 if len(group) else 1
        self.ends = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=groups * hours))])

    def window(self, group: np.ndarray, hour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First place and number of a group's posts in the 48 hours before each hour."""
        last = np.clip(hour - self.first_hour, 0, self.hours - 1)
        first = np.clip(hour - self.first_hour - WINDOW_HOURS, 0, self.hours - 1)
        low = self.ends[group * self.hours + first]
        return low, self.ends[group * self.hours + last] - low


def _sessions(people: People, hours: np.ndarray, now_ms: int) -> tuple[np.ndarray, np.ndarray]:
    """(person, hour) of every reading session. Suspended people read nothing."""
    chance = people.read_rate[:, None] / 24.0 * local_activity(people, hours)
    chance[people.suspended | people.deactivated | people.spammer] = 0.0
    lapsed_from = (now_ms - LAPSED_DAYS * 24 * HOUR_MS) // HOUR_MS
    chance[PERSONA_INDEX["hana"], hours >= lapsed_from] = 0.0
    person = np.arange(len(people))
    drawn = uniforms(people.seed, _SESSION, person[:, None], hours[None, :]) < chance
    who, which = np.nonzero(drawn)
    return who, hours[which]


def _slots(people: People, hours: np.ndarray, now_ms: int) -> _Slots:
    who, hour = _sessions(people, hours, now_ms)
    span = SLOTS_MAX - SLOTS_MIN + 1
    size = SLOTS_MIN + (uniforms(people.seed, _SESSION, who, hour, 1) * span).astype(np.int64)
    session = np.repeat(np.arange(len(who)), size)
    position = np.arange(len(session)) - np.repeat(np.cumsum(size) - size, size)
    viewer, at_hour = who[session], hour[session]
    key = mixed_bits(people.seed, _SLOT, viewer, at_hour, position)
    return _Slots(session, viewer, at_hour, position, key)


def _active_followees(
    graph: Graph, by_author: _Index, slots: _Slots
) -> tuple[np.ndarray, np.ndarray]:
    """(number, chosen one) of each slot's followed authors that wrote in its window.

    The choice is uniform by the slot's key; -1 where there is none. O(sessions x follows).
    """
    first_slot = np.flatnonzero(np.diff(slots.session, prepend=-1))
    viewer, hour = slots.viewer[first_slot], slots.hour[first_slot]
    degree = graph.offsets[viewer + 1] - graph.offsets[viewer]
    starts = np.cumsum(degree) - degree
    row = np.repeat(np.arange(len(viewer)), degree)
    edge = graph.offsets[viewer][row] + np.arange(len(row)) - starts[row]
    _, size = by_author.window(graph.followee[edge], hour[row])
    total = np.concatenate([[0], np.cumsum(size > 0)])
    before, active = total[starts], total[starts + degree] - total[starts]
    of_slot = slots.session
    nth = (uniforms(slots.key, 1) * active[of_slot]).astype(np.int64)
    if not len(edge):
        return active[of_slot], np.full(len(of_slot), -1)
    at = np.searchsorted(total[1:], before[of_slot] + nth + 1)
    chosen = graph.followee[edge[np.minimum(at, len(edge) - 1)]]
    return active[of_slot], np.where(active[of_slot] > 0, chosen, -1)


def _recency_share(rank: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Probability of the rank-th newest (0 = newest) of `size` posts."""
    return (1 - RECENCY_RATIO) * RECENCY_RATIO**rank / (1 - RECENCY_RATIO ** np.maximum(size, 1))


class _Policy:
    """The logging policy over one set of posts."""

    def __init__(self, people: People, graph: Graph, posts: Posts) -> None:
        self.people, self.graph, self.posts = people, graph, posts
        plain = ((posts.kind == ORIGINAL) | (posts.kind == QUOTE)) & ~posts.subscribers_only
        plain &= ~people.protected[posts.author]
        any_kind = np.flatnonzero((posts.kind != REPOST) & ~posts.subscribers_only)
        shown = np.flatnonzero(plain)
        self.by_author = _Index(posts, any_kind, posts.author[any_kind])
        self.by_topic = _Index(posts, shown, posts.topic[shown])
        self.everything = _Index(posts, shown, np.zeros(len(shown), np.int64))

    def fill(self, slots: _Slots) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(post, source, propensity) of every slot; post -1 where nothing can be shown."""
        active, followee = _active_followees(self.graph, self.by_author, slots)
        mixture = np.where((active > 0)[:, None], MIXTURE, np.array([0.0, 0.5, 0.5]))
        source = categorical(uniforms(slots.key, 2), np.cumsum(mixture, axis=1))
        interests = np.cumsum(self.people.interests, axis=1)[slots.viewer]
        topic = categorical(uniforms(slots.key, 3), interests)
        uniform = uniforms(slots.key, 4)
        post = np.full(len(source), -1)
        low, size = self.by_author.window(np.maximum(followee, 0), slots.hour)
        rest = 1 - uniform * (1 - RECENCY_RATIO ** np.maximum(size, 1))
        rank = np.minimum((np.log(rest) / np.log(RECENCY_RATIO)).astype(np.int64), size - 1)
        mine = (source == 0) & (size > 0)
        post[mine] = self.by_author.posts[(low + size - 1 - rank)[mine]]
        for number, (index, group) in enumerate(
            ((self.by_topic, topic), (self.everything, np.zeros_like(topic))), start=1
        ):
            low, size = index.window(group, slots.hour)
            mine = (source == number) & (size > 0)
            post[mine] = index.posts[(low + (uniform * size).astype(np.int64))[mine]]
        return post, source, self._propensity(slots, post, mixture, active)

    def _propensity(
        self, slots: _Slots, post: np.ndarray, mixture: np.ndarray, active: np.ndarray
    ) -> np.ndarray:
        posts, viewer, hour = self.posts, slots.viewer, slots.hour
        author, topic = posts.author[post], posts.topic[post]
        low, size = self.by_author.window(author, hour)
        rank = low + size - 1 - self.by_author.place[post]
        followed = self.graph.follows(viewer, author) & (active > 0)
        share = mixture[:, 0] * followed / np.maximum(active, 1)
        total = share * _recency_share(np.maximum(rank, 0), size)
        open_to_all = self.everything.place[post] >= 0
        _, size = self.by_topic.window(topic, hour)
        chance = self.people.interests[viewer, topic] / np.maximum(size, 1)
        total += np.where(open_to_all, mixture[:, 1] * chance, 0.0)
        _, size = self.everything.window(np.zeros_like(topic), hour)
        return total + np.where(open_to_all, mixture[:, 2] / np.maximum(size, 1), 0.0)


def _kept(people: People, graph: Graph, posts: Posts, slots: _Slots, post: np.ndarray):
    """Slots whose post may be shown: found, not one's own, not hidden, not shown before."""
    author = posts.author[post]
    keep = (post >= 0) & (author != slots.viewer) & ~graph.hides(slots.viewer, author)
    order = np.lexsort((slots.position, slots.hour))
    pair = slots.viewer[order] * len(posts) + post[order]
    first = np.zeros(len(order), bool)
    first[order[np.unique(pair, return_index=True)[1]]] = True
    return np.flatnonzero(keep & first)


def shown_posts(
    people: People, posts: Posts, viewer: np.ndarray, post: np.ndarray, at_ms: np.ndarray
) -> Shown:
    """What the tastes need of posts (by position) shown at given times on the home surface."""
    return Shown(
        viewer=viewer,
        author=posts.author[post],
        topic_affinity=people.affinity[viewer, posts.topic[post]],
        quality=posts.quality[post],
        media=posts.media[post],
        duration_ms=posts.duration_ms[post],
        is_quote=posts.kind[post] == QUOTE,
        age_hours=np.maximum(at_ms - posts.created_ms[post], 0) / HOUR_MS,
        surface=np.ones(len(post), np.int64),
    )


def create_behaviour(
    people: People, graph: Graph, posts: Posts, *, from_hour: int, until_ms: int, now_ms: int
) -> Behaviour:
    """Impressions and outcomes from the start of from_hour to until_ms.

    Args:
      people: The people. graph: their relations.
      posts: Posts from at least 2 WINDOW_HOURS before from_hour on.
      from_hour: Hours since 1970.
      until_ms: End of the impressions, exclusive; at most now.
      now_ms: The world's now, which decides since when hana is away.

    Memory: a few hundred bytes an impression, [n, 18] probabilities included.
    """
    # What was shown in the window before decides what is not shown again.
    hours = np.arange(from_hour - WINDOW_HOURS, until_ms // HOUR_MS + 1)
    slots = _slots(people, hours, now_ms)
    policy = _Policy(people, graph, posts)
    post, source, propensity = policy.fill(slots)
    start = uniforms(people.seed, _SESSION, slots.viewer, slots.hour, 2)
    at_ms = slots.hour * HOUR_MS + (start * (HOUR_MS - 700_000)).astype(np.int64)
    at_ms = at_ms + 45_000 * slots.position + (9_000 * uniforms(slots.key, 5)).astype(np.int64)
    kept = _kept(people, graph, posts, slots, post)
    kept = kept[(slots.hour[kept] >= from_hour) & (at_ms[kept] < until_ms)]
    kept = kept[np.lexsort((slots.position[kept], slots.viewer[kept], at_ms[kept]))]
    viewer, post, at_ms = slots.viewer[kept], post[kept], at_ms[kept]
    surface = 1 + np.searchsorted(
        _SURFACE_SHARES, uniforms(people.seed, _SESSION, viewer, slots.hour[kept], 3), side="right"
    )
    surface = np.where((surface == 2) & (source[kept] != 0), 1, surface)
    shown = shown_posts(people, posts, viewer, post, at_ms)
    shown = Shown(**{**shown.__dict__, "surface": surface})
    chance = uniforms(slots.key[kept][:, None], 60, np.arange(len(ACTION_NAMES)))
    log_mean = dwell_log_mean(people, shown)
    dwell = np.exp(log_mean + DWELL_LOG_SPREAD * normals(slots.key[kept], 61)).clip(0.2, 120.0)
    return Behaviour(
        request_id=(slots.hour * len(people) + slots.viewer)[kept],
        viewer=viewer,
        post=post,
        at_ms=at_ms,
        position=slots.position[kept],
        surface=surface,
        source=source[kept],
        propensity=propensity[kept],
        outcomes=(chance < action_probabilities(people, shown)).astype(np.uint8),
        dwell_seconds=dwell,
    )
