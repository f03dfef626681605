"""What the follows say of a taste: coordinates of viewers and authors by who follows whom.

Who was shown an author because they follow them is in the log, whatever came of it. A follow is
worth many impressions: people follow what they like to read, and two authors with the same
followers write about the same things. The leading directions of the normalised follow matrix
(rows and columns divided by the roots of their sums) are such shared tastes; factorise.py takes
them as what is known of a viewer or an author before any impression of theirs.

Source: Hofmann's aspects, as spectral co-clustering has them: Dhillon, "Co-clustering documents
and words using bipartite spectral graph partitioning", 2001; the damped degrees: Qin, Rohe,
"Regularized spectral clustering under the degree-corrected stochastic blockmodel", 2013.
"""

import numpy as np
from jaxtyping import Float64, Int64
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import svds


def follow_coordinates(
    viewer: Int64[np.ndarray, " n"],
    author: Int64[np.ndarray, " n"],
    *,
    shape: tuple[int, int],
    size: int,
) -> tuple[Float64[np.ndarray, "v k"], Float64[np.ndarray, "a k"]]:
    """Coordinates of all viewers and authors, deviation 1 each, and a last column of 1.

    Args:
      viewer: Numbers of viewers who follow. A pair counts once, however often it occurs.
      author: Whom they follow.
      shape: Numbers of viewers and of authors.
      size: Coordinates; fewer where the matrix has fewer, none where nobody follows.
    """
    pair = np.unique(viewer * shape[1] + author)
    size = min(size, min(shape) - 1)
    ones = [np.ones((count, 1)) for count in shape]
    if not len(pair) or size < 1:
        return ones[0], ones[1]
    follows = csr_matrix((np.ones(len(pair)), (pair // shape[1], pair % shape[1])), shape=shape)
    scale = []
    for axis in (1, 0):
        degree = np.asarray(follows.sum(axis=axis), np.float64).ravel()
        scale.append(1.0 / np.sqrt(degree + degree.mean()))
    start = np.random.default_rng(0).normal(size=min(shape))
    left, _, right = svds(diags(scale[0]) @ follows @ diags(scale[1]), k=size, v0=start)
    assert left is not None
    assert right is not None
    sides = []
    for vectors, by, one in ((left, scale[0], ones[0]), (right.T, scale[1], ones[1])):
        # Back from the normalised matrix: who follows twice as many is not twice as keen.
        coordinates = vectors * by[:, None]
        deviation = np.maximum(coordinates.std(axis=0), np.finfo(np.float64).tiny)
        sides.append(np.c_[coordinates / deviation, one])
    return sides[0], sides[1]
