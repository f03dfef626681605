"""MovieLens-1M: the protocol on the real data, and the model on it for a few steps."""

import dataclasses
import os
from pathlib import Path

import jax
import numpy as np
import pytest

from phoenix.hashing import entity_rows
from phoenix.public_data.data_directory import MOVIELENS, skipped_sentence
from phoenix.public_data.movielens_baselines import markov_chain, popularity
from phoenix.public_data.movielens_batches import epoch_batches, steps_of_epoch
from phoenix.public_data.movielens_data import MovieSequences, Split, read_movielens
from phoenix.public_data.movielens_loss import movie_vectors
from phoenix.public_data.movielens_metrics import TOP, evaluate
from phoenix.public_data.movielens_model import ITEM_TABLE, USER_TABLE, movielens_hashes
from phoenix.public_data.movielens_scoring import user_vectors
from phoenix.public_data.movielens_serving import ServedMovies, evaluate_served
from phoenix.public_data.movielens_training import (
    MovieTrainer,
    MovieTraining,
    MovieTrainingOptions,
)


@pytest.fixture(scope="module")
def sequences() -> MovieSequences:
    directory = os.environ.get(MOVIELENS.variable)
    if not directory:
        pytest.skip(skipped_sentence(MOVIELENS))
    return read_movielens(Path(directory))


def first_users(sequences: MovieSequences, count: int) -> MovieSequences:
    """The same catalogue, fewer people, each with the oldest 33 movies of theirs."""
    starts = sequences.offsets[:count]
    lengths = np.minimum(np.diff(sequences.offsets)[:count], 33)
    return MovieSequences(
        movie_ids=sequences.movie_ids,
        user_ids=sequences.user_ids[:count],
        movies=np.concatenate(
            [
                sequences.movies[start : start + length]
                for start, length in zip(starts, lengths, strict=True)
            ]
        ),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
    )


@pytest.fixture(scope="module")
def few(sequences: MovieSequences) -> MovieSequences:
    return first_users(sequences, 512)


@pytest.fixture(scope="module")
def trainer(few: MovieSequences) -> MovieTrainer:
    options = MovieTrainingOptions(width=64, epochs=2, warm_up_steps=1, validate_every=100)
    return MovieTrainer(few, options, say=lambda _: None)


@pytest.fixture(scope="module")
def trained(trainer: MovieTrainer) -> MovieTraining:
    # optax raises floats to integer powers, which strict promotion refuses.
    with jax.numpy_dtype_promotion("standard"):
        return trainer.train()


def test_the_data_are_the_whole_set(sequences: MovieSequences) -> None:
    assert (sequences.users, sequences.catalogue) == (6_040, 3_706)
    assert len(sequences.movies) == 1_000_209
    assert np.median(np.diff(sequences.offsets)) == 96


def test_popularity_and_the_markov_chain_reach_their_published_figures(
    sequences: MovieSequences,
) -> None:
    popular = evaluate(sequences, popularity(sequences, "test"), "test")
    assert popular.hit_rate == pytest.approx(0.0394, abs=0.002)
    assert popular.ndcg == pytest.approx(0.0194, abs=0.001)
    some = np.arange(0, sequences.users, 4)
    markov = evaluate(sequences, markov_chain(sequences, "test"), "test", some)
    assert markov.hit_rate == pytest.approx(0.2599, abs=3 * markov.hit_rate_error)
    assert markov.ndcg == pytest.approx(0.1491, abs=3 * markov.ndcg_error)


def test_random_scores_find_the_target_by_chance(sequences: MovieSequences) -> None:
    random = np.random.default_rng(1)
    chance = evaluate(sequences, lambda users: random.random((len(users), 3_706)), "test")
    unseen = sequences.catalogue - np.diff(sequences.offsets) + 1
    expected = float(np.mean(TOP / unseen))
    assert chance.hit_rate == pytest.approx(expected, abs=4 * chance.hit_rate_error)


def test_a_movie_of_the_history_never_stands_before_the_target(sequences: MovieSequences) -> None:
    users = np.arange(200)
    targets = sequences.targets("test")
    # Everything that the user has seen is best, then the target.
    scores = np.where(sequences.seen(users, "test"), 2.0, 0.0)
    scores[users, targets[users]] = 1.0
    found = evaluate(sequences, lambda part: scores[part], "test", users)
    assert (found.hit_rate, found.ndcg) == (1.0, 1.0)


def test_the_splits_hold_out_the_last_two_movies(sequences: MovieSequences) -> None:
    for user in (0, 17, 6_039):
        whole = sequences.movies[sequences.offsets[user] : sequences.offsets[user + 1]]
        assert sequences.targets("test")[user] == whole[-1]
        assert sequences.targets("validation")[user] == whole[-2]
        np.testing.assert_array_equal(sequences.history(user, "test"), whole[:-1])
        np.testing.assert_array_equal(sequences.history(user, "validation"), whole[:-2])


@pytest.mark.parametrize("before", ["validation", "test"])
def test_training_sees_no_held_out_movie_and_every_window_once(
    few: MovieSequences, before: Split
) -> None:
    random = np.random.default_rng(1)
    batches = list(epoch_batches(few, random, ahead=(1.0, 0.5), before=before))
    assert len(batches) == steps_of_epoch(few, before)
    windows = sorted(
        tuple(targets[weights > 0].tolist())
        for batch in batches
        for targets, weights in zip(batch.targets[:, :, 0], batch.weights[:, :, 0], strict=True)
        if weights[0] > 0
    )
    expected = [tuple(few.history(user, before).tolist()) for user in range(few.users)]
    assert windows == sorted(expected)
    for batch in batches:
        there = batch.history >= 0
        np.testing.assert_array_equal(batch.history[there], batch.targets[:, :-1, 0][there])
        sums = batch.weights.sum(axis=2)
        np.testing.assert_allclose(sums[sums > 0], 1.0, rtol=1e-6)


def test_the_loss_falls_and_the_served_vectors_are_those_of_training(
    few: MovieSequences, trained: MovieTraining
) -> None:
    losses = trained.done.losses
    assert trained.done.steps == 2 * steps_of_epoch(few, "test")
    assert trained.skipped == 0
    assert losses[-1] < losses[0] < 12.0
    bundle = trained.bundle
    weights = {name: jax.device_put(value) for name, value in bundle.parameters.items()}
    weights[ITEM_TABLE] = jax.device_put(bundle.tables.item)
    weights[USER_TABLE] = jax.device_put(bundle.tables.user)
    item_rows = entity_rows(few.movie_ids, movielens_hashes().item)
    users = [0, 5, 77]
    in_training = user_vectors(
        weights,
        bundle.config,
        item_rows=item_rows,
        histories=[few.history(user, "test") for user in users],
    )
    served = ServedMovies(few, bundle)
    for vector, user in zip(in_training, users, strict=True):
        np.testing.assert_allclose(served.user_vector(user, "test"), vector, atol=1e-5)
    movies = np.asarray(movie_vectors(weights, bundle.config, item_rows))
    np.testing.assert_allclose(served.movie_vectors, movies, atol=1e-5)
    scores = served.scores(np.array(users), "test")
    np.testing.assert_allclose(scores, in_training @ movies.T, atol=1e-5)
    found = evaluate_served(few, bundle, "test", np.arange(16))
    assert 0.0 <= found.ndcg <= found.hit_rate <= 0.7


def test_scores_that_are_not_finite_are_refused(sequences: MovieSequences) -> None:
    def broken(users: np.ndarray) -> np.ndarray:
        return np.full((len(users), sequences.catalogue), np.nan)

    with pytest.raises(ValueError, match="not finite"):
        evaluate(sequences, broken, "test", np.arange(4))


def test_a_cut_run_goes_on_to_the_same_bits(
    trainer: MovieTrainer, trained: MovieTraining, tmp_path: Path
) -> None:
    file = tmp_path / "run.npz"
    with jax.numpy_dtype_promotion("standard"):
        cut = trainer.train(epochs_max=1, file=file)
        resumed = trainer.train(file=file)
    assert cut.done.losses == trained.done.losses[:1]
    assert resumed.done.losses == trained.done.losses
    for name, weight in trained.bundle.parameters.items():
        np.testing.assert_array_equal(resumed.bundle.parameters[name], weight, err_msg=name)
    np.testing.assert_array_equal(resumed.bundle.tables.item, trained.bundle.tables.item)
    other = dataclasses.replace(trainer, options=MovieTrainingOptions(width=64, epochs=3))
    with pytest.raises(ValueError, match=r"run\.npz: is a run with other options"):
        other.train(file=file)
