"""MovieLens-1M as sequences of movies, and its leave-one-out split.

The data may not be passed on: it is read from a path, and nothing of it is ever written.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64

SEQUENCES_FILE = "ml1m_chrono_sequences.txt.gz"
RATINGS_FILE = "ratings.dat"

Split = Literal["validation", "test"]


@dataclass(frozen=True)
class MovieSequences:
    """Every user's movies, oldest first, laid one after the other.

    movies: places in `movie_ids`. offsets: user u has movies[offsets[u] : offsets[u + 1]], at
    least 3 of them, no movie twice.
    """

    movie_ids: Int64[np.ndarray, " m"]
    user_ids: Int64[np.ndarray, " u"]
    movies: Int64[np.ndarray, " events"]
    offsets: Int64[np.ndarray, " u+1"]

    @property
    def users(self) -> int:
        """How many users there are."""
        return len(self.user_ids)

    @property
    def catalogue(self) -> int:
        """How many movies there are: all of them are ranked."""
        return len(self.movie_ids)

    def held_out(self, split: Split) -> int:
        """How many of a user's last movies a model may not see: 1 for test, 2 for validation."""
        return 1 if split == "test" else 2

    def history(self, user: int, split: Split) -> Int64[np.ndarray, " n"]:
        """What the user saw before the target of a split, oldest first."""
        end = self.offsets[user + 1] - self.held_out(split)
        return self.movies[self.offsets[user] : end]

    def targets(self, split: Split) -> Int64[np.ndarray, " u"]:
        """Every user's last movie (test), or the last but one (validation)."""
        return self.movies[self.offsets[1:] - self.held_out(split)]

    def seen(self, users: Int64[np.ndarray, " n"], split: Split) -> Bool[np.ndarray, "n m"]:
        """True where a movie is in the user's history: it is excluded from the ranking."""
        mask = np.zeros((len(users), self.catalogue), bool)
        for row, user in enumerate(users.tolist()):
            mask[row, self.history(user, split)] = True
        return mask


def _from_lists(user_ids: list[int], sequences: list[list[int]]) -> MovieSequences:
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    events = np.array([movie for sequence in sequences for movie in sequence], np.int64)
    movie_ids, movies = np.unique(events, return_inverse=True)
    return MovieSequences(
        movie_ids=movie_ids,
        user_ids=np.array(user_ids, np.int64),
        movies=movies.astype(np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )


def _read_sequences(file: Path) -> MovieSequences:
    user_ids: list[int] = []
    sequences: list[list[int]] = []
    with gzip.open(file, "rt", encoding="ascii") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                user, *movies = [int(field) for field in line.split()]
            except ValueError as error:
                raise ValueError(
                    f"{file}: line {number} must be `user movie movie ...`: {error}"
                ) from error
            if len(movies) < 3:
                raise ValueError(f"{file}: line {number} has {len(movies)} movies, needs 3")
            user_ids.append(user)
            sequences.append(movies)
    return _from_lists(user_ids, sequences)


def _read_ratings(file: Path) -> MovieSequences:
    """GroupLens's own file, `user::movie::rating::seconds`; equal seconds keep its order."""
    by_user: dict[int, list[tuple[int, int]]] = {}
    with file.open(encoding="ascii") as lines:
        for number, line in enumerate(lines, start=1):
            fields = line.strip().split("::")
            if len(fields) != 4:
                raise ValueError(f"{file}: line {number} must be `user::movie::rating::seconds`")
            user, movie, _, seconds = (int(field) for field in fields)
            by_user.setdefault(user, []).append((seconds, movie))
    sequences = [
        [movie for _, movie in sorted(events, key=lambda event: event[0])]
        for events in by_user.values()
    ]
    return _from_lists(list(by_user), sequences)


def read_movielens(directory: Path) -> MovieSequences:
    """The data set of a directory: our sequences file, or GroupLens's `ratings.dat`.

    Raises:
      ValueError: Neither file is there, or a line cannot be read; names the file and the line.
    """
    if (directory / SEQUENCES_FILE).is_file():
        return _read_sequences(directory / SEQUENCES_FILE)
    if (directory / RATINGS_FILE).is_file():
        return _read_ratings(directory / RATINGS_FILE)
    raise ValueError(f"{directory}: has neither {SEQUENCES_FILE} nor {RATINGS_FILE}")
