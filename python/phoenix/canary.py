"""The last check of a model before it answers: a few requests whose answers are known or bounded.

A file may be whole and its hash right, and the model wrong all the same: trained to NaN, written
by other code than ours, or with biases that lost their meaning.
"""

from collections.abc import Iterable, Mapping, Sequence

import jax
import numpy as np
from jaxtyping import Float

from phoenix.action_order import action_order
from phoenix.bundle import ModelBundle
from phoenix.canary_sample import Sample, SampleAnswer, SampleRequest, made_up_requests
from phoenix.checkpoint_config import CheckpointError, Manifest
from phoenix.config import DWELL_SECONDS_MAX
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.inference import InferenceEngine

_NAMES = [action.name for action in ACTIONS[:DISCRETE_COUNT]]
# Another processor sums in another order: 1e-6 apart at most. A GPU, and bfloat16, multiply in
# fewer bits.
_DIFFERENCE_MAX = 1e-4
_DIFFERENCE_MAX_INEXACT = 2e-2
# The mean prediction of an action lies within this factor of how often people did it. A guess:
# the sample's few viewers are not the average, but a model gone wrong is off by far more.
_CALIBRATION_FACTOR = 5.0
# Actions as rare as this are not told apart.
_CALIBRATION_SLACK = 0.005
_LENGTH_TOLERANCE = 1e-3


def record_sample(
    ranker: ModelBundle, retrieval: ModelBundle, requests: Sequence[SampleRequest]
) -> Sample:
    """The answers of both models.

    Raises:
      CheckpointError: An answer is not finite or not in its range.
    """
    ranking, searching = InferenceEngine(ranker), InferenceEngine(retrieval)
    ranked = [_ranked(ranking, request) for request in requests]
    found = [_retrieved(searching, request) for request in requests]
    answers = [SampleAnswer(*rank, *retrieve) for rank, retrieve in zip(ranked, found, strict=True)]
    return Sample(tuple(requests), tuple(answers))


def check_ranker(
    engine: InferenceEngine, manifest: Manifest | None, *, is_exact: bool = True
) -> None:
    """Asks a ranking model the sample's requests, or made-up ones where there is no sample.

    Args:
      engine: The model.
      manifest: Its manifest; None for the published layout.
      is_exact: False for an engine that computes in half precision.

    Raises:
      CheckpointError: An answer is not finite, not in its range, not what the sample says, or far
        from the base rates; names the key, expected and found.
    """
    requests, sample = _requests(manifest)
    limit = _difference_max(is_exact=is_exact)
    answers = [_ranked(engine, request) for request in requests]
    for place, expected in enumerate(() if sample is None else sample.answers):
        probabilities, dwell_seconds = answers[place]
        key = f"sample[{place}]"
        _require_equal(f"{key}.probabilities", probabilities, expected.probabilities, limit=limit)
        _require_equal(
            f"{key}.dwell_seconds",
            dwell_seconds,
            expected.dwell_seconds,
            limit=limit * DWELL_SECONDS_MAX,
        )
    if manifest is not None and manifest.base_rates is not None:
        _require_calibrated([probabilities for probabilities, _ in answers], manifest.base_rates)


def check_retrieval(
    engine: InferenceEngine, manifest: Manifest | None, *, is_exact: bool = True
) -> None:
    """The same for a retrieval model: unit vectors, and the sample's."""
    requests, sample = _requests(manifest)
    limit = _difference_max(is_exact=is_exact)
    answers = [_retrieved(engine, request) for request in requests]
    for place, expected in enumerate(() if sample is None else sample.answers):
        user_vector, similarities = answers[place]
        key = f"sample[{place}]"
        _require_equal(f"{key}.user_vector", user_vector, expected.user_vector, limit=limit)
        _require_equal(f"{key}.similarities", similarities, expected.similarities, limit=limit)


def _requests(manifest: Manifest | None) -> tuple[Sequence[SampleRequest], Sample | None]:
    if manifest is not None and manifest.sample is not None:
        return manifest.sample.requests, manifest.sample
    return made_up_requests(0 if manifest is None else manifest.provenance.data_range_ms[1]), None


def _ranked(
    engine: InferenceEngine, request: SampleRequest
) -> tuple[Float[np.ndarray, "c v"], Float[np.ndarray, " c"]]:
    probabilities, seconds = engine.rank(
        user_id=request.user_id,
        history=request.history,
        candidates=request.candidates,
        request_time_ms=request.request_time_ms,
    )
    heads = np.array(action_order(engine.config.num_actions).columns) >= 0
    known = probabilities[:, heads]
    _require_within("probabilities", known, (0.0, 1.0))
    if ((known == 0) | (known == 1)).all():
        raise CheckpointError("canary: probabilities: expected some between, found 0 and 1 only")
    if seconds is None:
        seconds = np.full(probabilities.shape[0], np.nan, np.float32)
    else:
        _require_within("dwell_seconds", seconds, (0.0, DWELL_SECONDS_MAX))
    return probabilities.astype(np.float32, copy=False), seconds.astype(np.float32, copy=False)


def _retrieved(
    engine: InferenceEngine, request: SampleRequest
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " c"]]:
    posts = request.candidates
    user_vector = engine.embed_user(request.user_id, request.history)
    post_vectors = engine.embed_posts(posts.post_ids, posts.author_ids, posts.created_at_ms)
    for name, vectors in (("user_vector", user_vector[None]), ("post_vectors", post_vectors)):
        _require_within(
            f"{name} (length)",
            np.linalg.norm(vectors, axis=1),
            (1 - _LENGTH_TOLERANCE, 1 + _LENGTH_TOLERANCE),
        )
    return user_vector, post_vectors @ user_vector


def _require_within(
    what: str, values: Float[np.ndarray, "..."], bounds: tuple[float, float]
) -> None:
    # Not `any(value < low)`: NaN must fail too.
    wrong = ~((values >= bounds[0]) & (values <= bounds[1]))
    if wrong.any():
        raise CheckpointError(
            f"canary: {what}: expected {bounds[0]:g} to {bounds[1]:g}, "
            f"found {values[wrong].flat[0]:g}"
        )


def _difference_max(*, is_exact: bool) -> float:
    is_exact = is_exact and jax.default_backend() == "cpu"
    return _DIFFERENCE_MAX if is_exact else _DIFFERENCE_MAX_INEXACT


def _require_equal(
    key: str,
    found: Float[np.ndarray, "..."],
    expected: Float[np.ndarray, "..."],
    *,
    limit: float,
) -> None:
    if found.shape != expected.shape:
        raise CheckpointError(
            f"manifest.json: key {key}: expected shape {expected.shape}, found {found.shape}"
        )
    wrong = ~np.isclose(found, expected, rtol=0.0, atol=limit, equal_nan=True)
    if wrong.any():
        first = tuple(int(axis) for axis in np.argwhere(wrong)[0])
        raise CheckpointError(
            f"manifest.json: key {key}{list(first)}: expected {expected[first]:.6f}, "
            f"found {found[first]:.6f}"
        )


def _require_calibrated(
    answers: Iterable[Float[np.ndarray, "c v"]], base_rates: Mapping[str, float]
) -> None:
    means = np.concatenate(list(answers)).mean(axis=0)
    for name, rate in base_rates.items():
        mean = float(means[_NAMES.index(name)])
        low = rate / _CALIBRATION_FACTOR - _CALIBRATION_SLACK
        high = rate * _CALIBRATION_FACTOR + _CALIBRATION_SLACK
        # A head that the model lacks is NaN, and promises nothing.
        if mean < low or mean > high:
            raise CheckpointError(
                f"manifest.json: key base_rates.{name}: expected a mean prediction from "
                f"{max(low, 0.0):.4f} to {high:.4f}, found {mean:.4f}"
            )
