"""Who follows whom, and who blocks, mutes or pays whom. Depends on (seed, scale) alone.

A follow is drawn as: topic by the follower's interests, author by popularity x how much they write
on the topic, the better styled of two such authors. Some are returned. In-degree is Zipf-like.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from phoenix.data.counted_random import categorical, choices, normals, uniforms
from phoenix.data.people import People
from phoenix.data.personas import PERSONAS
from phoenix.data.topics import TOPIC_COUNT

_GRAPH = 12
FOLLOWS_MEDIAN = 42
IN_DEGREE_MAX_SHARE = 0.2
"""Nobody is followed by more than this share of all people: 600 of 3,000."""


@dataclass(frozen=True)
class Graph:
    """Edges sorted by (follower, followee), and the lists of the other relations.

    offsets: edges of person i are offsets[i] .. offsets[i + 1]. All numbers are person numbers.
    """

    follower: Int64[np.ndarray, " edges"]
    followee: Int64[np.ndarray, " edges"]
    offsets: Int64[np.ndarray, " n_plus_1"]
    blocks: Int64[np.ndarray, "b 2"]
    mutes: Int64[np.ndarray, "m 2"]
    muted_reposts: Int64[np.ndarray, "r 2"]
    subscriptions: Int64[np.ndarray, "s 2"]

    def follows(
        self, viewer: Int64[np.ndarray, " m"], author: Int64[np.ndarray, " m"]
    ) -> np.ndarray:
        """Whether each viewer follows each author. O(m log edges)."""
        size = len(self.offsets)
        return _is_member(viewer * size + author, self.follower * size + self.followee)

    def hides(self, viewer: Int64[np.ndarray, " m"], author: Int64[np.ndarray, " m"]) -> np.ndarray:
        """Whether a block in either direction or a mute hides each author from each viewer."""
        size = len(self.offsets)
        both = np.concatenate([self.blocks, self.blocks[:, ::-1], self.mutes])
        return _is_member(viewer * size + author, np.sort(both[:, 0] * size + both[:, 1]))


def _is_member(keys: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    if not len(ordered):
        return np.zeros(len(keys), bool)
    place = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return ordered[place] == keys


def _authors_of_topic(people: People, topic: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """One author for each topic number: by popularity x share of their posts on it."""
    weight = people.popularity[:, None] * people.topic_mix
    drawn = np.zeros(len(topic), np.int64)
    for k in range(TOPIC_COUNT):
        mine = topic == k
        cumulative = np.cumsum(weight[:, k])
        place = np.searchsorted(cumulative, uniform[mine] * cumulative[-1], side="right")
        drawn[mine] = np.minimum(place, len(people) - 1)
    return drawn


def _wanted_follows(people: People) -> np.ndarray:
    person = np.arange(len(people))
    spread = np.exp(0.75 * normals(people.seed, _GRAPH, person, 1))
    wanted = (FOLLOWS_MEDIAN * spread).astype(np.int64).clip(3, 400)
    wanted = np.where(people.spammer, 5, wanted)
    for index, persona in enumerate(PERSONAS):
        wanted[index] = persona.follows
    return wanted


def _draw_follows(people: People, wanted: np.ndarray) -> np.ndarray:
    """Distinct (follower, followee) keys, at most `wanted` a follower, drawn in rounds."""
    count = len(people)
    kept = np.zeros(0, np.int64)
    for round_number in range(40):
        have = np.bincount(kept // count, minlength=count)
        missing = wanted - have
        if not missing.any():
            break
        tries = np.where(missing > 0, (missing * 1.6).astype(np.int64) + 4, 0)
        who = np.repeat(np.arange(count), tries)
        turn = np.arange(len(who)) - np.repeat(np.cumsum(tries) - tries, tries)
        base = (people.seed, _GRAPH, who, turn, 10 + round_number)
        topic = categorical(uniforms(*base, 1), np.cumsum(people.interests, axis=1)[who])
        first = _authors_of_topic(people, topic, uniforms(*base, 2))
        second = _authors_of_topic(people, topic, uniforms(*base, 3))
        liking = np.einsum("mk,mk->m", people.style_liking[who], people.style[first])
        other = np.einsum("mk,mk->m", people.style_liking[who], people.style[second])
        author = np.where(liking >= other, first, second)
        usable = (author != who) & ~people.spammer[author] & ~people.suspended[author]
        keys = (who * count + author)[usable]
        fresh = keys[np.sort(np.unique(keys, return_index=True)[1])]
        fresh = fresh[~_is_member(fresh, np.sort(kept))]
        start = np.searchsorted(fresh // count, np.arange(count))
        turn = np.arange(len(fresh)) - start[fresh // count]
        kept = np.concatenate([kept, fresh[turn < missing[fresh // count]]])
    return kept


def _limit_in_degree(people: People, keys: np.ndarray) -> np.ndarray:
    """Drops followers beyond the largest in-degree allowed, never a persona's follow."""
    count = len(people)
    limit = int(IN_DEGREE_MAX_SHARE * count)
    follower, author = keys // count, keys % count
    chance = uniforms(people.seed, _GRAPH, follower, author, 20) + (follower >= len(PERSONAS))
    order = np.lexsort((chance, author))
    sorted_author = author[order]
    start = np.searchsorted(sorted_author, np.arange(count))
    keep = (np.arange(len(order)) - start[sorted_author]) < limit
    return keys[order[keep]]


def _returned_follows(people: People, keys: np.ndarray) -> np.ndarray:
    """About one follow in eight is returned, seldom by the famous, never by a persona."""
    count = len(people)
    follower, author = keys // count, keys % count
    followers = np.bincount(author, minlength=count)
    chance = 0.3 / (1 + followers[author] / 60)
    back = uniforms(people.seed, _GRAPH, follower, author, 30) < chance
    back &= (author >= len(PERSONAS)) & ~people.spammer[author]
    return author[back] * count + follower[back]


def _pairs(people: People, stream: int, per_person: float) -> np.ndarray:
    """A few random (person, author) pairs, authors by popularity; personas make none here."""
    count = int(len(people) * per_person)
    turn = np.arange(count)
    who = len(PERSONAS) + choices(len(people) - len(PERSONAS), people.seed, _GRAPH, stream, turn, 1)
    cumulative = np.cumsum(people.popularity)
    point = uniforms(people.seed, _GRAPH, stream, turn, 2) * cumulative[-1]
    author = np.minimum(np.searchsorted(cumulative, point), len(people) - 1)
    other = (who != author) & (author >= len(PERSONAS))
    pairs = np.stack([who, author], axis=1)[other]
    return np.unique(pairs, axis=0)


def _spam_blocks(people: People) -> np.ndarray:
    """Every spammer is blocked by a few people."""
    spammers = np.flatnonzero(people.spammer)
    turn = np.arange(6)
    who = len(PERSONAS) + choices(
        len(people) - len(PERSONAS), people.seed, _GRAPH, 44, spammers[:, None], turn
    )
    pairs = np.stack([who.ravel(), np.repeat(spammers, len(turn))], axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _persona_hides(people: People, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """fatima's blocks and mutes: of the authors near her, so that about a quarter is hidden.

    Near = followed by her, or mostly writing on her topics.
    """
    count = len(people)
    fatima = [persona.handle for persona in PERSONAS].index("fatima")
    near = np.einsum("t,nt->n", people.interests[fatima] > 0, people.topic_mix) > 0.5
    followed = np.zeros(count, bool)
    followed[(keys % count)[keys // count == fatima]] = True
    chance = uniforms(people.seed, _GRAPH, 50, np.arange(count))
    other = np.arange(count) >= len(PERSONAS)
    blocked = np.flatnonzero(other & near & ~followed & (chance < 0.22))
    muted = np.flatnonzero(other & (near | followed) & (chance >= 0.22) & (chance < 0.42))
    return (
        np.stack([np.full_like(blocked, fatima), blocked], axis=1),
        np.stack([np.full_like(muted, fatima), muted], axis=1),
    )


def create_graph(people: People) -> Graph:
    """The graph of the people. O(edges log edges)."""
    count = len(people)
    drawn = _limit_in_degree(people, _draw_follows(people, _wanted_follows(people)))
    blocks, mutes = _persona_hides(people, drawn)
    keys = np.unique(np.concatenate([drawn, _returned_follows(people, drawn)]))
    blocks = np.concatenate([blocks, _pairs(people, 41, 0.25), _spam_blocks(people)])
    mutes = np.concatenate([mutes, _pairs(people, 42, 0.3)])
    blocked = np.concatenate([blocks, blocks[:, ::-1]])
    keys = keys[~_is_member(keys, np.sort(blocked[:, 0] * count + blocked[:, 1]))]
    follower, followee = keys // count, keys % count
    seller = people.sells_subscriptions[followee]
    pays = seller & (uniforms(people.seed, _GRAPH, follower, followee, 60) < 0.15)
    loud = uniforms(people.seed, _GRAPH, follower, followee, 61)
    quiet_share = np.where(follower == 5, 0.25, 0.002)
    edges = np.stack([follower, followee], axis=1)
    return Graph(
        follower=follower,
        followee=followee,
        offsets=np.searchsorted(follower, np.arange(count + 1)),
        blocks=blocks,
        mutes=mutes,
        muted_reposts=edges[loud < quiet_share],
        subscriptions=edges[pays],
    )
