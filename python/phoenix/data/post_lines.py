"""Lines of posts, labels, takedowns, engagements and impressions of a demo world."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64

from phoenix.data.import_lines import encoded
from phoenix.data.personas import FIRST_USER_ID
from phoenix.data.posts import (
    NO_MEDIA,
    ORIGINAL,
    PICTURE,
    QUOTE,
    REPLY,
    REPOST,
    Posts,
)
from phoenix.data.tastes import ACTION_NAMES, SURFACES
from phoenix.data.texts import TextPlan, picture_description, plan_texts, write_texts
from phoenix.data.topics import LANGUAGES, TOPICS
from phoenix.data.training_log import SOURCES
from phoenix.data.world import World

ENGAGEMENTS_A_VIEWER_MAX = 256
_GATING = ("de", "fr", "gb", "us", "jp", "in")


def written_positions(world: World, from_ms: int, until_ms: int) -> Int64[np.ndarray, " w"]:
    """Positions of the posts made in [from_ms, until_ms)."""
    created = world.posts.created_ms
    return np.arange(np.searchsorted(created, from_ms), np.searchsorted(created, until_ms))


def _media(plan: TextPlan, posts: Posts, place: int) -> list[dict[str, object]] | None:
    kind = posts.media[place]
    if kind == NO_MEDIA:
        return None
    post_id = int(posts.id[place])
    if kind != PICTURE:
        return [{
            "kind": "video",
            "url": f"/media/{post_id}-1.mp4.svg",
            "alt_text": picture_description(plan, posts, place, 0),
            "width": 1280,
            "height": 720,
            "duration_ms": int(posts.duration_ms[place]),
        }]  # fmt: skip
    shape = int(posts.key[place] >> np.uint64(5)) % 8
    tall = shape in (1, 4)
    count = (1, 1, 1, 1, 1, 2, 2, 4)[shape]
    return [
        {
            "kind": "image",
            "url": f"/media/{post_id}-{number + 1}.svg",
            "alt_text": picture_description(plan, posts, place, number),
            "width": 900 if tall else 1200,
            "height": 1200 if tall else 900,
        }
        for number in range(count)
    ]


def post_lines(world: World, positions: Int64[np.ndarray, " w"]) -> Iterator[str]:
    """posts: one line a post, oldest first. Reposts have no text and no topics of their own."""
    posts, people = world.posts, world.people
    plan = plan_texts(people, posts)
    texts = write_texts(plan, posts, positions)
    columns = zip(
        positions.tolist(), texts, posts.id[positions].tolist(),
        posts.author[positions].tolist(), posts.kind[positions].tolist(),
        posts.parent[positions].tolist(), posts.root[positions].tolist(),
        posts.topic[positions].tolist(), posts.created_ms[positions].tolist(),
        strict=True,
    )  # fmt: skip
    adult = people.adult[posts.author] & (posts.media != NO_MEDIA)
    for place, text, post_id, author, kind, parent, root, topic, created_ms in columns:
        row: dict[str, object] = {
            "id": str(post_id),
            "author_id": FIRST_USER_ID + author,
            "created_at": created_ms,
            "text": text,
            "language": LANGUAGES[int(plan.language[place])],
        }
        if parent >= 0:
            target, owner = str(posts.id[parent]), FIRST_USER_ID + int(posts.author[parent])
            if kind == REPLY:
                row |= {"reply_to_post_id": target, "reply_to_user_id": owner,
                        "conversation_id": str(posts.id[root])}  # fmt: skip
            elif kind == REPOST:
                row |= {"repost_of_post_id": target, "repost_of_user_id": owner}
            elif kind == QUOTE:
                row |= {"quoted_post_id": target}
        if kind != REPOST:
            row |= {"media": _media(plan, posts, place), "topics": [TOPICS[topic]],
                    "subscribers_only": True if posts.subscribers_only[place] else None,
                    "sensitive": True if adult[place] else None}  # fmt: skip
        yield encoded(row)


def label_lines(world: World, positions: Int64[np.ndarray, " w"]) -> Iterator[str]:
    """labels: of a few of the written posts."""
    posts, people = world.posts, world.people
    author, kind = posts.author[positions], posts.kind[positions]
    chance = posts.uniform(91)[positions]
    other = posts.uniform(92)[positions]
    original = (kind == ORIGINAL) | (kind == QUOTE)
    with_media = posts.media[positions] != NO_MEDIA
    spammer = people.spammer[author]
    rules = (
        ("spam", spammer & (chance < 0.8)),
        ("malicious_url", spammer & (other < 0.08)),
        ("adult", people.adult[author] & with_media & (chance < 0.7)),
        ("gore", original & with_media & ~spammer & (other > 0.999)),
        ("do_not_amplify", original & ~spammer & (chance > 0.997)),
    )
    for label, mine in rules:
        for post_id in posts.id[positions[mine]].tolist():
            source = "classifier" if label != "do_not_amplify" else "reviewer"
            yield encoded({"subject": f"post:{post_id}", "label": label, "source": source})


def user_label_lines(world: World) -> Iterator[str]:
    """labels: of a few accounts."""
    people = world.people
    for person in np.flatnonzero(people.adult).tolist():
        yield encoded({"subject": f"user:{FIRST_USER_ID + person}", "label": "adult",
                       "source": "reviewer"})  # fmt: skip
    for person in np.flatnonzero(people.spammer).tolist()[::3]:
        yield encoded({"subject": f"user:{FIRST_USER_ID + person}", "label": "do_not_amplify",
                       "source": "classifier"})  # fmt: skip


def takedown_lines(world: World, positions: Int64[np.ndarray, " w"]) -> Iterator[str]:
    """takedowns: about one post in two thousand, in one country or everywhere."""
    posts = world.posts
    chance = posts.uniform(93)[positions]
    mine = (posts.kind[positions] == ORIGINAL) & (chance < 0.0005)
    for post_id, point in zip(posts.id[positions[mine]].tolist(), chance[mine], strict=True):
        country = _GATING[int(point * 1e7) % len(_GATING)]
        countries = ["xx"] if point < 0.00012 else [country]
        yield encoded({"post_id": str(post_id), "countries": countries})


def _newest(viewer: np.ndarray, limit: int) -> np.ndarray:
    """Which rows are among the last `limit` of their viewer; rows are in time order."""
    order = np.argsort(viewer, kind="stable")
    ends = np.searchsorted(viewer[order], viewer[order], side="right")
    keep = np.zeros(len(viewer), bool)
    keep[order[ends - np.arange(len(order)) <= limit]] = True
    return keep


def engagement_lines(world: World, span: tuple[int, int], limit: int | None) -> Iterator[str]:
    """engagements: the actions in [from, until) ms, oldest first, at most `limit` a viewer."""
    behaviour, posts = world.behaviour, world.posts
    row, action = np.nonzero(behaviour.outcomes)
    # An action follows the impression after a part of the dwell time, at most 40 seconds.
    delay = np.minimum(behaviour.dwell_seconds[row], 40.0) * 1000 * (0.5 + action / 40)
    at_ms = behaviour.at_ms[row] + np.maximum(delay, 1).astype(np.int64)
    inside = (at_ms >= span[0]) & (at_ms < span[1])
    row, action, at_ms = row[inside], action[inside], at_ms[inside]
    order = np.lexsort((action, behaviour.viewer[row], at_ms))
    row, action, at_ms = row[order], action[order], at_ms[order]
    if limit is not None:
        keep = _newest(behaviour.viewer[row], limit)
        row, action, at_ms = row[keep], action[keep], at_ms[keep]
    post = behaviour.post[row]
    names = list(ACTION_NAMES)
    columns = zip(
        (behaviour.viewer[row] + FIRST_USER_ID).tolist(), posts.id[post].tolist(),
        action.tolist(), at_ms.tolist(), (posts.author[post] + FIRST_USER_ID).tolist(),
        (behaviour.dwell_seconds[row] * 1000).astype(np.int64).tolist(), strict=True,
    )  # fmt: skip
    for viewer, post_id, which, at, author, dwell in columns:
        yield (
            f'{{"viewer_id":{viewer},"post_id":"{post_id}","action":"{names[which]}","at":{at},'
            f'"post_author_id":{author},"dwell_ms":{dwell}}}'
        )


def impression_lines(world: World, span: tuple[int, int], share: float) -> Iterator[str]:
    """impressions: those in [from, until) ms, oldest first; `share` of them, counted by post."""
    behaviour, posts = world.behaviour, world.posts
    lot = (posts.uniform(94)[behaviour.post] + behaviour.viewer * 0.618033988749895) % 1.0
    inside = (behaviour.at_ms >= span[0]) & (behaviour.at_ms < span[1]) & (lot < share)
    for row in np.flatnonzero(inside).tolist():
        post = int(behaviour.post[row])
        done = np.flatnonzero(behaviour.outcomes[row]).tolist()
        yield encoded({
            "viewer_id": FIRST_USER_ID + int(behaviour.viewer[row]),
            "post_id": str(posts.id[post]),
            "at": int(behaviour.at_ms[row]),
            "post_author_id": FIRST_USER_ID + int(posts.author[post]),
            "position": int(behaviour.position[row]),
            "surface": SURFACES[int(behaviour.surface[row])],
            "source": SOURCES[int(behaviour.source[row])],
            "propensity": float(f"{behaviour.propensity[row]:.7g}"),
            "request_id": str(behaviour.request_id[row]),
            "outcomes": {ACTION_NAMES[action]: 1 for action in done},
            "dwell_ms": int(behaviour.dwell_seconds[row] * 1000),
        })  # fmt: skip
