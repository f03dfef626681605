"""The 24 topics of the demo world, in eight groups of three that lie close to each other."""

import numpy as np
from jaxtyping import Float64

TOPICS = (
    "jazz", "classical music", "film",
    "astronomy", "biology", "history",
    "football", "running", "climbing",
    "cycling", "trains", "city life",
    "cooking", "coffee", "gardening",
    "software", "machine learning", "chess",
    "video games", "board games", "books",
    "photography", "birds", "travel",
)  # fmt: skip
"""Names as they stand in the import files; the index is the topic's number everywhere."""

TOPIC_COUNT = len(TOPICS)
LANGUAGES = ("en", "de", "es", "ja")
"""Languages of the authors; the index is the language's number everywhere."""

SIBLING_AFFINITY = 0.25
"""Share of the interest in a topic that its two neighbours in the group get. A guess."""


def topic_affinity(interests: Float64[np.ndarray, "n t"]) -> Float64[np.ndarray, "n t"]:
    """How much each person cares for each topic, in [0, 1].

    A = min(1, sqrt(interest / 0.4)), and a neighbour of a liked topic gets a quarter of it.

    Args:
      interests: Shares that sum to 1 in each row.
    """
    own = np.minimum(1.0, np.sqrt(interests / 0.4))
    groups = own.reshape(len(own), TOPIC_COUNT // 3, 3)
    best = np.repeat(groups.max(axis=2, keepdims=True), 3, axis=2).reshape(own.shape)
    return np.maximum(own, SIBLING_AFFINITY * best)
