"""Training: no leak from the future, equal runs to the bit, a loss that falls."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest

from phoenix.bundle import Candidates, ModelBundle
from phoenix.checkpoints import load_checkpoint
from phoenix.evaluation.metrics import spearman
from phoenix.gen.actions import ACTIONS_SHA256, DISCRETE_COUNT
from phoenix.inference import InferenceEngine
from phoenix.training.factor_tables import factor_scale, tables_from_factors
from phoenix.training.factorise import SplitFactors, factorise
from phoenix.training.initialise import (
    demo_config,
    demo_hashes,
    initial_parameters,
    initial_tables,
)
from phoenix.training.ranker_training import RankerOptions, ranker_from_ms, train_ranker
from phoenix.training.start_from_factors import (
    BEND,
    FACTORS,
    PRODUCT,
    base_rates,
    start_from_factors,
    with_user_marks,
)
from phoenix.training.viewer_sequences import (
    BURST_MS,
    LeakError,
    ViewerSequences,
    burst_numbers,
    check_no_leak,
)
from tests.small_world import NOW_MS, small_sequences

DEMO = Path(__file__).resolve().parents[1] / "checkpoints" / "demo"
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def sequences() -> ViewerSequences:
    return small_sequences()


@pytest.fixture(scope="module")
def factors(sequences: ViewerSequences) -> SplitFactors:
    until_ms = ranker_from_ms(sequences)
    return factorise(sequences, size=FACTORS, rounds=2, seed=5, until_ms=until_ms)


def test_an_impression_sees_only_what_was_done_before_its_request(
    sequences: ViewerSequences,
) -> None:
    tokens, impressions = sequences.tokens, sequences.impressions
    check_no_leak(sequences)
    for viewer in range(len(sequences.viewer_ids)):
        mine = slice(impressions.offsets[viewer], impressions.offsets[viewer + 1])
        theirs = slice(tokens.offsets[viewer], tokens.offsets[viewer + 1])
        for at_ms, visible in zip(
            impressions.request_ms[mine], impressions.visible[mine], strict=True
        ):
            assert (tokens.last_ms[theirs][:visible] < at_ms).all()
    assert impressions.visible.max() > 5


def test_a_planted_leak_is_caught(sequences: ViewerSequences) -> None:
    visible = sequences.impressions.visible.copy()
    counts = np.diff(sequences.tokens.offsets)
    viewer = int(np.argmax(counts))
    visible[sequences.impressions.offsets[viewer]] = counts[viewer]
    leaking = dataclasses.replace(
        sequences, impressions=dataclasses.replace(sequences.impressions, visible=visible)
    )
    with pytest.raises(LeakError, match="see what came later"):
        check_no_leak(leaking)


def test_bursts_are_anchored_at_their_first_action() -> None:
    viewer = np.array([1, 1, 1, 1, 2])
    post = np.array([9, 9, 9, 8, 9])
    at_ms = np.array([0, BURST_MS - 1, BURST_MS, 10, 0])
    bursts = burst_numbers(viewer, post, at_ms)
    assert bursts[0] == bursts[1]
    assert len(set(bursts.tolist())) == 4


def test_training_repeats_to_the_bit_and_lowers_the_loss(
    sequences: ViewerSequences, factors: SplitFactors
) -> None:
    options = RankerOptions(
        epochs=2, impressions_a_batch=1_024, learning_rate=2e-3, user_rate=0.02, author_rate=0.02
    )

    def run():
        return train_ranker(
            sequences,
            factors,
            options=options,
            hashes=demo_hashes(),
            data_end_ms=NOW_MS,
            quiet=True,
        )

    # optax raises floats to integer powers, which strict promotion refuses.
    with jax.numpy_dtype_promotion("standard"):
        (first, trained), (second, _) = run(), run()
    first_epoch, second_epoch = np.split(trained.losses, 2)
    # Batches differ in size, and the fitted heads leave little to lower: the hardest one tells.
    assert second_epoch.max() < first_epoch.max()
    assert trained.aucs.mean() > 0.5
    assert trained.skipped == 0
    for name, value in first.parameters.items():
        assert np.array_equal(value, second.parameters[name]), name
    for name in ("user", "item", "author"):
        assert np.array_equal(getattr(first.tables, name), getattr(second.tables, name)), name


def _untrained(
    sequences: ViewerSequences, factors: SplitFactors, **heads: np.ndarray
) -> np.ndarray:
    """What a ranker, with other heads if given, says of 100 authors before training."""
    found = factors.all
    config, hashes = demo_config("ranker"), demo_hashes()
    random = np.random.default_rng(1)
    parameters = initial_parameters(config, "ranker", random)
    start_from_factors(parameters, config, base_rates(sequences.impressions))
    parameters |= {f"phoenix_model/{name}": value for name, value in heads.items()}
    tables = tables_from_factors(
        initial_tables(config, hashes, random), hashes, found, scale=factor_scale(found, 0.5)
    )
    bundle = ModelBundle(
        kind="ranker",
        config=config,
        parameters=parameters,
        tables=with_user_marks(tables, config),
        hashes=hashes,
        neutral_items_after_ms=0,
    )
    authors = found.author_ids[:100]
    probabilities, _ = InferenceEngine(bundle).rank(
        user_id=int(found.viewer_ids[3]),
        history=sequences.history_before(3, NOW_MS, config.history_length),
        candidates=Candidates(
            post_ids=authors + 1_000_000,
            author_ids=authors,
            surfaces=np.zeros(len(authors), np.int32),
            created_at_ms=np.full(len(authors), NOW_MS),
        ),
        request_time_ms=NOW_MS,
    )
    return probabilities.astype(np.float64)


def test_the_ranker_starts_as_the_factorisation(
    sequences: ViewerSequences, factors: SplitFactors
) -> None:
    probabilities = _untrained(sequences, factors)
    favorites = probabilities[:, 0]
    product = factors.all.author[:100, :-1] @ factors.all.viewer[3, :-1]
    assert spearman(favorites, product) > 0.8
    rate = base_rates(sequences.impressions).actions[0]
    assert favorites.mean() == pytest.approx(rate, rel=0.5)


def test_the_bend_is_flat_below_a_product_of_zero_and_grows_above(
    sequences: ViewerSequences, factors: SplitFactors
) -> None:
    heads = np.zeros((64, DISCRETE_COUNT), np.float32)
    heads[PRODUCT, 0] = heads[BEND, 1] = 1.0
    chance = _untrained(sequences, factors, unembeddings=heads)
    product, bend = np.log(chance[:, :2] / (1.0 - chance[:, :2])).T
    order = np.argsort(product)
    low, high = order[:10], order[-10:]
    assert product[low].max() < -0.3
    assert product[high].min() > 0.3
    assert np.ptp(bend[low]) < 0.05
    assert bend[high].min() > bend[low].max() + 0.05
    above = product > 0
    assert spearman(product[above], bend[above]) > 0.95
    assert np.abs(bend).max() < 1.0


def test_the_demo_checkpoint_says_where_it_comes_from_and_is_small() -> None:
    checkpoint = load_checkpoint(DEMO)
    manifest = checkpoint.manifest
    assert manifest is not None
    assert manifest.actions_sha256 == ACTIONS_SHA256
    assert manifest.provenance.data_range_ms[1] == manifest.neutral_items_after_ms
    assert 0 < manifest.provenance.item_dropout < 1
    assert "phoenix.training --demo" in manifest.provenance.training_command
    assert checkpoint.ranker.config.positions == "compact"
    size = sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file())
    assert size <= 10 * MEGABYTE
