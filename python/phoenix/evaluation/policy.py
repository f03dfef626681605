"""A new set of weights as a policy over the demo world's logged slots, and its true value.

The policy: each slot shows a post drawn uniformly from the best quarter, by the weighted value of
the model's probabilities, of the originals and quotes of unprotected authors that the viewer may
see and has not seen. (Replies are left out: the logging policy shows an old one of a busy author
almost never, and what has hardly any propensity cannot be estimated from a log.)

The log leaves out a slot that could not be filled, but numbers slots by position. So only the
slots before the last one shown of each request are used: they surely existed, and those without
an impression are empty slots. That makes inverse propensity exactly unbiased.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from phoenix.bundle import Candidates
from phoenix.data.behaviour import WINDOW_HOURS
from phoenix.data.oracle import true_values
from phoenix.data.posts import HOUR_MS, ORIGINAL, QUOTE
from phoenix.data.tastes import SURFACES
from phoenix.evaluation.demo_pools import DemoDay
from phoenix.evaluation.impressions import EvaluationError, LoggedRequests
from phoenix.evaluation.policy_estimators import LoggedSlots
from phoenix.evaluation.ranking import DWELL_SECONDS_MAX
from phoenix.evaluation.weighted_value import ACTION_WEIGHTS, DWELL_WEIGHT
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.inference import InferenceEngine

SHARE = 0.25
"""Of the pool, the best by value, from which the policy draws.

The smaller the share, the fewer logged slots agree with the policy: with a tenth, 150 requests
were worth 50 slots, too few to judge by.
"""

PART = 2_560
"""Candidates asked for at once, as the ranking service computes them."""

_HOME = SURFACES.index("home")
_NAMES = [action.name for action in ACTIONS[:DISCRETE_COUNT]]


@dataclass(frozen=True)
class Weights:
    """Weights of a weighted value: of the 18 actions, and of a second of dwell."""

    actions: Float[np.ndarray, " 18"]
    dwell: float

    def value(
        self, probabilities: Float[np.ndarray, "n 18"], seconds: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Weighted sums."""
        return probabilities @ self.actions + self.dwell * seconds


PUBLISHED = Weights(ACTION_WEIGHTS, DWELL_WEIGHT)


def parse_weights(text: str) -> Weights:
    """Weights from "favorite=1,reply=13.5,dwell_seconds=0.01"; what is not named weighs 0.

    Raises:
      EvaluationError: An action that nobody knows, or no number.
    """
    actions, dwell = np.zeros(len(_NAMES)), 0.0
    for part in text.split(","):
        name, _, amount = part.strip().partition("=")
        try:
            weight = float(amount)
        except ValueError as error:
            raise EvaluationError(
                f"--weights: expected NAME=NUMBER, found {part.strip()!r}"
            ) from error
        if name == "dwell_seconds":
            dwell = weight
        elif name in _NAMES:
            actions[_NAMES.index(name)] = weight
        else:
            known = ", ".join([*_NAMES, "dwell_seconds"])
            raise EvaluationError(f"--weights: unknown action {name!r}; known: {known}")
    return Weights(actions, dwell)


REWARDS: Mapping[str, Weights] = {
    "likes": parse_weights("favorite=1"),
    "dwell seconds": parse_weights("dwell_seconds=1"),
    "published value": PUBLISHED,
}
"""What is estimated, each as a weighted sum of what the viewer does; dwell counts 30 s at most."""


@dataclass(frozen=True)
class PolicySlots:
    """The slots of one policy, by reward, with the truth of the very same slots."""

    slots: Mapping[str, LoggedSlots]
    truth: Mapping[str, float]


class _Context:
    """One request: its pool, what the model says of it, and what is true."""

    def __init__(self, day: DemoDay, engine: InferenceEngine, *, user_id: int, now_ms: int) -> None:
        self.places = open_pool(day, user_id, now_ms)
        posts, people = day.world.posts, day.world.people
        self.post_ids = posts.id[self.places]
        author_ids = people.user_ids[posts.author[self.places]]
        history = day.history_at(user_id, now_ms, engine.config.history_length)
        count = len(self.places)
        self.probabilities, self.seconds = np.zeros((count, len(_NAMES))), np.zeros(count)
        for start in range(0, count, PART):
            part = slice(start, start + PART)
            probabilities, seconds = engine.rank(
                user_id=user_id,
                history=history,
                candidates=Candidates(
                    post_ids=self.post_ids[part],
                    author_ids=author_ids[part],
                    surfaces=np.zeros(len(self.post_ids[part]), np.int32),
                    created_at_ms=posts.created_ms[self.places[part]],
                ),
                request_time_ms=now_ms,
            )
            self.probabilities[part] = np.nan_to_num(probabilities)
            if seconds is not None:
                self.seconds[part] = seconds
        viewers = np.full(len(self.places), user_id)
        true = true_values(day.oracle, viewers, self.post_ids, now_ms, surface=_HOME)
        self.true_probabilities, self.true_seconds = true.probabilities, true.dwell_seconds

    def best(self, weights: Weights | None) -> Int64[np.ndarray, " k"]:
        """Rows of the pool from which a policy draws; None: from all of it."""
        if weights is None:
            return np.arange(len(self.places))
        count = max(1, round(SHARE * len(self.places)))
        value = weights.value(self.probabilities, self.seconds)
        return np.sort(np.argsort(-value, kind="stable")[:count])


def open_pool(day: DemoDay, user_id: int, now_ms: int) -> Int64[np.ndarray, " n"]:
    """Positions of the posts that the policy may show to a viewer, oldest first."""
    world = day.world
    posts, people = world.posts, world.people
    hour = now_ms // HOUR_MS
    low, high = np.searchsorted(posts.hour, [hour - WINDOW_HOURS, hour])
    places = np.arange(low, high)
    author = posts.author[places]
    viewer = int(people.index_of(np.array([user_id]))[0])
    kept = ((posts.kind[places] == ORIGINAL) | (posts.kind[places] == QUOTE)) & (author != viewer)
    kept &= ~posts.subscribers_only[places] & ~people.protected[author]
    kept &= ~world.graph.hides(np.full(len(places), viewer), author)
    return places[kept & ~np.isin(places, day.seen_before(user_id, now_ms))]


def usable_requests(
    requests: LoggedRequests, surface: np.ndarray, *, count: int, seed: int
) -> LoggedRequests:
    """Requests drawn with a seed: on the home surface, with more than one slot.

    surface: of every impression, by number of tastes.SURFACES.
    """
    at_home = np.minimum.reduceat(surface == _HOME, requests.offsets[:-1])
    last = np.maximum.reduceat(requests.position, requests.offsets[:-1])
    usable = np.flatnonzero(at_home & (last > 0))
    return requests.take(np.sort(np.random.default_rng(seed).permutation(usable)[:count]))


def policy_slots(
    day: DemoDay,
    engine: InferenceEngine,
    requests: LoggedRequests,
    *,
    policies: Mapping[str, Weights | None],
) -> dict[str, PolicySlots]:
    """The slots of every policy. One call of the model on a whole pool a request."""
    columns: dict[tuple[str, str], list[np.ndarray]] = {}
    clusters: list[np.ndarray] = []
    for number in range(len(requests)):
        user_id, now_ms = int(requests.viewer_ids[number]), int(requests.request_ms[number])
        context = _Context(day, engine, user_id=user_id, now_ms=now_ms)
        shown = _Shown(requests, number, context)
        clusters.append(np.full(shown.slots, int(requests.viewer[number])))
        for name, weights in policies.items():
            best = context.best(weights)
            for reward, of in REWARDS.items():
                part = shown.columns(context, best, of)
                columns.setdefault((name, reward), []).append(part)
    cluster = np.concatenate(clusters)
    result = {}
    for name in policies:
        stacked = {reward: np.concatenate(columns[name, reward], axis=1) for reward in REWARDS}
        result[name] = PolicySlots(
            slots={
                reward: LoggedSlots(*values[:4], cluster=cluster)
                for reward, values in stacked.items()
            },
            truth={reward: float(values[4].mean()) for reward, values in stacked.items()},
        )
    return result


class _Shown:
    """What one request showed in the slots before its last one."""

    def __init__(self, requests: LoggedRequests, number: int, context: _Context) -> None:
        mine = slice(requests.offsets[number], requests.offsets[number + 1])
        position = requests.position[mine].astype(np.int64)
        self.slots = int(position.max())
        before = position < self.slots
        self.position = position[before]
        self.propensity = requests.propensity[mine][before].astype(np.float64)
        self.outcomes = requests.outcomes[mine][before].astype(np.float64)
        seconds = requests.dwell_seconds[mine][before].astype(np.float64)
        self.seconds = np.minimum(seconds, DWELL_SECONDS_MAX)
        ids = requests.post_ids[mine][before]
        row = np.minimum(np.searchsorted(context.post_ids, ids), len(context.post_ids) - 1)
        # -1: shown, but outside of the policies' pool.
        self.row = np.where(context.post_ids[row] == ids, row, -1)

    def columns(
        self, context: _Context, best: Int64[np.ndarray, " k"], reward: Weights
    ) -> Float[np.ndarray, "5 slots"]:
        """ratio, reward, predicted, direct and truth of every slot."""
        predicted = reward.value(context.probabilities, context.seconds)
        true = reward.value(context.true_probabilities, context.true_seconds)
        is_best = np.zeros(len(context.places) + 1, bool)
        is_best[best] = True
        hit = is_best[self.row]
        # A post that an earlier slot of the request showed is not shown again.
        gone = np.zeros((3, self.slots))
        rows = self.row[hit]
        gone[:, self.position[hit]] = np.stack([np.ones(len(rows)), predicted[rows], true[rows]])
        before = np.cumsum(gone, axis=1) - gone
        left = len(best) - before[0]
        result = np.zeros((5, self.slots))
        result[0, self.position[hit]] = 1.0 / (left[self.position[hit]] * self.propensity[hit])
        result[1, self.position] = reward.value(self.outcomes, self.seconds)
        result[2, self.position[hit]] = predicted[rows]
        result[3] = (predicted[best].sum() - before[1]) / left
        result[4] = (true[best].sum() - before[2]) / left
        return result
