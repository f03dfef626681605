"""What a model must beat on MovieLens-1M: popularity, and a Markov chain over ten steps."""

import numpy as np
from jaxtyping import Float, Int64

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


def markov_chain(sequences: MovieSequences, split: Split) -> Scorer:
    """Which movies follow a history's last ten ones, in everybody's histories.

    count[i, j] = sum over k = 1 .. 10 of 1/k x (how often j came k steps after i); each row divided
    by its sum; score[j] = sum over k of 1/k x row of the k-th newest movie.
    """
    catalogue = sequences.catalogue
    histories = [sequences.history(user, split) for user in range(sequences.users)]
    counts = np.zeros(catalogue * catalogue, np.float32)
    for step in range(1, MARKOV_STEPS + 1):
        pairs = [h[:-step] * catalogue + h[step:] for h in histories if len(h) > step]
        if pairs:
            np.add.at(counts, np.concatenate(pairs), np.float32(1.0 / step))
    follows = counts.reshape(catalogue, catalogue)
    follows /= np.maximum(follows.sum(axis=1, keepdims=True), 1.0)

    def score(users: Int64[np.ndarray, " n"]) -> Float[np.ndarray, "n m"]:
        scores = np.zeros((len(users), catalogue), np.float32)
        for row, user in enumerate(users.tolist()):
            for step, movie in enumerate(histories[user][::-1][:MARKOV_STEPS], start=1):
                scores[row] += follows[movie] / np.float32(step)
        return scores

    return score
