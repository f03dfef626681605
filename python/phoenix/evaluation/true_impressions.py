"""The truth of logged impressions of the demo world: what each viewer would do, on average."""

import dataclasses

import numpy as np
from jaxtyping import UInt8

from phoenix.data.behaviour import shown_posts
from phoenix.data.tastes import action_probabilities, dwell_log_mean, expected_dwell_seconds
from phoenix.data.world import World
from phoenix.evaluation.impressions import EvaluationError, LoggedRequests, Predictions


def true_predictions(
    world: World, requests: LoggedRequests, surface: UInt8[np.ndarray, " n"]
) -> Predictions:
    """True probabilities and expected dwell of every impression.

    surface: where each was shown, by number of tastes.SURFACES.

    Raises:
      EvaluationError: An impression shows a post that the world does not have.
    """
    posts, people = world.posts, world.people
    place = np.minimum(np.searchsorted(posts.id, requests.post_ids), len(posts) - 1)
    if (posts.id[place] != requests.post_ids).any():
        raise EvaluationError("the log shows posts of another world")
    viewer = people.index_of(requests.viewer_ids)[requests.request]
    at_home = shown_posts(people, posts, viewer, place, requests.at_ms)
    shown = dataclasses.replace(at_home, surface=surface.astype(np.int64))
    return Predictions(
        action_probabilities(people, shown),
        expected_dwell_seconds(dwell_log_mean(people, shown)),
    )
