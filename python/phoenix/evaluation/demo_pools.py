"""The demo world on a serving day, and the pool of candidates of each viewer.

Pool: what passes the home feed's filters. In network: originals, quotes and replies of followed
authors. Out of network: originals and quotes of unprotected authors. Younger than 48 hours, not
the viewer's own, no block or mute between them, not seen, no post for subscribers of others.
Reposts are left out: their originals stand for them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from phoenix.bundle import Candidates, History
from phoenix.data.oracle import Oracle, oracle_of
from phoenix.data.posts import HOUR_MS, REPLY, REPOST
from phoenix.data.tastes import ACTION_NAMES
from phoenix.data.world import LOG_DAYS, World, create_world, world_training_log
from phoenix.inference import empty_history
from phoenix.training.viewer_sequences import ViewerSequences, viewer_sequences

AGE_HOURS_MAX = 48
_COUNT_WEIGHTS = {"favorite": 1.0, "reply": 2.0, "repost": 2.0}


@dataclass(frozen=True)
class Pool:
    """Candidates of one viewer, newest first.

    places: positions in the world's posts. shrunk: the out-of-network factor applies.
    """

    viewer_id: int
    places: Int64[np.ndarray, " n"]
    candidates: Candidates
    in_network: Bool[np.ndarray, " n"]
    shrunk: Bool[np.ndarray, " n"]


class DemoDay:
    """The world at one moment: what everybody had done by then, and who may see what."""

    def __init__(self, world: World) -> None:
        """Sorts the world's behaviour. Reads nothing but the world."""
        self.world = world
        self.now_ms = world.now_ms
        self.oracle: Oracle = oracle_of(world)
        self.sequences: ViewerSequences = viewer_sequences(world_training_log(world))
        posts, people = world.posts, world.people
        young = (posts.created_ms >= self.now_ms - AGE_HOURS_MAX * HOUR_MS) & (
            posts.created_ms < self.now_ms
        )
        self.young = np.flatnonzero(young & (posts.kind != REPOST))[::-1]
        behaviour = world.behaviour
        self.counts = np.zeros(len(posts))
        for name, weight in _COUNT_WEIGHTS.items():
            did = behaviour.post[behaviour.outcomes[:, ACTION_NAMES.index(name)] > 0]
            self.counts += weight * np.bincount(did, minlength=len(posts))
        self._by_viewer = np.argsort(behaviour.viewer, kind="stable")
        self._starts = np.searchsorted(
            behaviour.viewer[self._by_viewer], np.arange(len(people) + 1)
        )
        pays = world.graph.subscriptions
        self._pays = set((pays[:, 0] * len(people) + pays[:, 1]).tolist())

    def viewers(self, count: int, seed: int) -> Int64[np.ndarray, " v"]:
        """User ids of people who may read, drawn with a seed."""
        people = self.world.people
        may = np.flatnonzero(~people.suspended & ~people.deactivated & ~people.spammer)
        chosen = np.random.default_rng(seed).permutation(may)[:count]
        return people.user_ids[np.sort(chosen)]

    def history(self, viewer_id: int, newest: int) -> History:
        """What the viewer had done by now; empty for one who never did anything."""
        return self.history_at(viewer_id, self.now_ms, newest)

    def history_at(self, viewer_id: int, cut_ms: int, newest: int) -> History:
        """The same, before an earlier moment."""
        ids = self.sequences.viewer_ids
        place = int(np.searchsorted(ids, viewer_id))
        if place == len(ids) or ids[place] != viewer_id:
            return empty_history()
        return self.sequences.history_before(place, cut_ms, newest)

    def seen_before(self, viewer_id: int, cut_ms: int) -> Int64[np.ndarray, " s"]:
        """Positions of the posts that the viewer had been shown before a moment."""
        rows = self._rows_of(viewer_id)
        behaviour = self.world.behaviour
        return np.unique(behaviour.post[rows[behaviour.at_ms[rows] < cut_ms]])

    def actions_with(self, viewer_id: int) -> Int64[np.ndarray, " people"]:
        """How often the viewer acted on posts of each person, in the days of the world."""
        behaviour, people = self.world.behaviour, self.world.people
        rows = self._rows_of(viewer_id)
        number = behaviour.outcomes[rows].sum(axis=1).astype(np.int64)
        author = self.world.posts.author[behaviour.post[rows]]
        return np.bincount(author, weights=number, minlength=len(people)).astype(np.int64)

    def _rows_of(self, viewer_id: int) -> np.ndarray:
        viewer = int(self.world.people.index_of(np.array([viewer_id]))[0])
        return self._by_viewer[self._starts[viewer] : self._starts[viewer + 1]]

    def _allowed(self, viewer: int, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions that the filters keep, and whether each is in network."""
        world, places = self.world, self.young
        posts, people, count = world.posts, world.people, len(world.people)
        author = posts.author[places]
        reader = np.full(len(places), viewer)
        followed = world.graph.follows(reader, author)
        pays = np.array([viewer * count + a in self._pays for a in range(count)])[author]
        keep = (author != viewer) & ~world.graph.hides(reader, author) & ~np.isin(places, seen)
        keep &= ~posts.subscribers_only[places] | pays
        keep &= followed | ((posts.kind[places] != REPLY) & ~people.protected[author])
        return places[keep], followed[keep]

    def pool(self, viewer_id: int, size: int | None, seed: int) -> Pool:
        """The viewer's pool: all in network, others drawn at random up to `size` together.

        None: everything.
        """
        viewer = int(self.world.people.index_of(np.array([viewer_id]))[0])
        seen = np.unique(self.world.behaviour.post[self._rows_of(viewer_id)])
        places, in_network = self._allowed(viewer, seen)
        if size is not None and len(places) > size:
            lot = np.random.default_rng((seed, viewer_id)).random(len(places))
            kept = np.sort(np.argsort(np.where(in_network, lot - 1, lot), kind="stable")[:size])
            places, in_network = places[kept], in_network[kept]
        return self._as_pool(viewer_id, places, in_network)

    def _as_pool(self, viewer_id: int, places: np.ndarray, in_network: np.ndarray) -> Pool:
        posts = self.world.posts
        return Pool(
            viewer_id=viewer_id,
            places=places,
            candidates=Candidates(
                post_ids=posts.id[places],
                author_ids=self.world.people.user_ids[posts.author[places]],
                surfaces=np.zeros(len(places), np.int32),
                created_at_ms=posts.created_ms[places],
            ),
            in_network=in_network,
            shrunk=~in_network | (posts.kind[places] == REPLY),
        )

    def common_pool(self, viewer_ids: Int64[np.ndarray, " v"], size: int, seed: int) -> Pool:
        """One pool that every one of the viewers may see, all of it taken as out of network."""
        kept: np.ndarray | None = None
        for viewer_id in viewer_ids.tolist():
            places = self.pool(viewer_id, None, seed).places
            kept = places if kept is None else np.intersect1d(kept, places)
        if kept is None:
            raise ValueError("viewer_ids: expected at least one")
        drawn = np.random.default_rng(seed).permutation(kept)[:size]
        return self._as_pool(0, np.sort(drawn)[::-1], np.zeros(len(drawn), bool))


def demo_day(world_seed: int, *, data_range_ms: tuple[int, int], days_later: float) -> DemoDay:
    """The world some days after the end of a checkpoint's data, with all that was done since.

    data_range_ms: start and end of the training log.
    """
    end_ms = data_range_ms[1]
    now_ms = end_ms + int(days_later * 24 * HOUR_MS)
    from_ms = min(data_range_ms[0], now_ms - LOG_DAYS * 24 * HOUR_MS)
    return DemoDay(create_world(world_seed, now_ms, from_ms=from_ms))
