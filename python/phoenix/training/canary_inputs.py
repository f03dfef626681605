"""A few real viewers and the rates of their log: what a manifest keeps for the canary."""

import numpy as np
from jaxtyping import Int

from phoenix.bundle import Candidates
from phoenix.canary_sample import SampleRequest
from phoenix.checkpoints import CanaryInputs
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.training.viewer_sequences import ViewerSequences

# Enough for means that tell a sane model from another, few enough to be read in a manifest.
_VIEWERS = 6
_CANDIDATES = 8
_EVENTS = 16


def canary_inputs(sequences: ViewerSequences) -> CanaryInputs:
    """The last impressions of a few viewers, spread over all, and how often people did what."""
    rates = sequences.impressions.outcomes.mean(axis=0, dtype=np.float64)
    names = [action.name for action in ACTIONS[:DISCRETE_COUNT]]
    return CanaryInputs(
        requests=[_request(sequences, viewer) for viewer in _chosen_viewers(sequences).tolist()],
        base_rates=dict(zip(names, rates.tolist(), strict=True)),
    )


def _chosen_viewers(sequences: ViewerSequences) -> Int[np.ndarray, " v"]:
    """Numbers of viewers, evenly over those with enough impressions, else over the most seen."""
    counts = np.diff(sequences.impressions.offsets)
    enough = np.flatnonzero(counts >= min(_CANDIDATES, int(counts.max())))
    count = min(_VIEWERS, enough.shape[0])
    return enough[np.linspace(0, enough.shape[0] - 1, count).astype(np.int64)]


def _request(sequences: ViewerSequences, viewer: int) -> SampleRequest:
    impressions = sequences.impressions
    end = int(impressions.offsets[viewer + 1])
    rows = slice(max(int(impressions.offsets[viewer]), end - _CANDIDATES), end)
    # The earliest of their requests: what a later one saw besides stays out.
    asked_ms = int(impressions.request_ms[rows].min())
    return SampleRequest(
        user_id=int(sequences.viewer_ids[viewer]),
        history=sequences.history_before(viewer, asked_ms, _EVENTS),
        candidates=Candidates(
            post_ids=impressions.post_ids[rows],
            author_ids=impressions.author_ids[rows],
            surfaces=impressions.surfaces[rows],
            created_at_ms=impressions.created_at_ms[rows],
        ),
        request_time_ms=asked_ms,
    )
