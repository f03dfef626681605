"""The true tastes: what each viewer would do with each post, as probabilities.

One number carries most of it, the interest (in units of a standard deviation, about):
    x = saturated(2.6 topic affinity + 0.5 style match + quality + media taste + surface)
    saturated(y) = 4 tanh(y / 3.2)
and each action has a logit
    logit = base + slope x + age_per_hour x age + generosity (positives only)
          + spam (of spammers) + repetition x author volume x (1 - topic affinity)
with the numbers of ACTION_TABLE. Disliked authors and topics have a low x, which lowers every
positive action and raises every negative one. Dwell time is log-normal around the interest.

The table is a guess, tuned until the weighted value of a good post is about +1 to +4 under the
published weights, of an uninteresting one about 0, of spam about -1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from phoenix.data.people import People
from phoenix.data.posts import PICTURE, VIDEO

TOPIC_WEIGHT, STYLE_WEIGHT = 2.6, 0.5
INTEREST_MAX, INTEREST_SCALE = 4.0, 3.2
SURFACES = ("none", "home", "following", "search")
SURFACE_SHIFT = np.array([0.0, 0.0, 0.1, -0.1])
"""Product surfaces by number, and what each adds to the interest."""

VIDEO_QUALITY_MS = 10_000
"""A video must be longer than this for a quality view."""

ALWAYS, WITH_PICTURE, WITH_LONG_VIDEO, WITH_QUOTE = 0, 1, 2, 3
NEGATIVE_FROM = 14
"""Actions from this index on are negative."""

# action: (base, slope, age per hour, spam, repetition, possible when)
_TABLE = {
    "favorite": (-3.9, 1.1, -0.012, -1.5, 0.0, ALWAYS),
    "reply": (-6.4, 1.0, -0.014, -1.5, 0.0, ALWAYS),
    "repost": (-6.0, 1.0, -0.012, -1.5, 0.0, ALWAYS),
    "photo_expand": (-2.5, 0.6, -0.006, -0.5, 0.0, WITH_PICTURE),
    "click": (-3.2, 0.9, -0.008, -0.5, 0.0, ALWAYS),
    "profile_click": (-4.8, 0.7, -0.008, -0.5, 0.0, ALWAYS),
    "video_quality_view": (-2.2, 0.9, -0.006, -1.0, 0.0, WITH_LONG_VIDEO),
    "share": (-6.8, 0.9, -0.010, -1.5, 0.0, ALWAYS),
    "share_via_dm": (-7.2, 0.9, -0.010, -1.5, 0.0, ALWAYS),
    "share_via_copy_link": (-7.6, 0.9, -0.010, -1.5, 0.0, ALWAYS),
    "dwell": (-2.0, 0.95, -0.006, -0.5, 0.0, ALWAYS),
    "quote": (-7.4, 1.0, -0.012, -1.5, 0.0, ALWAYS),
    "quoted_click": (-3.2, 0.7, -0.008, -0.5, 0.0, WITH_QUOTE),
    "follow_author": (-6.5, 0.9, -0.006, -1.5, 0.0, ALWAYS),
    "not_interested": (-6.7, -0.5, 0.0, 1.6, 0.4, ALWAYS),
    "block_author": (-9.0, -0.6, 0.0, 2.2, 0.2, ALWAYS),
    "mute_author": (-8.7, -0.6, 0.0, 1.8, 0.4, ALWAYS),
    "report": (-10.5, -0.5, 0.0, 2.6, 0.0, ALWAYS),
}
ACTION_NAMES = tuple(_TABLE)
"""The 18 discrete actions in the order of schema/actions.json (a test holds that)."""

ACTION_TABLE: Float64[np.ndarray, "18 6"] = np.array(list(_TABLE.values()))
DWELL_LOG_BASE, DWELL_LOG_SLOPE, DWELL_LOG_SPREAD = 0.6, 0.5, 0.5
"""Dwell seconds = exp(base + slope x + spread normal), cut to [0.2, 120]."""

DWELL_VALUE_SECONDS_MAX = 30.0
"""The model and the weighted value count at most this many seconds."""


@dataclass(frozen=True)
class Shown:
    """What the tastes need of n posts shown to n viewers; arrays of one length.

    viewer, author: person numbers. topic_affinity: of the viewer for the post's topic.
    media: 0 none, 1 picture, 2 video. age_hours: at least 0. surface: index of SURFACES.
    """

    viewer: Int64[np.ndarray, " n"]
    author: Int64[np.ndarray, " n"]
    topic_affinity: Float64[np.ndarray, " n"]
    quality: Float64[np.ndarray, " n"]
    media: Int64[np.ndarray, " n"]
    duration_ms: Int64[np.ndarray, " n"]
    is_quote: np.ndarray
    age_hours: Float64[np.ndarray, " n"]
    surface: Int64[np.ndarray, " n"]


def author_volume(people: People) -> Float64[np.ndarray, " n"]:
    """How loud an author is: ln(posts a day / mean), cut to [0, 1.5]."""
    return np.log(np.maximum(people.post_rate, 0.01) / people.post_rate.mean()).clip(0.0, 1.5)


def style_match(
    people: People, viewer: Int64[np.ndarray, " n"], author: Int64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """Affinity of viewers for authors beyond topics; standard deviation about 1."""
    return np.einsum("nk,nk->n", people.style_liking[viewer], people.style[author])


def interest(people: People, shown: Shown) -> Float64[np.ndarray, " n"]:
    """The interest x of the module's first formula."""
    wish = (
        TOPIC_WEIGHT * shown.topic_affinity
        + STYLE_WEIGHT * style_match(people, shown.viewer, shown.author)
        + shown.quality
        + people.media_taste[shown.viewer, shown.media]
        + SURFACE_SHIFT[shown.surface]
    )
    return INTEREST_MAX * np.tanh(wish / INTEREST_SCALE)


def possible_actions(shown: Shown) -> np.ndarray:
    """True where the post lets the action happen at all, [n, 18]."""
    allowed = np.ones((len(shown.viewer), len(ACTION_NAMES)), bool)
    when = ACTION_TABLE[:, 5]
    allowed[:, when == WITH_PICTURE] = (shown.media == PICTURE)[:, None]
    long_video = (shown.media == VIDEO) & (shown.duration_ms > VIDEO_QUALITY_MS)
    allowed[:, when == WITH_LONG_VIDEO] = long_video[:, None]
    allowed[:, when == WITH_QUOTE] = shown.is_quote[:, None]
    return allowed


def action_probabilities(people: People, shown: Shown) -> Float64[np.ndarray, "n 18"]:
    """Probability of every discrete action, impossible ones 0."""
    base, slope, age, spam, repetition = ACTION_TABLE[:, :5].T
    positive = np.arange(len(ACTION_NAMES)) < NEGATIVE_FROM
    x = interest(people, shown)
    volume = author_volume(people)[shown.author] * (1.0 - shown.topic_affinity)
    logits = base + slope * x[:, None] + age * shown.age_hours[:, None]
    logits += spam * people.spammer[shown.author][:, None] + repetition * volume[:, None]
    logits += np.where(positive, people.generosity[shown.viewer][:, None], 0.0)
    return possible_actions(shown) / (1.0 + np.exp(-logits))


def dwell_log_mean(people: People, shown: Shown) -> Float64[np.ndarray, " n"]:
    """Mean of ln(dwell seconds)."""
    return DWELL_LOG_BASE + DWELL_LOG_SLOPE * interest(people, shown)


def expected_dwell_seconds(log_mean: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """E[min(seconds, 30)] of the log-normal dwell time, seconds."""
    spread = DWELL_LOG_SPREAD
    edge = (np.log(DWELL_VALUE_SECONDS_MAX) - log_mean) / spread
    below = np.exp(log_mean + spread * spread / 2) * _normal_share(edge - spread)
    return below + DWELL_VALUE_SECONDS_MAX * (1.0 - _normal_share(edge))


def _normal_share(z: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Share of a standard normal below z, to 1e-7 (Abramowitz and Stegun 26.2.17)."""
    t = 1.0 / (1.0 + 0.2316419 * np.abs(z))
    terms = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
    tail = sum(c * t ** (i + 1) for i, c in enumerate(terms))
    tail = tail * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return np.where(z >= 0, 1.0 - tail, tail)
