"""Serving computes what the model is, whatever the chunking, padding, order and company.

References are the golden vectors of the published code, and `recsys_model.rank`, the plain form
that training differentiates.
"""

import dataclasses
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from phoenix.bundle import Candidates
from phoenix.candidate_projection import CandidateProjection
from phoenix.config import PositionScheme
from phoenix.golden import (
    GoldenDirectory,
    golden_candidates,
    golden_config,
    golden_engine,
    golden_history,
    read_golden,
)
from phoenix.inference import InferenceEngine
from phoenix.padding import chunk_sizes, chunks_of
from phoenix.recsys_model import RankerOutputs, rank
from phoenix.soft_cap import capped_exponential
from phoenix.tokens import CandidateTokens, HistoryTokens
from tests.random_models import (
    event_history,
    id_candidates,
    random_bundle,
    random_candidates,
    random_history,
    random_user_rows,
    small_config,
)

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden"
TOLERANCE = 1e-5
NOW_MS = 1_000_000

_rank = jax.jit(rank, static_argnames="config")


def _require_equal(found: np.ndarray, expected: np.ndarray) -> None:
    """Within 1e-5 of the largest value."""
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()


def _longer(history: HistoryTokens, padding: int) -> HistoryTokens:
    def pad(column: np.ndarray) -> np.ndarray:
        return np.pad(column, [(0, 0), (0, padding)] + [(0, 0)] * (column.ndim - 2))

    return jax.tree.map(pad, history)


def _of_viewer(tokens: HistoryTokens, row: int) -> HistoryTokens:
    return jax.tree.map(lambda column: column[row : row + 1], tokens)


def _some(tokens: CandidateTokens, row: int, chosen: np.ndarray, length: int) -> CandidateTokens:
    """Some candidates of one viewer in the order given, padded behind."""

    def pick(column: np.ndarray) -> np.ndarray:
        picked = column[row : row + 1, chosen]
        width = [(0, 0), (0, length - len(chosen))] + [(0, 0)] * (column.ndim - 2)
        return np.pad(picked, width)

    return jax.tree.map(pick, tokens)


def _scored_in_pieces(
    golden: GoldenDirectory, engine: InferenceEngine, row: int, seed: int
) -> dict[str, np.ndarray]:
    """One viewer's outputs from random pieces of a random order, everything padded at random."""
    random = np.random.default_rng(seed)
    config = engine.config
    history = _of_viewer(golden_history(golden, dwell=config.continuous), row)
    prefix = engine.encode_prefix(
        user_rows=golden.inputs["user_table"][golden.inputs["user_hashes"]][row : row + 1],
        history=_longer(history, int(random.choice([0, 7]))),
    )
    candidates = golden_candidates(golden, config, age=config.continuous)
    count = int(golden.valid("candidates_valid", golden.size("C"))[row].sum())
    order = random.permutation(count)
    cut = int(random.integers(1, count))
    found: dict[str, np.ndarray] = {}
    for piece in (order[:cut], order[cut:]):
        tokens = _some(candidates, row, piece, int(random.choice([8, 11])))
        outputs = engine.score_candidates(prefix=prefix, candidates=tokens)
        for name in ("logits", "probabilities", "continuous"):
            values = getattr(outputs, name)
            if values is not None:
                part = np.asarray(values)[0, : len(piece)]
                empty = np.zeros((count, part.shape[1]), np.float32)
                found.setdefault(name, empty)[piece] = part
    return found


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["v2", "v2-grouped"])
def test_golden_vectors_hold_in_any_pieces_order_padding_and_company(name: str, seed: int) -> None:
    golden = read_golden(GOLDEN / name)
    valid = golden.valid("history_valid", golden.size("S"))
    config = golden_config(golden, "ranker")
    for row in range(golden.size("B")):
        schemes: list[PositionScheme] = ["right_anchored"]
        if valid[row].all():
            # Beside a full history the two schemes are one.
            schemes.append("compact")
        for positions in schemes:
            engine = golden_engine(
                golden, dataclasses.replace(config, positions=positions), "ranker"
            )
            found = _scored_in_pieces(golden, engine, row, seed)
            assert found.keys() == {"logits", "probabilities", "continuous"}
            for output, values in found.items():
                expected = golden.outputs[f"ranker_right_anchored_{output}"][row]
                _require_equal(values, expected[: values.shape[0]])


@pytest.mark.parametrize("name", ["v1", "v2", "v2-grouped"])
def test_golden_slots_hold_in_pieces_that_say_where_they_begin(name: str) -> None:
    golden = read_golden(GOLDEN / name)
    config = golden_config(golden, "ranker")
    engine = golden_engine(golden, config, "ranker")
    prefix = engine.encode_prefix(
        user_rows=golden.inputs["user_table"][golden.inputs["user_hashes"]],
        history=golden_history(golden, dwell=config.continuous),
    )
    candidates = golden_candidates(golden, config, age=config.continuous)
    valid = golden.valid("candidates_valid", golden.size("C"))
    for first, last in [(0, 3), (3, golden.size("C"))]:
        piece = jax.tree.map(lambda column, a=first, b=last: column[:, a:b], candidates)
        outputs = engine.score_candidates(prefix=prefix, candidates=piece, first=first)
        kept = valid[:, first:last]
        expected = golden.outputs["ranker_logits"][:, first:last]
        _require_equal(np.asarray(outputs.logits)[kept], expected[kept])


def _plain(
    engine: InferenceEngine, history: HistoryTokens, candidates: CandidateTokens
) -> RankerOutputs:
    return _rank(
        engine.bundle.parameters,
        engine.config,
        user_rows=random_user_rows(engine.config, history.valid.shape[0]),
        history=history,
        candidates=candidates,
    )


SHAPES = [
    small_config(),
    small_config(query_heads=6, key_value_heads=1, layers=3, num_actions=19, continuous=False),
    small_config(query_heads=2, dwell_and_age=False, item_hashes=3, dwell_log_scale=True),
    small_config(layers=1, user_hashes=1, author_hashes=1),
]


@pytest.mark.parametrize(
    ("shape", "length", "positions"),
    [
        # Longer than a block of causal attention.
        (0, 300, "compact"),
        (3, 140, "right_anchored"),
        (1, 40, "slot"),
        (2, 40, "compact"),
        (2, 1, "right_anchored"),
    ],
)
def test_batches_of_random_models_equal_the_plain_form(
    shape: int, length: int, positions: PositionScheme
) -> None:
    config = dataclasses.replace(SHAPES[shape], positions=positions, history_length=length)
    engine = InferenceEngine(random_bundle("ranker", config, seed=shape))
    # Holes anywhere; the second viewer's history is empty.
    valid = np.random.default_rng(shape).random((3, length)) < 0.7
    valid[1] = False
    history = random_history(config, valid)
    candidates = random_candidates(config, 3, 11)
    prefix = engine.encode_prefix(user_rows=random_user_rows(config, 3), history=history)
    found = engine.score_candidates(prefix=prefix, candidates=candidates)
    expected = _plain(engine, history, candidates)
    _require_equal(np.asarray(found.logits), np.asarray(expected.logits))
    _require_equal(np.asarray(found.probabilities), np.asarray(expected.probabilities))
    assert (found.continuous is None) == (not config.continuous)
    if found.continuous is not None:
        assert expected.continuous is not None
        _require_equal(np.asarray(found.continuous), np.asarray(expected.continuous))


def _columns(candidates: Candidates, chosen: np.ndarray) -> Candidates:
    return Candidates(**{name: column[chosen] for name, column in vars(candidates).items()})


def _probabilities(
    engine: InferenceEngine, length: int | None, candidates: Candidates
) -> np.ndarray:
    prefix = engine.viewer_prefix(7, event_history(9), length=length)
    return engine.score(prefix, candidates, NOW_MS)[0]


def test_requests_of_ids_score_alike_in_any_bucket_order_and_number() -> None:
    random = np.random.default_rng(0)
    engine = InferenceEngine(random_bundle("ranker", small_config()))
    candidates = id_candidates(900)
    whole = _probabilities(engine, None, candidates)
    for length, count in [(32, 1), (512, 65), (1_024, 300)]:
        chosen = random.permutation(900)[:count]
        _require_equal(_probabilities(engine, length, _columns(candidates, chosen)), whole[chosen])


def test_projected_tables_are_the_product() -> None:
    for shape in (SHAPES[0], SHAPES[2]):
        bundle = dataclasses.replace(random_bundle("ranker", shape), neutral_items_after_ms=500_000)
        candidates = id_candidates(50)
        batch = Candidates(**{name: column[None] for name, column in vars(candidates).items()})
        engine = InferenceEngine(bundle)
        prefix = engine.viewer_prefix(7, event_history(5))
        rows = bundle.lookup_candidates(batch, NOW_MS)
        assert {0.0, 1.0} == set(np.asarray(rows.item_scale).ravel().tolist())
        expected = engine.score_candidates(prefix=prefix, candidates=rows)
        assert CandidateProjection(bundle).tokens(batch, NOW_MS).shape == (1, 50, 16)
        _require_equal(
            engine.score(prefix, candidates, NOW_MS)[0], np.asarray(expected.probabilities)[0]
        )


def test_chunks_cover_everything_once_and_waste_little() -> None:
    for sizes in (chunk_sizes(32), chunk_sizes(1_024)):
        for count in [0, 1, 63, 64, 65, 256, 257, 500, 513, 1_500, 5_000]:
            parts = list(chunks_of(count, sizes))
            covered = [row for part, _ in parts for row in range(part.start, part.stop)]
            assert covered == list(range(count))
            assert all(length in sizes for _, length in parts)
            assert all(part.stop - part.start <= length for part, length in parts)
            assert sum(length for _, length in parts) - count < 256


def test_the_capped_exponential_is_one() -> None:
    u = np.concatenate([np.linspace(-20, 20, 20_001), [0.0, 1e-30, -1e-6]]).astype(np.float32)
    expected = np.exp(30 * np.tanh(u.astype(np.float64)))
    found = np.asarray(jax.jit(capped_exponential)(jnp.asarray(u)))
    np.testing.assert_allclose(found, expected, rtol=1.2e-5)
    near = np.abs(u) < 0.3
    np.testing.assert_allclose(found[near], expected[near], rtol=4e-6)


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values, axis=0), axis=0)


def test_half_precision_keeps_the_order() -> None:
    bundle = random_bundle("ranker", small_config())
    candidates = id_candidates(1_500)
    exact, half = (
        _probabilities(InferenceEngine(bundle, half_precision=is_half), None, candidates)
        for is_half in (False, True)
    )
    assert half.dtype == np.float32
    assert np.abs(half - exact).max() > 1e-6
    for action in range(exact.shape[1]):
        ranks = _ranks(exact[:, action]), _ranks(half[:, action])
        assert np.corrcoef(*ranks)[0, 1] >= 0.999
