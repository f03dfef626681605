"""Metrics and kernels of the public-data runs, on numbers that are known; no data set needed."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from phoenix.public_data.__main__ import main
from phoenix.public_data.area_under_curve import area_under_curve, bootstrap_area
from phoenix.public_data.byte_dropout import ByteDropout
from phoenix.public_data.causal_trunk import causal_trunk
from phoenix.public_data.full_softmax import full_softmax_loss
from phoenix.public_data.movielens_data import read_movielens
from phoenix.public_data.movielens_metrics import metrics_of_ranks, target_ranks
from phoenix.public_data.movielens_model import (
    initial_weights,
    movielens_config,
    movielens_hashes,
)
from phoenix.tokens import prefix_positions
from phoenix.transformer import encode_prefix


def test_ranks_count_ties_against_the_target() -> None:
    scores = np.array([[0.1, 0.9, 0.5], [0.5, 0.5, 0.5], [0.0, 0.0, 1.0]])
    ranks = target_ranks(scores, np.array([1, 0, 2]))
    np.testing.assert_array_equal(ranks, [0, 2, 0])


def test_metrics_of_known_ranks() -> None:
    metrics = metrics_of_ranks(np.array([0, 1, 9, 10]))
    assert metrics.hit_rate == 0.75
    assert metrics.ndcg == pytest.approx((1 + 1 / np.log2(3) + 1 / np.log2(11)) / 4)


def test_area_under_curve_of_known_orders() -> None:
    labels = np.array([0, 0, 1, 1], np.uint8)
    assert area_under_curve(labels, np.array([0.1, 0.2, 0.3, 0.4])) == 1.0
    assert area_under_curve(labels, np.array([0.4, 0.3, 0.2, 0.1])) == 0.0
    assert area_under_curve(labels, np.array([0.1, 0.3, 0.2, 0.4])) == 0.75
    assert area_under_curve(labels, np.full(4, 0.5)) == 0.5
    assert np.isnan(area_under_curve(np.ones(4, np.uint8), np.arange(4.0)))


def test_the_bootstrap_interval_holds_the_truth_and_raters_widen_it() -> None:
    random = np.random.default_rng(2)
    raters = np.repeat(np.arange(40), 25)
    # Ratings of one rater share a label and a score: 1,000 rows hold what 40 independent ones do.
    labels = np.repeat((np.arange(40) % 2).astype(np.uint8), 25)
    scores = labels + np.repeat(random.normal(size=40), 25)
    interval = bootstrap_area(labels, scores, raters)
    assert interval.lower < interval.area < interval.upper
    assert interval.lower_by_rater < interval.lower
    assert np.isnan(bootstrap_area(np.ones_like(labels), scores, raters).lower)


def test_the_chunked_softmax_equals_the_plain_one() -> None:
    random = np.random.default_rng(0)

    def unit(rows: int) -> jax.Array:
        vectors = random.normal(size=(rows, 32))
        return jnp.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), jnp.float32)

    users, posts = unit(1_500), unit(300)
    targets = jnp.asarray(random.integers(0, 300, (1_500, 3)), jnp.int32)
    weights = jnp.asarray(
        random.random((1_500, 3)) * (random.random((1_500, 1)) < 0.9), jnp.float32
    )

    def plain(users: jax.Array, posts: jax.Array) -> jax.Array:
        logits = jax.nn.log_softmax(20.0 * users @ posts.T)
        return -jnp.sum(weights * jnp.take_along_axis(logits, targets, axis=1))

    def chunked(users: jax.Array, posts: jax.Array) -> jax.Array:
        return jnp.asarray(full_softmax_loss(users, posts, targets, weights, 0.05))

    np.testing.assert_allclose(chunked(users, posts), plain(users, posts), rtol=1e-5)
    expected = jax.grad(plain, argnums=(0, 1))(users, posts)
    found = jax.grad(chunked, argnums=(0, 1))(users, posts)
    for left, right in zip(expected, found, strict=True):
        np.testing.assert_allclose(right, left, atol=1e-5 * float(jnp.abs(left).max()))


def test_the_causal_trunk_equals_the_served_one() -> None:
    config = movielens_config(64)
    random = np.random.default_rng(3)
    weights = initial_weights(config, movielens_hashes(), random)
    weights = {name: jnp.asarray(value) for name, value in weights.items()}
    tokens = jnp.asarray(random.normal(size=(2, 20, 64)), jnp.float32)
    valid = jnp.asarray(np.arange(20)[None] < np.array([[20], [13]]))
    causal = jnp.tril(jnp.ones((20, 20), bool))[None] & valid[:, None, :]

    def served(weights: dict[str, jax.Array]) -> jax.Array:
        outputs, _ = encode_prefix(
            weights, config, embeddings=tokens, mask=causal,
            positions=prefix_positions(config, valid),
        )  # fmt: skip
        return jnp.where(valid[:, :, None], outputs, 0.0)

    def training(weights: dict[str, jax.Array]) -> jax.Array:
        return jnp.where(valid[:, :, None], causal_trunk(weights, config, tokens, None), 0.0)

    np.testing.assert_allclose(training(weights), served(weights), atol=1e-5)
    expected = jax.grad(lambda w: jnp.sum(jnp.sin(served(w))))(weights)
    found = jax.grad(lambda w: jnp.sum(jnp.sin(training(w))))(weights)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, atol=1e-4, err_msg=name)


def test_byte_dropout_keeps_the_mean_and_drops_its_share() -> None:
    dropout = ByteDropout(0.2, jax.random.key(1, impl="rbg"))
    dropped = np.asarray(dropout.apply(jnp.ones((4, 100, 64), jnp.float32), 3))
    assert np.mean(dropped == 0) == pytest.approx(0.2, abs=0.01)
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)
    again = np.asarray(dropout.apply(jnp.ones((4, 100, 64), jnp.float32), 3))
    np.testing.assert_array_equal(dropped, again)
    other = np.asarray(dropout.apply(jnp.ones((4, 100, 64), jnp.float32), 4))
    assert (dropped != other).any()


@pytest.mark.parametrize(
    ("what", "variable"),
    [("movielens", "HOMEFEED_ML1M_DIR"), ("community-notes", "HOMEFEED_BIRDWATCH_DIR")],
)
def test_without_data_the_command_says_where_to_get_them(
    what: str,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(variable, raising=False)
    assert main([what]) == 0
    said = capsys.readouterr().err
    assert "is skipped" in said
    assert variable in said
    assert "https://" in said


def test_a_directory_without_the_data_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["movielens", "--data", str(tmp_path)]) == 2
    assert f"{tmp_path}: has neither ml1m_chrono_sequences.txt.gz nor" in capsys.readouterr().err


def test_grouplens_own_file_is_read_too(tmp_path: Path) -> None:
    lines = ["1::10::5::30", "1::20::3::10", "1::30::4::20", "2::20::1::5", "2::10::1::6"]
    (tmp_path / "ratings.dat").write_text("\n".join([*lines, "2::40::2::7"]) + "\n")
    sequences = read_movielens(tmp_path)
    np.testing.assert_array_equal(sequences.movie_ids, [10, 20, 30, 40])
    np.testing.assert_array_equal(sequences.movie_ids[sequences.movies], [20, 30, 10, 20, 10, 40])
    (tmp_path / "ratings.dat").write_text("1:10:5:30\n")
    with pytest.raises(ValueError, match=r"ratings\.dat: line 1 must be"):
        read_movielens(tmp_path)
