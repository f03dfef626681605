"""Scores of all movies by weights in training: what validation after an epoch looks at."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Int64

from phoenix.config import ModelConfig
from phoenix.public_data.movielens_batches import LENGTH_BUCKETS, rows_a_step
from phoenix.public_data.movielens_data import MovieSequences, Split
from phoenix.public_data.movielens_loss import movie_vectors, prefix_vectors
from phoenix.public_data.movielens_metrics import LeaveOneOut, evaluate
from phoenix.training.optimiser import Weights


@partial(jax.jit, static_argnames="config")
def _last_vectors(
    weights: Weights,
    config: ModelConfig,
    item_rows: Int[Array, "m h"],
    history: Int[Array, "b s"],
) -> Float[Array, "b d"]:
    prefixes = prefix_vectors(weights, config, item_rows=item_rows, history=history, dropout=None)
    count = jnp.sum(history >= 0, axis=1)
    return jnp.take_along_axis(prefixes, count[:, None, None], axis=1)[:, 0]


def user_vectors(
    weights: Weights,
    config: ModelConfig,
    *,
    item_rows: Int64[np.ndarray, "m h"],
    histories: list[Int64[np.ndarray, " _"]],
) -> Float[np.ndarray, "n d"]:
    """The unit vector after each history's newest 200 movies."""
    kept = [history[-LENGTH_BUCKETS[-1] :] for history in histories]
    lengths = np.array([len(history) for history in kept])
    bucket = np.searchsorted(np.array(LENGTH_BUCKETS), lengths)
    vectors = np.zeros((len(kept), config.embedding_size), np.float32)
    for number, length in enumerate(LENGTH_BUCKETS):
        places = np.flatnonzero(bucket == number)
        rows = rows_a_step(length)
        for start in range(0, len(places), rows):
            part = places[start : start + rows]
            padded = np.full((rows, length), -1, np.int32)
            for row, place in enumerate(part.tolist()):
                padded[row, : lengths[place]] = kept[place]
            outputs = _last_vectors(weights, config, item_rows, padded)
            vectors[part] = np.asarray(outputs)[: len(part)]
    return vectors


def evaluate_weights(
    sequences: MovieSequences,
    weights: Weights,
    config: ModelConfig,
    *,
    item_rows: Int64[np.ndarray, "m h"],
    split: Split,
    users: Int64[np.ndarray, " n"],
) -> LeaveOneOut:
    """HR@10 and NDCG@10 of some users."""
    vectors = user_vectors(
        weights,
        config,
        item_rows=item_rows,
        histories=[sequences.history(user, split) for user in users.tolist()],
    )
    movies = np.asarray(movie_vectors(weights, config, item_rows))
    places = {user: place for place, user in enumerate(users.tolist())}

    def score(part: Int64[np.ndarray, " n"]) -> Float[np.ndarray, "n m"]:
        return vectors[[places[user] for user in part.tolist()]] @ movies.T

    return evaluate(sequences, score, split, users)
