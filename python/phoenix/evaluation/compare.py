"""`--compare A B`: two checkpoints on the very same requests and feeds, difference by difference.

Both see only what came after the later end of their data. Differences are B - A, paired by
impression and by viewer; intervals are a bootstrap over viewers.
"""

import numpy as np
from jaxtyping import Float, Int

from phoenix.evaluation.feed import FeedOptions, feed_values
from phoenix.evaluation.impressions import LoggedRequests, Predictions, predict_served, sampled
from phoenix.evaluation.intervals import (
    AucReplicates,
    Interval,
    bootstrap_mean,
    bootstrap_weights,
    percentile_interval,
)
from phoenix.evaluation.metrics import log_losses
from phoenix.evaluation.rankers import model_ranker
from phoenix.evaluation.ranking import (
    ACTION_NAMES,
    guarded_auc,
    heads_of,
    realised_gains,
    request_ndcg,
    value_of,
)
from phoenix.evaluation.sections import Section, Table, number, with_ends
from phoenix.evaluation.subject import Subject
from phoenix.inference import InferenceEngine

_LOSS = "log loss, summed over actions"


def _verdict(difference: Interval, *, larger_is_better: bool) -> str:
    if difference.low <= 0 <= difference.high or not np.isfinite(difference.low):
        return "no difference seen"
    return "B is better" if (difference.value > 0) == larger_is_better else "A is better"


def _row(
    name: str,
    both: tuple[float, float],
    difference: Interval,
    *,
    larger_is_better: bool = True,
) -> tuple[tuple[str, ...], dict]:
    verdict = _verdict(difference, larger_is_better=larger_is_better)
    cells = (
        name,
        *(number(each, 5) for each in both),
        with_ends(difference, 5),
        verdict,
    )
    line = {
        "benchmark": "compare",
        "figure": name,
        "a": both[0],
        "b": both[1],
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "verdict": verdict,
    }
    return cells, line


def auc_difference(
    scores: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]],
    happened: np.ndarray,
    *,
    cluster: Int[np.ndarray, " n"],
    weights: Int[np.ndarray, "replicates clusters"],
) -> tuple[float, float, Interval]:
    """Both AUCs, and the second minus the first under the same draws of viewers."""
    first, second = (guarded_auc(each, happened) for each in scores)
    if not np.isfinite(first + second):
        nan = float("nan")
        return first, second, Interval(nan, nan, nan)
    draws = [AucReplicates(each, happened, cluster).all(weights) for each in scores]
    return first, second, percentile_interval(second - first, draws[1] - draws[0])


def _ranking_rows(
    requests: LoggedRequests, both: tuple[Predictions, Predictions], replicates: int
) -> list[tuple[tuple[str, ...], dict]]:
    _, cluster = np.unique(requests.impression_viewer, return_inverse=True)
    weights = bootstrap_weights(int(cluster.max()) + 1, replicates, seed=2)
    heads = sorted(set(heads_of(both[0])) & set(heads_of(both[1])))
    happened = requests.outcomes > 0
    losses = [
        log_losses(each.probabilities[:, heads], happened[:, heads]).sum(axis=1) for each in both
    ]
    difference = bootstrap_mean(losses[1] - losses[0], cluster, weights)
    means = [float(each.mean()) for each in losses]
    rows = [_row(_LOSS, (means[0], means[1]), difference, larger_is_better=False)]
    for action in heads:
        scores = (both[0].probabilities[:, action], both[1].probabilities[:, action])
        *pair, gap = auc_difference(scores, happened[:, action], cluster=cluster, weights=weights)
        if np.isfinite(gap.value):
            rows.append(_row(f"AUC {ACTION_NAMES[action]}", (pair[0], pair[1]), gap))
    gains = realised_gains(requests)
    everything = np.ones(len(gains), bool)
    first, second = (
        request_ndcg(value_of(each), gains, request=requests.request, kept=everything)
        for each in both
    )
    # The same requests have a choice for both, so they pair up.
    chosen = _requests_with_a_choice(requests, gains)
    of_viewer = cluster[requests.offsets[:-1]][chosen]
    gap = bootstrap_mean(second - first, of_viewer, weights)
    rows.append(_row("NDCG@10 within requests", (float(first.mean()), float(second.mean())), gap))
    return rows


def _requests_with_a_choice(requests: LoggedRequests, gains: np.ndarray) -> np.ndarray:
    sizes = np.diff(requests.offsets)
    return np.flatnonzero((sizes > 1) & (np.maximum.reduceat(gains, requests.offsets[:-1]) > 0))


def _feed_row(
    subject: Subject, engines: tuple[InferenceEngine, InferenceEngine], options: FeedOptions
) -> tuple[tuple[str, ...], dict]:
    rankers = {"A": model_ranker(engines[0]), "B": model_ranker(engines[1])}
    values = feed_values(subject.day, rankers, options)
    first, second = values["A"][:, 0], values["B"][:, 0]
    viewers = np.arange(len(first))
    weights = bootstrap_weights(len(first), 2_000, seed=3)
    gap = bootstrap_mean(second - first, viewers, weights)
    return _row("NDCG@20 of whole feeds", (float(first.mean()), float(second.mean())), gap)


def compare_section(first: Subject, second: Subject) -> Section:
    """Everything that two checkpoints can be compared by. Worlds and logs are the later one's."""
    later = first if first.data_end_ms >= second.data_end_ms else second
    sizes = later.sizes
    engines = (first.ranker, second.ranker)
    requests = sampled(later.requests, sizes.compare_requests, sizes.seed)
    later.say(f"compare: predicting {len(requests):,} requests by both")
    predicted = [predict_served(engine, requests, later.sequences) for engine in engines]
    rows = _ranking_rows(requests, (predicted[0], predicted[1]), sizes.replicates)
    if later.log_path is None:
        later.say("compare: whole feeds by both")
        options = FeedOptions(viewers=sizes.feed_viewers, pool_size=sizes.feed_pool)
        rows.append(_feed_row(later, engines, options))
    names = (str(first.checkpoint.directory), str(second.checkpoint.directory))
    note = (
        f"A: {names[0]} (version {first.checkpoint.version}). B: {names[1]} (version "
        f"{second.checkpoint.version}). {len(requests.place):,} impressions of "
        f"{len(np.unique(requests.viewer)):,} viewers after the data of both. Difference: B - A, "
        "paired, 95 % by a bootstrap over viewers."
    )
    table = Table(
        "Two checkpoints on the same impressions.",
        ("figure", "A", "B", "B - A (95 %)", "verdict"),
        tuple(cells for cells, _ in rows),
    )
    return Section(
        name="compare",
        title="Two checkpoints",
        command=f"npm run evaluate -- --compare {names[0]} {names[1]}",
        notes=(note,),
        tables=(table,),
        figures=(),
        lines=tuple(line for _, line in rows),
    )
