"""The trained model as the services run it: ids in, vectors of the engine, the index's search."""

import numpy as np
from jaxtyping import Float, Int64

from phoenix.bundle import History, ModelBundle
from phoenix.gen.actions import DISCRETE_COUNT
from phoenix.inference import InferenceEngine
from phoenix.public_data.movielens_data import MovieSequences, Split
from phoenix.public_data.movielens_loss import WATCHED
from phoenix.public_data.movielens_metrics import LeaveOneOut, evaluate
from phoenix.retrieval_index import IndexedPosts, RetrievalIndex


def history_of(movie_ids: Int64[np.ndarray, " n"]) -> History:
    """Movies as what a viewer did: each one a favorite on the home feed, no author, no times."""
    count = len(movie_ids)
    actions = np.zeros((count, DISCRETE_COUNT), np.float32)
    actions[:, WATCHED] = 1.0
    nothing = np.zeros(count, np.int64)
    return History(
        post_ids=movie_ids,
        author_ids=nothing,
        actions=actions,
        dwell_seconds=np.zeros(count, np.float32),
        surfaces=nothing,
        created_at_ms=nothing,
    )


class ServedMovies:
    """The catalogue in a retrieval index, and users as the engine embeds them."""

    def __init__(self, sequences: MovieSequences, bundle: ModelBundle) -> None:
        """Embeds the catalogue and fills the index."""
        self.sequences = sequences
        self.engine = InferenceEngine(bundle)
        nothing = np.zeros(sequences.catalogue, np.int64)
        self.movie_vectors = self.engine.embed_posts(sequences.movie_ids, nothing, nothing)
        self.index = RetrievalIndex(bundle.config.embedding_size)
        posts = IndexedPosts(sequences.movie_ids, nothing, nothing)
        self.index.upsert(posts, self.movie_vectors, now_ms=0)

    def user_vector(self, user: int, split: Split) -> Float[np.ndarray, " d"]:
        """The engine's vector after the user's history."""
        movies = self.sequences.movie_ids[self.sequences.history(user, split)]
        return self.engine.embed_user(int(self.sequences.user_ids[user]), history_of(movies))

    def scores(self, users: Int64[np.ndarray, " n"], split: Split) -> Float[np.ndarray, "n m"]:
        """The index's score of every movie, in the order of `movie_ids`."""
        scores = np.zeros((len(users), self.sequences.catalogue), np.float32)
        for row, user in enumerate(users.tolist()):
            found = self.index.search(
                self.user_vector(user, split),
                count=self.sequences.catalogue,
                posts_per_author_max=self.sequences.catalogue,
            )
            places = np.searchsorted(self.sequences.movie_ids, found.posts.post_ids)
            scores[row, places] = found.scores
        return scores


def evaluate_served(
    sequences: MovieSequences,
    bundle: ModelBundle,
    split: Split,
    users: Int64[np.ndarray, " n"] | None = None,
) -> LeaveOneOut:
    """HR@10 and NDCG@10 of what the services would find."""
    served = ServedMovies(sequences, bundle)
    return evaluate(sequences, lambda part: served.scores(part, split), split, users)
