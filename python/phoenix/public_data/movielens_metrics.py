"""Leave-one-out metrics: where the held-out movie stands among all that the user has not seen."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from phoenix.public_data.movielens_data import MovieSequences, Split

TOP = 10
_USERS_AT_ONCE = 512

Scorer = Callable[[Int64[np.ndarray, " n"]], Float[np.ndarray, "n m"]]
"""Scores of all movies for some users (places in `user_ids`)."""


@dataclass(frozen=True)
class LeaveOneOut:
    """HR@10 and NDCG@10, and their standard errors over users."""

    users: int
    hit_rate: float
    hit_rate_error: float
    ndcg: float
    ndcg_error: float


def target_ranks(
    scores: Float[np.ndarray, "n m"], targets: Int64[np.ndarray, " n"]
) -> Int64[np.ndarray, " n"]:
    """How many movies are at least as good as the target, itself left out; 0 = it is the first.

    A tie counts against the target: a model that gives all the same score finds nothing.
    """
    own = np.take_along_axis(scores, targets[:, None], axis=1)
    return (scores >= own).sum(axis=1) - 1


def metrics_of_ranks(ranks: Int64[np.ndarray, " n"]) -> LeaveOneOut:
    """HR@10 = share of ranks below 10; NDCG@10 = mean of 1 / log2(rank + 2) over those, else 0."""
    hit = (ranks < TOP).astype(np.float64)
    gain = hit / np.log2(ranks + 2.0)
    root = np.sqrt(len(ranks))
    return LeaveOneOut(
        users=len(ranks),
        hit_rate=float(hit.mean()),
        hit_rate_error=float(hit.std() / root),
        ndcg=float(gain.mean()),
        ndcg_error=float(gain.std() / root),
    )


def evaluate(
    sequences: MovieSequences,
    scorer: Scorer,
    split: Split,
    users: Int64[np.ndarray, " n"] | None = None,
) -> LeaveOneOut:
    """Ranks all movies but those of each user's history.

    Raises:
      ValueError: A score is not finite. NaN compares as false, so a broken model would rank the
        target first for everybody.
    """
    chosen = np.arange(sequences.users) if users is None else users
    targets = sequences.targets(split)
    ranks: list[np.ndarray] = []
    for start in range(0, len(chosen), _USERS_AT_ONCE):
        part = chosen[start : start + _USERS_AT_ONCE]
        scores = scorer(part)
        if not np.isfinite(scores).all():
            raise ValueError("a score is not finite: the ranks would mean nothing")
        scores = np.where(sequences.seen(part, split), -np.inf, scores)
        ranks.append(target_ranks(scores, targets[part]))
    return metrics_of_ranks(np.concatenate(ranks))
