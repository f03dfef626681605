"""Parts of the evaluated impressions that are measured by themselves."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Int64

from phoenix.data.topics import LANGUAGES
from phoenix.data.world import World
from phoenix.evaluation.impressions import LoggedRequests
from phoenix.training.viewer_sequences import ViewerSequences

SHORT_HISTORY = 32
"""Viewers with fewer actions than this count as new."""

_IN_NETWORK = 0


def held_posts(sequences: ViewerSequences, until_ms: int) -> Int64[np.ndarray, " p"]:
    """Ids of the posts that the log had shown by then, ascending."""
    shown = sequences.impressions
    return np.unique(shown.post_ids[shown.at_ms < until_ms])


def slices_of(
    requests: LoggedRequests, *, held: Int64[np.ndarray, " p"], data_end_ms: int
) -> dict[str, Bool[np.ndarray, " n"]]:
    """Masks over impressions by name. held: posts of the training log (`held_posts`)."""
    new = requests.created_at_ms > data_end_ms
    known = np.isin(requests.post_ids, held)
    in_network = requests.source == _IN_NETWORK
    return {
        "all": np.ones(len(new), bool),
        f"history under {SHORT_HISTORY} actions": requests.history_size < SHORT_HISTORY,
        "post newer than the log": new,
        "post that the log holds": known,
        "older post that the log lacks": ~new & ~known,
        "in network": in_network,
        "out of network": ~in_network,
    }


def language_slices(requests: LoggedRequests, world: World) -> Mapping[str, Bool[np.ndarray, " n"]]:
    """By the language that the author writes; only the demo world knows it."""
    people = world.people
    language = people.language[people.index_of(requests.author_ids)]
    return {f"author writes {code}": language == n for n, code in enumerate(LANGUAGES)}
