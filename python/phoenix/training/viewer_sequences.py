"""From the training log to one sequence a viewer: what they did, and what they were shown when.

A history token is what the viewer did with one post within one burst of 5 minutes, anchored at
the burst's first action: the aggregation that the gateway's viewer store serves. An impression
sees the tokens that ended strictly before its ranking was asked, so never its own outcome, never
a later action, never an action of the same request.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from phoenix.bundle import History
from phoenix.data.training_log import Deeds, TrainingLog

BURST_MS = 300_000
HISTORY_SURFACE = 0
"""Engagements come through the import door without a surface, so all history is "home feed"."""

# Surfaces of the log (none, home, following, search) as the models know them (phoenix.proto).
_SURFACE_OF_LOG = np.array([0, 0, 0, 2], np.int32)


IN_NETWORK = 0
"""Source of an impression whose viewer follows the author (training_log.SOURCES)."""


class LeakError(ValueError):
    """A history that holds what had not happened yet."""


@dataclass(frozen=True)
class Tokens:
    """History tokens sorted by (viewer, first action); times in ms since 1970.

    The tokens of viewer i (of ViewerSequences.viewer_ids) are offsets[i] .. offsets[i + 1].
    request_id: of the first action. last_ms: the burst's last action.
    """

    offsets: Int64[np.ndarray, " v_plus_1"]
    post_ids: Int64[np.ndarray, " t"]
    author_ids: Int64[np.ndarray, " t"]
    actions: UInt8[np.ndarray, "t 18"]
    dwell_seconds: Float32[np.ndarray, " t"]
    created_at_ms: Int64[np.ndarray, " t"]
    first_ms: Int64[np.ndarray, " t"]
    last_ms: Int64[np.ndarray, " t"]
    request_id: Int64[np.ndarray, " t"]


@dataclass(frozen=True)
class Impressions:
    """Impressions sorted by (viewer, visible, request's time, time), offsets as in Tokens.

    visible: how many of the viewer's tokens, from the oldest on, the impression sees.
    request_ms: when the ranking was asked: as logged, else the request's first impression.
    sources, propensity: why the post was shown, and with which probability (training_log.py).
    """

    offsets: Int64[np.ndarray, " v_plus_1"]
    post_ids: Int64[np.ndarray, " n"]
    author_ids: Int64[np.ndarray, " n"]
    created_at_ms: Int64[np.ndarray, " n"]
    at_ms: Int64[np.ndarray, " n"]
    request_id: Int64[np.ndarray, " n"]
    request_ms: Int64[np.ndarray, " n"]
    surfaces: np.ndarray
    sources: UInt8[np.ndarray, " n"]
    propensity: Float32[np.ndarray, " n"]
    outcomes: UInt8[np.ndarray, "n 18"]
    dwell_seconds: Float32[np.ndarray, " n"]
    visible: Int64[np.ndarray, " n"]


@dataclass(frozen=True)
class ViewerSequences:
    """The training log, viewer by viewer."""

    viewer_ids: Int64[np.ndarray, " v"]
    tokens: Tokens
    impressions: Impressions

    def asked_from(self, cut_ms: int) -> "ViewerSequences":
        """The same with only the impressions of requests from a time on, and all histories."""
        shown = self.impressions
        kept = shown.request_ms >= cut_ms
        before = np.concatenate([[0], np.cumsum(kept)])
        columns = {name: column[kept] for name, column in vars(shown).items() if name != "offsets"}
        impressions = Impressions(offsets=before[shown.offsets], **columns)
        return ViewerSequences(self.viewer_ids, self.tokens, impressions)

    def history_before(self, viewer: int, cut_ms: int, newest: int) -> History:
        """What a viewer (by number) had done before a time: the newest tokens, oldest first."""
        tokens = self.tokens
        start, end = tokens.offsets[viewer], tokens.offsets[viewer + 1]
        seen = np.maximum.accumulate(tokens.last_ms[start:end])
        stop = start + int(np.searchsorted(seen, cut_ms))
        kept = slice(max(start, stop - newest), stop)
        return History(
            post_ids=tokens.post_ids[kept],
            author_ids=tokens.author_ids[kept],
            actions=tokens.actions[kept].astype(np.float32),
            dwell_seconds=tokens.dwell_seconds[kept],
            surfaces=np.full(kept.stop - kept.start, HISTORY_SURFACE, np.int32),
            created_at_ms=tokens.created_at_ms[kept],
        )


def burst_numbers(
    viewer: Int64[np.ndarray, " n"], post: Int64[np.ndarray, " n"], at_ms: Int64[np.ndarray, " n"]
) -> Int64[np.ndarray, " n"]:
    """The burst of each action: equal numbers share viewer, post and a window of 5 minutes.

    A window is anchored at its first action: an action 5 minutes after it or later opens the next.
    O(n log n) for each burst that one viewer has with one post.
    """
    order = np.lexsort((at_ms, post, viewer))
    viewer, post, at_ms = viewer[order], post[order], at_ms[order]
    opens = np.ones(len(order), bool)
    opens[1:] = (viewer[1:] != viewer[:-1]) | (post[1:] != post[:-1])
    group = np.cumsum(opens) - 1
    anchor = at_ms[opens]
    bursts_before = np.zeros(len(order), np.int64)
    later = np.flatnonzero(at_ms >= anchor[group] + BURST_MS)
    while len(later):
        # The first action behind each group's window anchors the group's next one.
        first = later[np.unique(group[later], return_index=True)[1]]
        anchor[group[first]] = at_ms[first]
        bursts_before[later] += 1
        later = later[at_ms[later] >= anchor[group[later]] + BURST_MS]
    change = np.ones(len(order), bool)
    change[1:] = opens[1:] | (bursts_before[1:] != bursts_before[:-1])
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(change) - 1
    return numbers


def _offsets(viewer_number: np.ndarray, count: int) -> Int64[np.ndarray, " v_plus_1"]:
    return np.searchsorted(viewer_number, np.arange(count + 1)).astype(np.int64)


def _tokens(deeds: Deeds, viewer_ids: np.ndarray) -> Tokens:
    burst = burst_numbers(deeds.viewer_id, deeds.post_id, deeds.at_ms)
    # First rows of the bursts, by time: deeds are in time order and the sort is stable.
    order = np.argsort(burst, kind="stable")
    starts = np.flatnonzero(np.diff(burst[order], prepend=-1))
    first = order[starts]
    actions = np.maximum.reduceat(deeds.actions[order], starts, axis=0)
    dwell = np.maximum.reduceat(deeds.dwell_seconds[order], starts)
    last_ms = np.maximum.reduceat(deeds.at_ms[order], starts)
    number = np.searchsorted(viewer_ids, deeds.viewer_id[first])
    by_viewer = np.lexsort((deeds.post_id[first], deeds.at_ms[first], number))
    # A burst that is dwell alone is no token.
    by_viewer = by_viewer[actions[by_viewer].any(axis=1)]
    first = first[by_viewer]
    return Tokens(
        offsets=_offsets(number[by_viewer], len(viewer_ids)),
        post_ids=deeds.post_id[first],
        author_ids=deeds.author_id[first],
        actions=actions[by_viewer],
        dwell_seconds=dwell[by_viewer],
        created_at_ms=deeds.post_created_at_ms[first],
        first_ms=deeds.at_ms[first],
        last_ms=last_ms[by_viewer],
        request_id=deeds.request_id[first],
    )


def _deeds_of(log: TrainingLog, viewer_ids: np.ndarray) -> Deeds:
    """What those viewers did; deeds of people who were shown nothing train nothing."""
    deeds = log.deeds()
    mine = np.isin(deeds.viewer_id, viewer_ids)
    return Deeds(**{name: column[mine] for name, column in vars(deeds).items()})


def _request_times(log: TrainingLog, number: np.ndarray) -> np.ndarray:
    """When each impression's ranking was asked: as logged, else the request's first impression."""
    first = _request_starts(number, log.request_id, log.at_ms)
    if not len(log.ranked_at_ms):
        return first
    return np.where(log.ranked_at_ms > 0, log.ranked_at_ms, first)


def _request_starts(viewer: np.ndarray, request: np.ndarray, at_ms: np.ndarray) -> np.ndarray:
    """Time of the first impression of each impression's request."""
    order = np.lexsort((at_ms, request, viewer))
    opens = np.ones(len(order), bool)
    opens[1:] = (np.diff(viewer[order]) != 0) | (np.diff(request[order]) != 0)
    starts = np.empty(len(order), np.int64)
    starts[order] = at_ms[order][opens][np.cumsum(opens) - 1]
    return starts


def _visible(
    tokens: Tokens, viewer_number: np.ndarray, *, cut_ms: np.ndarray, request: np.ndarray
) -> np.ndarray:
    """How many tokens ended before the cut and lie before the first of the same request.

    Where clocks agree the second follows from the first.
    """
    visible = np.zeros(len(viewer_number), np.int64)
    by_viewer = np.argsort(viewer_number, kind="stable")
    bounds = _offsets(viewer_number[by_viewer], len(tokens.offsets) - 1)
    for viewer in range(len(tokens.offsets) - 1):
        mine = by_viewer[bounds[viewer] : bounds[viewer + 1]]
        theirs = slice(tokens.offsets[viewer], tokens.offsets[viewer + 1])
        last = np.maximum.accumulate(tokens.last_ms[theirs])
        before = np.searchsorted(last, cut_ms[mine])
        requests, first = np.unique(tokens.request_id[theirs], return_index=True)
        if len(requests):
            place = np.minimum(np.searchsorted(requests, request[mine]), len(requests) - 1)
            own = np.where(requests[place] == request[mine], first[place], len(last))
            before = np.minimum(before, own)
        visible[mine] = before
    return visible


def viewer_sequences(log: TrainingLog) -> ViewerSequences:
    """Sorts a training log into sequences. O(n log n).

    Raises:
      LeakError: The result would show an impression what came after it (a fault of this module).
    """
    viewer_ids = np.unique(log.viewer_id)
    tokens = _tokens(_deeds_of(log, viewer_ids), viewer_ids)
    number = np.searchsorted(viewer_ids, log.viewer_id)
    request_ms = _request_times(log, number)
    # A clock that runs behind must not show what came after.
    cut_ms = np.minimum(request_ms, log.at_ms)
    visible = _visible(tokens, number, cut_ms=cut_ms, request=log.request_id)
    # By what is seen first: a slate that is read on after a newer one keeps its own history.
    order = np.lexsort((log.position, log.at_ms, request_ms, visible, number))
    number, request = number[order], log.request_id[order]
    impressions = Impressions(
        offsets=_offsets(number, len(viewer_ids)),
        post_ids=log.post_id[order],
        author_ids=log.author_id[order],
        created_at_ms=log.post_created_at_ms[order],
        at_ms=log.at_ms[order],
        request_id=request,
        request_ms=request_ms[order],
        surfaces=_SURFACE_OF_LOG[log.surface[order]],
        sources=log.source[order],
        propensity=log.propensity[order],
        outcomes=log.outcomes[order],
        dwell_seconds=log.dwell_seconds[order],
        visible=visible[order],
    )
    sequences = ViewerSequences(viewer_ids, tokens, impressions)
    check_no_leak(sequences)
    return sequences


def leaking_impressions(sequences: ViewerSequences) -> Bool[np.ndarray, " n"]:
    """True where an impression sees an action of its own request or not strictly before it."""
    tokens, impressions = sequences.tokens, sequences.impressions
    leaks = np.zeros(len(impressions.post_ids), bool)
    for viewer in range(len(sequences.viewer_ids)):
        mine = slice(impressions.offsets[viewer], impressions.offsets[viewer + 1])
        theirs = slice(tokens.offsets[viewer], tokens.offsets[viewer + 1])
        visible = impressions.visible[mine]
        latest = np.maximum.accumulate(np.append(np.int64(-1), tokens.last_ms[theirs]))
        cut_ms = np.minimum(impressions.request_ms[mine], impressions.at_ms[mine])
        leaks[mine] = latest[visible] >= cut_ms
        # The number of the first token of each request; a visible one is a leak.
        requests, first = np.unique(tokens.request_id[theirs], return_index=True)
        if len(requests):
            place = np.minimum(
                np.searchsorted(requests, impressions.request_id[mine]), len(requests) - 1
            )
            same = requests[place] == impressions.request_id[mine]
            leaks[mine] |= same & (first[place] < visible)
    return leaks


def check_no_leak(sequences: ViewerSequences) -> None:
    """Raises LeakError, naming the first impression that sees what it may not."""
    leaks = np.flatnonzero(leaking_impressions(sequences))
    if len(leaks):
        impressions = sequences.impressions
        worst = int(leaks[0])
        raise LeakError(
            f"{len(leaks)} impressions see what came later; the first: post "
            f"{impressions.post_ids[worst]} at {impressions.at_ms[worst]} ms with "
            f"{impressions.visible[worst]} visible actions"
        )
