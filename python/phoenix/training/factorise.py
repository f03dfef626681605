"""Where the rows of viewers and authors start from: factors of how they get along.

A row of an embedding table is touched a few dozen times in a whole training run, far too seldom
to find from noise what a viewer has in common with an author. A matrix factorisation finds it in
seconds: interest(viewer, author) = viewer bias + author bias + viewer factors . author factors,
fitted to a plain measure of how an impression went. Training then learns what to make of it.

Two things make it better than alternating ridge regressions (DECISIONS.md has the figures):
    uncertainty   each side is solved with the covariance of the other, and the priors and the
                  noise are learnt, so a person of whom little is known stays near the mean
    one person    who reads writes too: an author's prior mean is a linear function of the factors
                  that the same id has as a viewer

Source: Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems", 2009;
Lim, Teh, "Variational Bayesian approach to movie rating prediction", 2007.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.sparse import csr_matrix

from phoenix.training.viewer_sequences import IN_NETWORK, Impressions, ViewerSequences

_NEGATIVE_FROM = 14
_POSITIVE_COUNT_MAX = 3
_POSITIVE_SHARE = 0.5
_FOLLOWED_SHARE = 0.5
_START_SPREAD = 0.3
_START_PRECISION = 3.0
_START_NOISE = 0.7
# The priors are learnt from this round on: the first factors are still the random start.
_LEARN_PRIORS_FROM = 3
# So many people on both sides, for each component, make a regression of one on the other.
_LINKED_A_COMPONENT = 10
_TINY = 1e-6


@dataclass(frozen=True)
class Factors:
    """Factors by entity: ids ascending, one vector each, the bias as the last component."""

    viewer_ids: Int64[np.ndarray, " v"]
    author_ids: Int64[np.ndarray, " a"]
    viewer: Float64[np.ndarray, "v k"]
    author: Float64[np.ndarray, "a k"]


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / max(float(values.std()), 1e-9)


def impression_response(impressions: Impressions) -> Float64[np.ndarray, " n"]:
    """How well each impression went: log dwell and positive actions, mean 0, deviation 1.

    Dwell of 0 is not known and stands for the mean.
    """
    known = impressions.dwell_seconds > 0
    dwell = np.log(np.where(known, impressions.dwell_seconds, np.float32(1)).astype(np.float64))
    dwell = np.where(known, dwell, dwell[known].mean() if known.any() else 0.0)
    done = impressions.outcomes[:, :_NEGATIVE_FROM].sum(axis=1).clip(0, _POSITIVE_COUNT_MAX)
    return _standard(_standard(dwell) + _POSITIVE_SHARE * _standard(done.astype(np.float64)))


class _Side:
    """The viewers, or the authors: vectors [factors, own bias, 1] and their covariances.

    A viewer's last two components are its bias and 1, an author's 1 and its bias, so that the
    product of two vectors is the whole prediction.
    """

    def __init__(self, vectors: np.ndarray, one: int, pairs: csr_matrix, responses: csr_matrix):
        """one: the component that is 1. pairs, responses: count and sum of each pair."""
        count, width = vectors.shape
        self.mean, self.one, self.pairs, self.responses = vectors, one, pairs, responses
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

    def own_mean(self) -> Float64[np.ndarray, "n k"]:
        return np.tile(self.mean[:, self.free].mean(axis=0), (len(self.mean), 1))


def _mean_by_person(authors: _Side, viewers: _Side, viewer_of: np.ndarray) -> np.ndarray:
    """Prior means of authors: a regression on the vectors of the same people as viewers.

    viewer_of: number of the viewer that is the same person, -1 for none.
    """
    means, both = authors.own_mean(), viewer_of >= 0
    known = viewers.mean[viewer_of[both]]
    if len(known) >= _LINKED_A_COMPONENT * known.shape[1]:
        ridge = known.T @ known + np.eye(known.shape[1])
        means[both] = known @ np.linalg.solve(ridge, known.T @ authors.mean[both][:, authors.free])
    return means


def _noise(viewers: _Side, authors: _Side, squares: float) -> float:
    """Variance of the responses around the prediction, uncertainty of the vectors included."""
    explained = ((viewers.responses @ authors.mean) * viewers.mean).sum()
    expected = ((viewers.pairs @ authors.second_moments()) * viewers.second_moments()).sum()
    return float((squares - 2.0 * explained + expected) / viewers.pairs.sum())


def _balanced(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors with the same products, whose second moments are diagonal and equal on both sides."""

    def root(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, axes = np.linalg.eigh(vectors.T @ vectors / len(vectors))
        values = np.sqrt(values.clip(_TINY**2))
        return axes * values @ axes.T, axes / values @ axes.T

    (left_root, left_inverse), (right_root, right_inverse) = root(left), root(right)
    first, strength, second = np.linalg.svd(left_root @ right_root)
    scale = np.sqrt(strength)
    return left @ left_inverse @ first * scale, right @ right_inverse @ second.T * scale


def factorise(sequences: ViewerSequences, *, size: int, rounds: int, seed: int) -> Factors:
    """Factorises all impressions. O(rounds x pairs x size^2), memory O(entities x size^2).

    Args:
      sequences: The training log.
      size: Components of a vector, the bias included.
      rounds: How often each side is solved.
      seed: Of the start.
    """
    shown = sequences.impressions
    viewer = np.repeat(np.arange(len(sequences.viewer_ids)), np.diff(shown.offsets))
    author_ids, author = np.unique(shown.author_ids, return_inverse=True)
    pair = viewer * len(author_ids) + author
    followed = np.isin(pair, np.unique(pair[shown.sources == IN_NETWORK]))
    response = _standard(impression_response(shown) + _FOLLOWED_SHARE * followed)
    shape, inner = (len(sequences.viewer_ids), len(author_ids)), size - 1
    pairs = csr_matrix((np.ones(len(pair)), (viewer, author)), shape=shape)
    responses = csr_matrix((response, (viewer, author)), shape=shape)
    random = np.random.default_rng(seed)
    start = np.zeros((shape[1], size + 1))
    start[:, :inner] = _START_SPREAD * random.normal(size=(shape[1], inner))
    viewers = _Side(np.zeros((shape[0], size + 1)), inner + 1, pairs, responses)
    authors = _Side(start, inner, pairs.T.tocsr(), responses.T.tocsr())
    place = np.minimum(np.searchsorted(sequences.viewer_ids, author_ids), shape[0] - 1)
    viewer_of = np.where(sequences.viewer_ids[place] == author_ids, place, -1)
    noise = _START_NOISE
    for number in range(rounds):
        viewers.solve(authors, noise)
        if number >= _LEARN_PRIORS_FROM:
            viewers.learn_prior(viewers.own_mean())
        authors.solve(viewers, noise)
        if number >= _LEARN_PRIORS_FROM:
            authors.learn_prior(_mean_by_person(authors, viewers, viewer_of))
        noise = _noise(viewers, authors, float(response @ response))
    of_viewer, of_author = _balanced(viewers.mean[:, :inner], authors.mean[:, :inner])
    return Factors(
        sequences.viewer_ids,
        author_ids,
        np.c_[of_viewer, viewers.mean[:, inner]],
        np.c_[of_author, authors.mean[:, inner + 1]],
    )
