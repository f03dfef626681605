"""The retrieval model while it trains on MovieLens-1M: vectors of all prefixes, and their loss."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from phoenix.array_types import Numeric
from phoenix.config import ModelConfig
from phoenix.public_data.byte_dropout import ByteDropout
from phoenix.public_data.causal_trunk import causal_trunk
from phoenix.public_data.full_softmax import full_softmax_loss
from phoenix.public_data.movielens_batches import MovieBatch
from phoenix.public_data.movielens_model import ITEM_TABLE, USER_TABLE
from phoenix.recsys_retrieval_model import candidate_representation, normalise
from phoenix.tokens import HistoryTokens, history_tokens, user_token
from phoenix.training.optimiser import Loss, TableRows, Weights
from phoenix.transformer import Dropout

_SCOPE = "phoenix_retrieval_model"
_TOKEN_SITE = 1_000
# Having seen a movie is a favorite (actions.json, 0): the one action that this data set knows.
WATCHED = 0


def catalogue_rows(
    weights: Weights, item_rows: Int[Numeric, "m h"]
) -> tuple[Float[Array, "m h d"], Float[Array, "m 1 d"]]:
    """Item rows of all movies, and their author rows, which are 0: movies have no author."""
    rows = weights[ITEM_TABLE][item_rows]
    return rows, jnp.zeros((rows.shape[0], 1, rows.shape[2]), jnp.float32)


def movie_tokens(
    weights: Weights, config: ModelConfig, item_rows: Int[Numeric, "m h"]
) -> Float[Array, "m d"]:
    """The history token of each movie: a step computes 3,706 of them and not one a slot."""
    rows, authors = catalogue_rows(weights, item_rows)
    count = rows.shape[0]
    actions = np.zeros((1, count, config.num_actions), np.float32)
    actions[:, :, WATCHED] = 1.0
    tokens = history_tokens(
        weights,
        config,
        scope=_SCOPE,
        history=HistoryTokens(
            post_rows=rows[None],
            author_rows=authors[None],
            actions=actions,
            surfaces=np.zeros((1, count), np.int32),
            dwell_seconds=np.zeros((1, count), np.float32),
            valid=np.ones((1, count), bool),
            item_scale=np.ones((1, count), np.float32),
        ),
    )
    return tokens[0]


def prefix_vectors(
    weights: Weights,
    config: ModelConfig,
    *,
    item_rows: Int[Numeric, "m h"],
    history: Int[Numeric, "b s"],
    dropout: Dropout | None,
) -> Float[Array, "b s+1 d"]:
    """The user's unit vector after 0, 1, ... s movies. Equal to the served one (a test)."""
    tokens = movie_tokens(weights, config, item_rows)[jnp.asarray(history)]
    user = user_token(weights, _SCOPE, weights[USER_TABLE][jnp.ones((1, 1), jnp.int32)])
    user = jnp.broadcast_to(user, (tokens.shape[0], 1, tokens.shape[2]))
    tokens = jnp.concatenate([user, tokens], axis=1)
    if dropout is not None:
        tokens = jnp.asarray(dropout.apply(tokens, _TOKEN_SITE))
    outputs = causal_trunk(weights, config, tokens, dropout)
    return normalise(outputs)[0]


def movie_vectors(
    weights: Weights, config: ModelConfig, item_rows: Int[Numeric, "m h"]
) -> Float[Array, "m d"]:
    """Unit vectors of the whole catalogue, from the candidate tower."""
    rows, authors = catalogue_rows(weights, item_rows)
    vectors = candidate_representation(weights, config, post_rows=rows, author_rows=authors)
    return jnp.asarray(vectors)


def movie_loss(
    config: ModelConfig,
    item_rows: Int[Numeric, "m h"],
    *,
    dropout_rate: float,
    temperature: float,
) -> Loss:
    """Mean over positions of -log softmax(cosine / temperature) over the whole catalogue."""

    def loss(
        weights: Weights, rows: TableRows, batch: MovieBatch, key: Array
    ) -> tuple[Array, dict[str, Array]]:
        del rows
        dropout = ByteDropout(dropout_rate, key) if dropout_rate > 0 else None
        users = prefix_vectors(
            weights, config, item_rows=item_rows, history=batch.history, dropout=dropout
        )
        total = full_softmax_loss(
            users.reshape(-1, users.shape[-1]),
            movie_vectors(weights, config, item_rows),
            batch.targets.reshape(-1, batch.targets.shape[2]),
            batch.weights.reshape(-1, batch.targets.shape[2]),
            temperature,
        )
        return jnp.asarray(total) / jnp.maximum(jnp.sum(batch.weights), 1.0), {}

    return loss
