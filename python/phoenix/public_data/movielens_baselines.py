"""What a model must beat on MovieLens-1M: popularity, and a Markov chain over ten steps."""

import numpy as np
from jaxtyping import Float, Float32, Int64

from phoenix.public_data.movielens_data import MovieSequences, Split
from phoenix.public_data.movielens_metrics import Scorer

MARKOV_STEPS = 10


def popularity(sequences: MovieSequences, split: Split) -> Scorer:
    """Every movie by how many histories hold it."""
    histories = [sequences.history(user, split) for user in range(sequences.users)]
    counts = np.bincount(np.concatenate(histories), minlength=sequences.catalogue)
    scores = counts.astype(np.float64)

    def score(users: Int64[np.ndarray, " n"]) -> Float[np.ndarray, "n m"]:
        return np.broadcast_to(scores, (len(users), sequences.catalogue))

    return score
