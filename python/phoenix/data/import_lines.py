"""Lines of the import files (JSON Lines) of a demo world, one generator a file."""

import json
from collections.abc import Iterator

import numpy as np

from phoenix.data.counted_random import uniforms
from phoenix.data.graph import Graph
from phoenix.data.keywords import MUTED_KEYWORDS, PERSONA_KEYWORDS
from phoenix.data.names import named_people
from phoenix.data.people import People
from phoenix.data.personas import FIRST_USER_ID, PERSONA_INDEX, PERSONAS
from phoenix.data.posts import HOUR_MS
from phoenix.data.topics import LANGUAGES, TOPICS

_ACCOUNT, _EDGE, _KEYWORD = 81, 82, 83
_YEAR_MS = 365 * 24 * HOUR_MS
_FOUNDED_MS = 1_577_836_800_000
"""1 January 2020: the first accounts; the last open six years later."""


def encoded(row: dict[str, object]) -> str:
    """One line without its end; None values are left out."""
    kept = {key: value for key, value in row.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _created_ms(seed: int, count: int) -> list[int]:
    point = uniforms(seed, _ACCOUNT, np.arange(count), 1)
    return (_FOUNDED_MS + point * 6 * _YEAR_MS).astype(np.int64).tolist()


def _state(people: People, person: int) -> str:
    if people.suspended[person]:
        return "suspended"
    return "deactivated" if people.deactivated[person] else "active"


def user_lines(people: People, graph: Graph, now_ms: int) -> Iterator[str]:
    """users: one line a person. dora's account is two days old."""
    count = len(people)
    created = _created_ms(people.seed, count)
    created[PERSONA_INDEX["dora"]] = now_ms - 2 * 24 * HOUR_MS
    followers = np.bincount(graph.followee, minlength=count).tolist()
    names = named_people(people.seed, people.language, people.interests)
    age = uniforms(people.seed, _ACCOUNT, np.arange(count), 2)
    opted = uniforms(people.seed, _ACCOUNT, np.arange(count), 3)
    for person in range(count):
        handle, display_name, bio, country = names[person]
        if person < len(PERSONAS):
            persona = PERSONAS[person]
            handle, display_name = persona.handle, persona.display_name
            bio, country = persona.bio, persona.country
        # Three in ten do not say when they were born; a few are minors. Personas are adults.
        says = person < len(PERSONAS) or age[person] < 0.7
        yield encoded({
            "id": FIRST_USER_ID + person,
            "handle": handle,
            "display_name": display_name,
            "bio": bio,
            "created_at": created[person],
            "language": LANGUAGES[int(people.language[person])],
            "country": country,
            "birth_year": _birth_year(person, float(age[person])) if says else None,
            "protected": bool(people.protected[person]),
            "state": _state(people, person),
            "adult": bool(people.adult[person]),
            "sensitive_opt_in": bool(opted[person] < 0.15),
            "sells_subscriptions": bool(people.sells_subscriptions[person]),
            "followers_count": followers[person],
        })  # fmt: skip


def _birth_year(person: int, point: float) -> int:
    if person < len(PERSONAS):
        return 1980 + person
    return 2009 - int(point / 0.7 * 55)


def follow_lines(people: People, graph: Graph) -> Iterator[str]:
    """follows: one line an edge, dated within the two years after both accounts could exist."""
    point = uniforms(people.seed, _EDGE, graph.follower, graph.followee)
    created = _FOUNDED_MS + ((4 + 2 * point) * _YEAR_MS).astype(np.int64)
    rows = zip(
        people.user_ids[graph.follower].tolist(),
        people.user_ids[graph.followee].tolist(),
        created.tolist(),
        strict=True,
    )
    for follower, followee, at_ms in rows:
        yield f'{{"follower_id":{follower},"followee_id":{followee},"created_at":{at_ms}}}'


def _keyword_lines(people: People, now_ms: int) -> Iterator[str]:
    for handle, keywords in PERSONA_KEYWORDS.items():
        for phrase, match in keywords:
            viewer = FIRST_USER_ID + PERSONA_INDEX[handle]
            yield encoded({"viewer_id": viewer, "kind": "muted_keyword", "phrase": phrase,
                           "match": match})  # fmt: skip
    others = np.arange(len(PERSONAS), len(people))
    drawn = uniforms(people.seed, _KEYWORD, others, 1)
    which = (uniforms(people.seed, _KEYWORD, others, 2) * len(MUTED_KEYWORDS)).astype(np.int64)
    ends = uniforms(people.seed, _KEYWORD, others, 3)
    narrow = uniforms(people.seed, _KEYWORD, others, 4)
    for place in np.flatnonzero(drawn < 0.08).tolist():
        phrase, match = MUTED_KEYWORDS[int(which[place])]
        expires = now_ms + int(ends[place] * 60 * 24 * HOUR_MS) if ends[place] < 0.3 else None
        yield encoded({
            "viewer_id": FIRST_USER_ID + int(others[place]),
            "kind": "muted_keyword",
            "phrase": phrase,
            "match": match,
            "surfaces": ["body", "quoted"] if narrow[place] < 0.3 else None,
            "expires_at": expires,
        })  # fmt: skip


def relation_lines(people: People, graph: Graph, now_ms: int) -> Iterator[str]:
    """relations: blocks, mutes, muted reposts, subscriptions, followed topics, muted keywords."""
    pairs = (
        ("block", graph.blocks),
        ("mute", graph.mutes),
        ("mute_reposts", graph.muted_reposts),
        ("subscribe", graph.subscriptions),
    )
    for kind, rows in pairs:
        for viewer, target in np.unique(rows, axis=0).tolist():
            yield encoded({"viewer_id": FIRST_USER_ID + viewer, "kind": kind,
                           "target_id": FIRST_USER_ID + target})  # fmt: skip
    loved = people.interests > 0.3
    chance = uniforms(people.seed, _KEYWORD, np.arange(len(people))[:, None], 9,
                      np.arange(len(TOPICS)))  # fmt: skip
    for viewer, topic in np.argwhere(loved & (chance < 0.4)).tolist():
        yield encoded({"viewer_id": FIRST_USER_ID + viewer, "kind": "follow_topic",
                       "topic": TOPICS[topic]})  # fmt: skip
    yield from _keyword_lines(people, now_ms)
