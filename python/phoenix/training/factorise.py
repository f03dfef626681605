"""Where the rows of viewers and authors start from: factors of how they get along.

A row of an embedding table is touched a few dozen times in a whole training run, far too seldom
to find from noise what a viewer has in common with an author. A matrix factorisation finds it in
seconds: interest(viewer, author) = viewer bias + author bias + viewer factors . author factors,
fitted to a plain measure of how an impression went. Training then learns what to make of it.

Three things make it better than alternating ridge regressions (DECISIONS.md has the figures):
    uncertainty   each side is solved with the covariance of the other, and the priors and the
                  noise are learnt, so a person of whom little is known stays near the mean
    follows       the prior mean of a vector is a linear function of the coordinates that the
                  follows give the same id (followed_authors.py)
    one person    who reads writes too: an author's prior mean is also linear in the vector that
                  the same id has as a viewer

Source: Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems", 2009;
Lim, Teh, "Variational Bayesian approach to movie rating prediction", 2007; Agarwal, Chen,
"Regression-based latent factor models", 2009.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.sparse import csr_matrix

from phoenix.training.author_habits import AuthorDeeds, habit_axes, habit_deviations
from phoenix.training.followed_authors import follow_coordinates
from phoenix.training.viewer_sequences import IN_NETWORK, Impressions, ViewerSequences

_NEGATIVE_FROM = 14
_POSITIVE_COUNT_MAX = 3
_POSITIVE_SHARE = 0.5
_START_SPREAD = 0.3
_START_PRECISION = 3.0
_START_NOISE = 0.7
_ROUNDS_FOR_ALL = 2
_TINY = 1e-6


@dataclass(frozen=True)
class Factors:
    """Factors by entity: ids ascending, one vector each, the bias as the last component.

    habit: of authors, see author_habits.py.
    """

    viewer_ids: Int64[np.ndarray, " v"]
    author_ids: Int64[np.ndarray, " a"]
    viewer: Float64[np.ndarray, "v k"]
    author: Float64[np.ndarray, "a k"]
    habit: Float64[np.ndarray, "a h"]


@dataclass(frozen=True)
class SplitFactors:
    """Factors in one basis: of the impressions before a moment, and of all of them.

    What is fitted to the impressions behind the moment must see the earlier ones: the other have
    seen the outcomes that are to be explained, and would be trusted too much.
    """

    earlier: Factors
    all: Factors


def impression_response(
    impressions: Impressions, part: Bool[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """How well each impression went: log dwell and positive actions.

    Mean 0 and deviation 1 over the part, which alone decides the scale. Dwell of 0 is not known
    and stands for the mean.
    """

    def standard(values: np.ndarray) -> np.ndarray:
        known = values[part]
        return (values - known.mean()) / max(float(known.std()), 1e-9)

    known = impressions.dwell_seconds > 0
    dwell = np.log(np.where(known, impressions.dwell_seconds, np.float32(1)).astype(np.float64))
    measured = known & part
    dwell = np.where(known, dwell, dwell[measured].mean() if measured.any() else 0.0)
    done = impressions.outcomes[:, :_NEGATIVE_FROM].sum(axis=1).clip(0, _POSITIVE_COUNT_MAX)
    return standard(standard(dwell) + _POSITIVE_SHARE * standard(done.astype(np.float64)))


class _Side:
    """The viewers, or the authors: vectors [factors, own bias, 1] and their covariances.

    A viewer's last two components are its bias and 1, an author's 1 and its bias, so that the
    product of two vectors is the whole prediction.
    """

    # Count and sum of the responses of each pair.
    pairs: csr_matrix
    responses: csr_matrix

    def __init__(self, vectors: np.ndarray, one: int) -> None:
        """one: the component that is 1."""
        count, width = vectors.shape
        self.mean, self.one = vectors, one
        self.mean[:, one] = 1.0
        self.free = np.delete(np.arange(width), one)
        self.covariance = np.zeros((count, width, width))
        self.prior_mean = np.zeros((1, width - 1))
        self.precision = _START_PRECISION * np.eye(width - 1)

    def second_moments(self) -> Float64[np.ndarray, "n k_k"]:
        outer = self.mean[:, :, None] * self.mean[:, None, :]
        return (self.covariance + outer).reshape(len(self.mean), -1)

    def solve(self, other: "_Side", noise: float) -> None:
        """The posterior of every vector, given the other side's."""
        width, free = self.mean.shape[1], self.free
        gram = (self.pairs @ other.second_moments()).reshape(-1, width, width) / noise
        right = (self.responses @ other.mean)[:, free] / noise - gram[:, free, self.one]
        right = right + self.prior_mean @ self.precision
        covariance = np.linalg.inv(self.precision + gram[:, free[:, None], free[None]])
        self.mean[:, free] = np.einsum("nij,nj->ni", covariance, right)
        self.covariance[:, free[:, None], free[None]] = covariance

    def learn_prior(self, mean: Float64[np.ndarray, "n k"]) -> None:
        """Precision around the prior means of all vectors: what is left of them, on average."""
        free = self.free
        rest = self.mean[:, free] - mean
        spread = self.covariance[:, free[:, None], free[None]].sum(axis=0) + rest.T @ rest
        self.prior_mean = mean
        self.precision = np.linalg.inv(spread / len(rest) + _TINY * np.eye(len(free)))


def _regressed(side: _Side, known: Float64[np.ndarray, "n f"]) -> Float64[np.ndarray, "n k"]:
    """Prior means: a ridge regression of the vectors on what else is known of each."""
    ridge = known.T @ known + np.eye(known.shape[1])
    return known @ np.linalg.solve(ridge, known.T @ side.mean[:, side.free])


def _with_person(
    known: Float64[np.ndarray, "a f"], viewers: _Side, viewer_of: Int64[np.ndarray, " a"]
) -> Float64[np.ndarray, "a f_k"]:
    """What is known of authors, and what the same people are as viewers, 0 for the others.

    viewer_of: number of the viewer that is the same person, -1 for none.
    """
    same = (viewer_of >= 0)[:, None]
    return np.c_[known, np.where(same, viewers.mean[viewer_of][:, viewers.free], 0.0), same]


def _noise(viewers: _Side, authors: _Side, squares: float) -> float:
    """Variance of the responses around the prediction, uncertainty of the vectors included."""
    explained = ((viewers.responses @ authors.mean) * viewers.mean).sum()
    expected = ((viewers.pairs @ authors.second_moments()) * viewers.second_moments()).sum()
    return float((squares - 2.0 * explained + expected) / viewers.pairs.sum())


def _balance(
    left: Float64[np.ndarray, "v k"], right: Float64[np.ndarray, "a k"]
) -> tuple[Float64[np.ndarray, "k k"], Float64[np.ndarray, "k k"]]:
    """Changes of basis that keep the products and make both sides' second moments one diagonal."""

    def root(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, axes = np.linalg.eigh(vectors.T @ vectors / len(vectors))
        values = np.sqrt(values.clip(_TINY**2))
        return axes * values @ axes.T, axes / values @ axes.T

    (left_root, left_inverse), (right_root, right_inverse) = root(left), root(right)
    first, strength, second = np.linalg.svd(left_root @ right_root)
    scale = np.sqrt(strength)
    return left_inverse @ first * scale, right_inverse @ second.T * scale


class _Factorisation:
    """Both sides and the noise, improved round by round on a part of the impressions."""

    def __init__(
        self, sequences: ViewerSequences, first: Bool[np.ndarray, " n"], *, size: int, seed: int
    ) -> None:
        """first: the part that is factorised first; it decides the scale of the responses."""
        shown = sequences.impressions
        self.sequences, self.inner = sequences, size - 1
        self.viewer = np.repeat(np.arange(len(sequences.viewer_ids)), np.diff(shown.offsets))
        self.author_ids, self.author = np.unique(shown.author_ids, return_inverse=True)
        self.response = impression_response(shown, first)
        self.shape = (len(sequences.viewer_ids), len(self.author_ids))
        place = np.searchsorted(sequences.viewer_ids, self.author_ids).clip(max=self.shape[0] - 1)
        same = sequences.viewer_ids[place] == self.author_ids
        self.viewer_of = np.where(same, place, -1)
        random = np.random.default_rng(seed)
        author = np.zeros((self.shape[1], size + 1))
        author[:, : self.inner] = _START_SPREAD * random.normal(size=(self.shape[1], self.inner))
        self.viewers = _Side(np.zeros((self.shape[0], size + 1)), self.inner + 1)
        self.authors = _Side(author, self.inner)
        self.noise = _START_NOISE
        self.balance: tuple[np.ndarray, np.ndarray] | None = None
        self.axes = np.zeros((0, 0))

    def improve(self, part: Bool[np.ndarray, " n"], rounds: int) -> None:
        """Solves each side so many times for a part of the impressions."""
        viewer, author, response = self.viewer[part], self.author[part], self.response[part]
        pairs = csr_matrix((np.ones(len(viewer)), (viewer, author)), shape=self.shape)
        responses = csr_matrix((response, (viewer, author)), shape=self.shape)
        viewers, authors = self.viewers, self.authors
        viewers.pairs, viewers.responses = pairs, responses
        authors.pairs, authors.responses = pairs.T.tocsr(), responses.T.tocsr()
        followed = self.sequences.impressions.sources[part] == IN_NETWORK
        of_viewer, of_author = follow_coordinates(
            viewer[followed], author[followed], shape=self.shape, size=self.inner
        )
        if self.balance is None:
            # The shared tastes are a better start than chance.
            found = of_author.shape[1] - 1
            authors.mean[:, :found] = _START_SPREAD * of_author[:, :-1]
        for _ in range(rounds):
            viewers.solve(authors, self.noise)
            viewers.learn_prior(_regressed(viewers, of_viewer))
            authors.solve(viewers, self.noise)
            known = _with_person(of_author, viewers, self.viewer_of)
            authors.learn_prior(_regressed(authors, known))
            self.noise = _noise(viewers, authors, float(response @ response))

    def factors(self, part: Bool[np.ndarray, " n"]) -> Factors:
        """The vectors as they are, and habits by the part, in the basis of the first call."""
        viewer, author = self.viewers.mean, self.authors.mean
        free = slice(0, self.inner)
        of_viewer, of_author = self.viewer[part], self.author[part]
        liking = np.einsum("nk,nk->n", viewer[of_viewer], author[of_author])
        outcomes = self.sequences.impressions.outcomes[part]
        deviations = habit_deviations(AuthorDeeds(of_author, liking, outcomes), self.shape[1])
        if self.balance is None:
            self.balance = _balance(viewer[:, free], author[:, free])
            self.axes = habit_axes(deviations, outcomes)
        return Factors(
            viewer_ids=self.sequences.viewer_ids,
            author_ids=self.author_ids,
            viewer=np.c_[viewer[:, free] @ self.balance[0], viewer[:, self.inner]],
            author=np.c_[author[:, free] @ self.balance[1], author[:, self.inner + 1]],
            habit=deviations @ self.axes,
        )


def factorise(
    sequences: ViewerSequences, *, size: int, rounds: int, seed: int, until_ms: int
) -> SplitFactors:
    """Factorises the impressions before a moment, then goes on from there with all of them.

    O(rounds x pairs x size^2), memory O(entities x size^2).

    Args:
      sequences: The training log.
      size: Components of a vector, the bias included.
      rounds: How often each side is solved before the moment.
      seed: Of the start.
      until_ms: The moment, of the requests; where nothing was asked before it, both are the same.
    """
    before = sequences.impressions.request_ms < until_ms
    everything = np.ones(len(before), bool)
    if not before.any():
        before = everything
    work = _Factorisation(sequences, before, size=size, seed=seed)
    work.improve(before, rounds)
    earlier = work.factors(before)
    if not before.all():
        work.improve(everything, _ROUNDS_FOR_ALL)
    return SplitFactors(earlier, work.factors(everything))
