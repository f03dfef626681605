"""The truth of a demo world, for evaluation only: no model and no trainer may read it.

File oracle.npz: every column of People (`people_<name>`), the posts that can be shown
(`post_<name>`), and the table of weights of tastes.py (`action_table`), so that an evaluation with
another table than the one that made the world fails instead of measuring the wrong truth.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from phoenix.data.people import People
from phoenix.data.posts import (
    HOUR_MS,
    POST_QUALITY_SPREAD,
    QUOTE,
    REPOST,
    VIDEO,
    author_quality,
)
from phoenix.data.tastes import (
    ACTION_NAMES,
    ACTION_TABLE,
    VIDEO_QUALITY_MS,
    Shown,
    action_probabilities,
    dwell_log_mean,
    expected_dwell_seconds,
)
from phoenix.data.world import World

QUOTE_SHARE = 0.055
"""Share of quotes among the posts that can be shown."""

LONG_VIDEO_SHARE = 0.68
"""Share of the videos that are long enough for a quality view."""

_POST_COLUMNS = ("id", "author", "created_ms", "topic", "quality", "media", "duration_ms", "quote")
_HOME = 1


@dataclass(frozen=True)
class OraclePosts:
    """Posts by ascending id. author: person number; quote: whether it quotes."""

    id: Int64[np.ndarray, " p"]
    author: Int64[np.ndarray, " p"]
    created_ms: Int64[np.ndarray, " p"]
    topic: Int64[np.ndarray, " p"]
    quality: Float64[np.ndarray, " p"]
    media: Int64[np.ndarray, " p"]
    duration_ms: Int64[np.ndarray, " p"]
    quote: np.ndarray

    def places(self, post_ids: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
        """Positions of posts. Raises ValueError for an id that the world does not have."""
        ids = np.asarray(post_ids, np.int64)
        place = np.minimum(np.searchsorted(self.id, ids), len(self.id) - 1)
        unknown = ids[self.id[place] != ids]
        if len(unknown):
            raise ValueError(
                f"{len(unknown)} posts are not in the oracle (a repost stands for its original), "
                f"the first is {unknown[0]}"
            )
        return place


@dataclass(frozen=True)
class Oracle:
    """People and posts of one world."""

    people: People
    posts: OraclePosts


@dataclass(frozen=True)
class TrueValues:
    """Expected behaviour. probabilities: [n, 18]. dwell_seconds: E[min(seconds, 30)]."""

    probabilities: Float64[np.ndarray, "n 18"]
    dwell_seconds: Float64[np.ndarray, " n"]

    def weighted(self, weights: Float64[np.ndarray, " 18"], dwell_weight: float) -> np.ndarray:
        """Sum of weight x probability, and dwell_weight x seconds: the true value of each pair."""
        return self.probabilities @ weights + dwell_weight * self.dwell_seconds


def oracle_of(world: World) -> Oracle:
    """The oracle of a world in memory."""
    posts = world.posts
    keep = (posts.kind != REPOST) & (posts.created_ms < world.now_ms)
    return Oracle(
        world.people,
        OraclePosts(
            id=posts.id[keep],
            author=posts.author[keep],
            created_ms=posts.created_ms[keep],
            topic=posts.topic[keep],
            quality=posts.quality[keep],
            media=posts.media[keep],
            duration_ms=posts.duration_ms[keep],
            quote=posts.kind[keep] == QUOTE,
        ),
    )


def save_oracle(world: World, path: Path) -> None:
    """Writes oracle.npz."""
    oracle = oracle_of(world)
    columns = {f"people_{f.name}": getattr(oracle.people, f.name) for f in fields(People)}
    columns |= {f"post_{name}": getattr(oracle.posts, name) for name in _POST_COLUMNS}
    np.savez(path, allow_pickle=False, action_table=ACTION_TABLE, **columns)


def load_oracle(path: Path | str) -> Oracle:
    """Reads oracle.npz.

    Raises:
      FileNotFoundError: If there is no such file.
      ValueError: If it was made with another table of tastes.
    """
    with np.load(path, allow_pickle=False) as stored:
        if not np.array_equal(stored["action_table"], ACTION_TABLE):
            raise ValueError(f"{path}: made with another table of tastes; generate it again")
        people = {f.name: stored[f"people_{f.name}"] for f in fields(People)}
        people["seed"] = int(people["seed"])
        posts = {name: stored[f"post_{name}"] for name in _POST_COLUMNS}
    return Oracle(People(**people), OraclePosts(**posts))


def true_values(
    oracle: Oracle,
    viewer_ids: Int64[np.ndarray, " n"],
    post_ids: Int64[np.ndarray, " n"],
    now_ms: int,
    *,
    surface: int = _HOME,
) -> TrueValues:
    """What each viewer would do with each post if it were shown now.

    Args:
      oracle: The truth.
      viewer_ids: User ids.
      post_ids: Ids of originals, quotes or replies; for a repost give its original.
      now_ms: Time of showing.
      surface: Number of tastes.SURFACES.

    Raises:
      ValueError: For an unknown viewer or post.
    """
    place = oracle.posts.places(post_ids)
    viewer = oracle.people.index_of(viewer_ids)
    posts = oracle.posts
    shown = Shown(
        viewer=viewer,
        author=posts.author[place],
        topic_affinity=oracle.people.affinity[viewer, posts.topic[place]],
        quality=posts.quality[place],
        media=posts.media[place],
        duration_ms=posts.duration_ms[place],
        is_quote=posts.quote[place],
        age_hours=np.maximum(now_ms - posts.created_ms[place], 0) / HOUR_MS,
        surface=np.full(len(place), surface),
    )
    dwell = expected_dwell_seconds(dwell_log_mean(oracle.people, shown))
    return TrueValues(action_probabilities(oracle.people, shown), dwell)


def feature_oracle_values(
    oracle: Oracle,
    viewer_ids: Int64[np.ndarray, " n"],
    author_ids: Int64[np.ndarray, " n"],
    created_ms: Int64[np.ndarray, " n"],
    now_ms: int,
    *,
    surface: int = _HOME,
) -> TrueValues:
    """The true values averaged over what ids cannot tell of a new post.

    Known: viewer, author, age, surface. Averaged: the topic by the author's mix, the media by the
    author's shares, the post's own part of the quality, quote or not. (That a burst shifts the
    mix for two hours, and that replies carry less media, is left out.)

    Cost: about 60 evaluations of the tastes a pair, viewer by viewer.

    Raises:
      ValueError: For an unknown viewer or author.
    """
    viewer = oracle.people.index_of(viewer_ids)
    author = oracle.people.index_of(author_ids)
    age_hours = np.maximum(now_ms - np.asarray(created_ms), 0) / HOUR_MS
    probabilities = np.zeros((len(viewer), len(ACTION_NAMES)))
    dwell = np.zeros(len(viewer))
    order = np.argsort(viewer, kind="stable")
    starts = np.flatnonzero(np.diff(viewer[order], prepend=-1))
    for rows in np.split(order, starts[1:]) if len(order) else []:
        values = _averaged(oracle.people, int(viewer[rows[0]]), author[rows], age_hours[rows],
                           surface)  # fmt: skip
        probabilities[rows], dwell[rows] = values.probabilities, values.dwell_seconds
    return TrueValues(probabilities, dwell)


def _averaged(
    people: People, viewer: int, author: np.ndarray, age_hours: np.ndarray, surface: int
) -> TrueValues:
    """Averages for one viewer: topic levels x media x three points of quality (Gauss-Legendre)."""
    affinity = people.affinity[viewer]
    levels = np.unique(affinity)
    topic_share = np.stack(
        [people.topic_mix[author][:, affinity == level].sum(axis=1) for level in levels], axis=1
    )
    points, point_share = np.polynomial.legendre.leggauss(3)
    points = points * POST_QUALITY_SPREAD * np.sqrt(3.0)
    share = (
        topic_share[:, :, None, None]
        * people.media_share[author][:, None, :, None]
        * (point_share / point_share.sum())[None, None, None, :]
    )
    shape = share.shape

    def spread(values: np.ndarray, axis: int) -> np.ndarray:
        places = [1, 1, 1, 1]
        places[axis] = len(values)
        return np.broadcast_to(values.reshape(places), shape).ravel()

    media = spread(np.arange(3), 2)
    shown = Shown(
        viewer=np.full(share.size, viewer),
        author=spread(author, 0),
        topic_affinity=spread(levels, 1),
        quality=spread(author_quality(people)[author], 0) + spread(points, 3),
        media=media,
        duration_ms=np.where(media == VIDEO, VIDEO_QUALITY_MS + 1, 0),
        is_quote=np.ones(share.size, bool),
        age_hours=spread(age_hours, 0),
        surface=np.full(share.size, surface),
    )
    chance = action_probabilities(people, shown) * share.reshape(-1, 1)
    dwell = expected_dwell_seconds(dwell_log_mean(people, shown)) * share.ravel()
    probabilities = chance.reshape(len(author), -1, len(ACTION_NAMES)).sum(axis=1)
    probabilities[:, ACTION_NAMES.index("video_quality_view")] *= LONG_VIDEO_SHARE
    probabilities[:, ACTION_NAMES.index("quoted_click")] *= QUOTE_SHARE
    return TrueValues(probabilities, dwell.reshape(len(author), -1).sum(axis=1))
