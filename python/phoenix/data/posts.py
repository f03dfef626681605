"""The posts of a range of hours, as columns. No text here: texts.py writes it from the columns.

Counted by (person, hour): the posts of an hour are the same whatever the range they are made in,
so a part equals the whole. To know the parent of a reply the range is widened inside by
MARGIN_HOURS, which a caller that wants exact parents must have in front of its own range.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt64

from phoenix.data.counted_random import categorical, mixed_bits, uniforms
from phoenix.data.people import People
from phoenix.data.topics import TOPIC_COUNT

HOUR_MS = 3_600_000
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
MARGIN_HOURS = 76
"""A reply may lie four steps of REPLY_WINDOW_HOURS behind its root, and that a day behind the post
which it quotes; some hours to spare."""

ORIGINAL, REPLY, QUOTE, REPOST = 0, 1, 2, 3
NO_MEDIA, PICTURE, VIDEO = 0, 1, 2
REPLY_WINDOW_HOURS, QUOTE_WINDOW_HOURS = 12, 24

_POST, _COUNT, _BURST = 13, 14, 15
_POSTS_AN_HOUR_MAX = 6
_DEPTH_SHARES = (0.62, 0.86, 0.96)
_BURST_CHANCE = 0.6


@dataclass(frozen=True)
class Posts:
    """Columns of posts sorted by id (and so by time); parent and root are positions or -1.

    kind: 0 original, 1 reply, 2 quote, 3 repost. depth: 0 for all but replies, then 1 to 4.
    parent: the post replied to, quoted or reposted. root: the first post of the conversation.
    media: 0 none, 1 picture, 2 video. quality: in units of interest, the author's part included.
    key: the post's own random key.
    """

    id: Int64[np.ndarray, " p"]
    author: Int64[np.ndarray, " p"]
    created_ms: Int64[np.ndarray, " p"]
    hour: Int64[np.ndarray, " p"]
    kind: Int64[np.ndarray, " p"]
    depth: Int64[np.ndarray, " p"]
    topic: Int64[np.ndarray, " p"]
    parent: Int64[np.ndarray, " p"]
    root: Int64[np.ndarray, " p"]
    media: Int64[np.ndarray, " p"]
    duration_ms: Int64[np.ndarray, " p"]
    quality: Float64[np.ndarray, " p"]
    burst: Bool[np.ndarray, " p"]
    subscribers_only: Bool[np.ndarray, " p"]
    key: UInt64[np.ndarray, " p"]

    def __len__(self) -> int:
        return len(self.id)

    def uniform(self, stream: int) -> Float64[np.ndarray, " p"]:
        """A further number in [0, 1) of each post."""
        return uniforms(self.key, stream)


def local_activity(people: People, hours: Int64[np.ndarray, " h"]) -> Float64[np.ndarray, "n h"]:
    """How awake each person is in each hour since 1970; mean 1 over a day."""
    clock = (hours[None, :] + people.time_zone_hours[:, None]) % 24
    day = 1.0 + 0.85 * np.sin((clock - 10.0) / 24.0 * 2.0 * np.pi)
    evening = 0.9 * np.exp(-(((clock - 20.5) / 2.5) ** 2))
    night = np.where((clock >= 1) & (clock < 6), 0.25, 1.0)
    shape = (day + evening) * night
    return shape / 1.1


def burst_topic(seed: int, hours: Int64[np.ndarray, " h"]) -> Int64[np.ndarray, " h"]:
    """Topic of the burst ("the match") of each hour, or -1; most days have one, two hours long."""
    day, clock = hours // 24, hours % 24
    on = uniforms(seed, _BURST, day, 1) < _BURST_CHANCE
    start = (9 + 12 * uniforms(seed, _BURST, day, 2)).astype(np.int64)
    topic = (TOPIC_COUNT * uniforms(seed, _BURST, day, 3)).astype(np.int64)
    return np.where(on & (clock >= start) & (clock < start + 2), topic, -1)


def _counts(people: People, hours: np.ndarray) -> np.ndarray:
    """Posts of each person in each hour, Poisson by inversion of one counted number, [n, h]."""
    burst = burst_topic(people.seed, hours)
    extra = np.where(burst >= 0, 6.0, 0.0) * people.topic_mix[:, np.maximum(burst, 0)]
    mean = people.post_rate[:, None] / 24.0 * local_activity(people, hours) * (1.0 + extra)
    mean *= ~(people.suspended | people.deactivated)[:, None]
    person = np.arange(len(people))
    uniform = uniforms(people.seed, _COUNT, person[:, None], hours[None, :])
    term = np.exp(-mean)
    below, counts = term.copy(), np.zeros(mean.shape, np.int64)
    for k in range(1, _POSTS_AN_HOUR_MAX + 1):
        counts += uniform > below
        term = term * mean / k
        below += term
    return counts


def _snowflakes(created_ms: np.ndarray) -> np.ndarray:
    """Ids of times in ascending order: the time, and a sequence number within the millisecond."""
    first = np.searchsorted(created_ms, created_ms, side="left")
    sequence = np.arange(len(created_ms)) - first
    return ((created_ms - SNOWFLAKE_EPOCH_MS) << 22) + sequence


def _pick_parent(group: np.ndarray, hour: np.ndarray, spec: dict[str, np.ndarray]) -> np.ndarray:
    """For each asker a position of its own group in the hours before, or -1.

    Three counted tries; the best liked of them wins. group, hour: of all posts, group -1 = none.
    spec: wanted (group), asker (post), window_hours, appeal (of all posts), key (of askers).
    """
    first_hour, last_hour = hour.min(), hour.max()
    span = int(last_hour - first_hour) + 1
    usable = np.flatnonzero(group >= 0)
    bucket = group[usable] * span + (hour[usable] - first_hour)
    order = usable[np.argsort(bucket, kind="stable")]
    ends = np.cumsum(np.bincount(bucket, minlength=(int(group.max()) + 1) * span))
    ends = np.concatenate([[0], ends])
    asker, wanted = spec["asker"], spec["wanted"]
    place = wanted * span + (hour[asker] - first_hour)
    early = wanted * span + np.maximum(hour[asker] - first_hour - spec["window_hours"], 0)
    low, size = ends[early], ends[place] - ends[early]
    best = np.full(len(asker), -1)
    best_appeal = np.full(len(asker), -np.inf)
    for turn in range(3):
        uniform = uniforms(spec["key"], 40 + turn)
        found = order[np.minimum(low + (uniform * size).astype(np.int64), len(order) - 1)]
        appeal = np.where(size > 0, spec["appeal"][found], -np.inf)
        appeal = appeal + 20.0 * (spec["language"][found] == spec["language"][asker])
        appeal = np.where(spec["author"][found] == spec["author"][asker], -np.inf, appeal)
        better = appeal > best_appeal
        best, best_appeal = np.where(better, found, best), np.maximum(best_appeal, appeal)
    return best


def _parents(people: People, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Parents of replies, quotes and reposts; -1 where the hours before offer none."""
    author, topic, kind = columns["author"], columns["topic"], columns["kind"]
    depth, hour, key = columns["depth"], columns["hour"], columns["key"]
    shared = {
        "appeal": people.popularity[author] * (0.5 + uniforms(key, 30)),
        "language": people.language[author],
        "author": author,
    }
    closed = people.spammer[author] | (kind == REPOST)
    parent = np.full(len(author), -1)
    askers = np.flatnonzero(kind == REPLY)
    groups = np.where(closed, -1, topic * 5 + depth)
    wanted = topic[askers] * 5 + depth[askers] - 1
    spec = {**shared, "asker": askers, "wanted": wanted, "key": key[askers]}
    spec["window_hours"] = np.full(len(askers), REPLY_WINDOW_HOURS)
    parent[askers] = _pick_parent(groups, hour, spec)
    closed |= (kind == REPLY) | people.protected[author] | columns["subscribers_only"]
    askers = np.flatnonzero((kind == QUOTE) | (kind == REPOST))
    spec = {**shared, "asker": askers, "wanted": topic[askers], "key": key[askers]}
    spec["window_hours"] = np.full(len(askers), QUOTE_WINDOW_HOURS)
    parent[askers] = _pick_parent(np.where(closed, -1, topic), hour, spec)
    return parent


def _drawn_columns(people: People, hours: np.ndarray) -> dict[str, np.ndarray]:
    """Everything of a post that hangs on its own key alone, sorted by time."""
    counts = _counts(people, hours)
    who, which = np.nonzero(counts)
    times = counts[who, which]
    author, hour = np.repeat(who, times), np.repeat(hours[which], times)
    turn = np.arange(len(author)) - np.repeat(np.cumsum(times) - times, times)
    key = mixed_bits(people.seed, _POST, author, hour, turn)
    created = hour * HOUR_MS + (uniforms(key, 1) * HOUR_MS).astype(np.int64)
    order = np.lexsort((turn, author, created))
    author, hour, key, created = author[order], hour[order], key[order], created[order]
    spammer = people.spammer[author]
    kind = np.searchsorted((0.59, 0.84, 0.89), uniforms(key, 2), side="right")
    kind = np.where(spammer, ORIGINAL, kind)
    depth = 1 + np.searchsorted(_DEPTH_SHARES, uniforms(key, 3), side="right")
    topic = categorical(uniforms(key, 4), np.cumsum(people.topic_mix, axis=1)[author])
    running = burst_topic(people.seed, hour)
    keen = np.minimum(1.0, 2.0 * people.topic_mix[author, np.maximum(running, 0)])
    burst = (running >= 0) & (uniforms(key, 5) < 0.6 * keen) & ~spammer
    topic = np.where(burst, running, topic)
    share = np.cumsum(people.media_share, axis=1)[author]
    share = np.where((kind == REPLY)[:, None], 0.7 + 0.3 * share, share)
    media = np.where(kind == REPOST, NO_MEDIA, categorical(uniforms(key, 6), share))
    length = np.exp(3.0 + 1.1 * np.sqrt(12.0) * (uniforms(key, 7) - 0.5))
    sells = people.sells_subscriptions[author] & (kind == ORIGINAL)
    return {
        "author": author,
        "hour": hour,
        "created_ms": created,
        "key": key,
        "kind": kind,
        "depth": np.where(kind == REPLY, depth, 0),
        "topic": topic,
        "media": media,
        "burst": burst,
        "duration_ms": np.where(media == VIDEO, (length.clip(2, 180) * 1000).astype(np.int64), 0),
        "subscribers_only": sells & (uniforms(key, 8) < 0.25),
    }


def create_posts(people: People, from_hour: int, until_hour: int) -> Posts:
    """All posts of the hours from_hour .. until_hour - 1 (hours since 1970).

    Parents and roots are exact for posts MARGIN_HOURS after the start; the first hours may lack
    theirs and then stand as originals. O(people x hours + posts log posts).
    """
    columns = _drawn_columns(people, np.arange(from_hour, until_hour))
    parent = _parents(people, columns)
    orphan = (columns["kind"] != ORIGINAL) & (parent < 0)
    # What finds nothing to answer stands by itself, and is nobody's parent (its depth stays).
    kind = np.where(orphan, ORIGINAL, columns["kind"])
    root = np.arange(len(kind))
    step = np.where(kind == REPLY, parent, root)
    depth = np.zeros(len(kind), np.int64)
    for _ in range(4):
        depth += step[root] != root
        root = step[root]
    author, key = columns["author"], columns["key"]
    post_part = np.clip(np.sqrt(12.0) * (uniforms(key, 9) - 0.5), -2, 2)
    quality = author_quality(people)[author] + POST_QUALITY_SPREAD * post_part
    source = np.where(kind == REPOST, parent, np.arange(len(kind)))
    return Posts(
        id=_snowflakes(columns["created_ms"]),
        author=author,
        created_ms=columns["created_ms"],
        hour=columns["hour"],
        kind=kind,
        depth=depth,
        topic=columns["topic"],
        parent=parent,
        root=root[source],
        media=columns["media"],
        duration_ms=columns["duration_ms"],
        quality=quality,
        burst=columns["burst"] & (kind == ORIGINAL),
        subscribers_only=columns["subscribers_only"],
        key=key,
    )


AUTHOR_QUALITY_SPREAD = 0.5
POST_QUALITY_SPREAD = 0.3
"""Standard deviations of the two parts of quality, in units of interest. A post's own part is
uniform with that deviation, so its average over unseen posts is taken exactly."""


def author_quality(people: People) -> Float64[np.ndarray, " n"]:
    """The part of quality that all posts of an author share."""
    return AUTHOR_QUALITY_SPREAD * people.quality
