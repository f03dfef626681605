"""Community Notes: parsing, split and floors on the real data, and a ranker without a leak."""

import dataclasses
import gzip
import os
from pathlib import Path

import jax
import numpy as np
import pytest

from phoenix.array_types import Parameters
from phoenix.public_data.area_under_curve import area_under_curve
from phoenix.public_data.community_notes_batches import RatingBatchBuilder, rater_rows
from phoenix.public_data.community_notes_data import (
    NOTES_FILE,
    RATINGS_FILE,
    TAGS,
    Ratings,
    read_ratings,
)
from phoenix.public_data.community_notes_floor import PUBLISHED_FLOORS, floor_scores
from phoenix.public_data.community_notes_report import (
    community_notes_table,
    is_above_floors,
    report_of_logits,
)
from phoenix.public_data.community_notes_training import (
    RatingTrainer,
    RatingTrainingOptions,
    initial_rating_weights,
    predict,
    ratings_config,
    ratings_hashes,
)
from phoenix.public_data.data_directory import COMMUNITY_NOTES, skipped_sentence


@pytest.fixture(scope="module")
def directory() -> Path:
    named = os.environ.get(COMMUNITY_NOTES.variable)
    if not named:
        pytest.skip(skipped_sentence(COMMUNITY_NOTES))
    return Path(named)


@pytest.fixture(scope="module")
def ratings(directory: Path) -> Ratings:
    return read_ratings(directory)


def part(ratings: Ratings, places: np.ndarray) -> Ratings:
    """Some of the ratings."""
    return Ratings(
        **{
            field.name: getattr(ratings, field.name)[places]
            for field in dataclasses.fields(Ratings)
        }
    )


def test_all_ratings_are_read_in_order(ratings: Ratings) -> None:
    assert ratings.count == 13_559
    assert len(np.unique(ratings.rater_ids)) == 1_050
    assert len(np.unique(ratings.note_ids)) == 2_694
    assert (np.diff(ratings.rated_at_ms) >= 0).all()
    assert (ratings.written_at_ms < ratings.rated_at_ms).mean() > 0.99
    assert ratings.tags[:, TAGS.index("agree")].sum() == 8_719
    assert ratings.surfaces.min() >= 0
    assert ratings.surfaces.max() < 16


def test_the_split_is_by_time_and_the_test_is_mostly_new(ratings: Ratings) -> None:
    first = ratings.training_count
    assert (first, ratings.count - first) == (10_847, 2_712)
    assert ratings.rated_at_ms[first] >= np.datetime64("2021-03-03", "ms").astype(np.int64)

    def share_unseen(ids: np.ndarray) -> float:
        return float(1 - np.isin(ids[first:], ids[:first]).mean())

    assert share_unseen(ratings.note_ids) == pytest.approx(0.965, abs=0.005)
    assert share_unseen(ratings.author_ids) == pytest.approx(0.408, abs=0.005)
    assert share_unseen(ratings.rater_ids) == pytest.approx(0.299, abs=0.005)


@pytest.mark.parametrize("tag", PUBLISHED_FLOORS)
def test_the_floors_are_those_of_the_data_sets_readme(ratings: Ratings, tag: str) -> None:
    labels = ratings.tags[ratings.training_count :, TAGS.index(tag)]
    area = area_under_curve(labels, floor_scores(ratings, tag))
    assert area == pytest.approx(PUBLISHED_FLOORS[tag], abs=0.01)


def test_every_rating_is_predicted_once_from_strictly_earlier_ones(ratings: Ratings) -> None:
    first = ratings.training_count
    rows = rater_rows(ratings, first, ratings.count)
    candidates = np.concatenate([row.candidates for row in rows])
    np.testing.assert_array_equal(np.sort(candidates), np.arange(first, ratings.count))
    for row in rows:
        rater = ratings.rater_ids[row.candidates[0]]
        assert (ratings.rater_ids[row.tokens] == rater).all()
        for place, visible in zip(row.candidates, row.visible, strict=True):
            at_ms = ratings.rated_at_ms[place]
            assert (ratings.rated_at_ms[row.tokens[:visible]] < at_ms).all()
            # Nothing that came before is left out, but for what is older than the row's history.
            assert (ratings.rated_at_ms[row.tokens[visible:]] >= at_ms).all()


@pytest.fixture(scope="module")
def few(ratings: Ratings) -> Ratings:
    """Early ratings of people with few of them: rows of one shape, compiled once."""
    early = np.arange(4_000)
    _, rater, counts = np.unique(ratings.rater_ids[early], return_inverse=True, return_counts=True)
    return part(ratings, early[(counts[rater] >= 4) & (counts[rater] <= 8)])


def logits(ratings: Ratings, first: int, weights: Parameters) -> np.ndarray:
    """Predictions of the ratings from `first` on."""
    config = ratings_config()
    builder = RatingBatchBuilder(ratings, config, ratings_hashes())
    rows = rater_rows(ratings, first, ratings.count)
    return predict(weights, config, builder, rows=rows, first=first, end=ratings.count)


def test_no_prediction_knows_its_own_or_a_later_rating(few: Ratings) -> None:
    weights = initial_rating_weights(ratings_config(), ratings_hashes(), seed=1, row_spread=1.0)
    before = logits(few, 0, weights)
    middle = few.count // 2
    # From the middle on, all ratings say the opposite.
    changed = few.tags.copy()
    changed[middle:] = 1 - changed[middle:]
    after = logits(dataclasses.replace(few, tags=changed), 0, weights)
    np.testing.assert_array_equal(after[: middle + 1], before[: middle + 1])
    # The property would hold of a model without history too: later ones do depend on it.
    assert np.abs(after[middle + 1 :] - before[middle + 1 :]).max() > 1e-3


def test_training_lowers_the_loss_and_stops_at_the_split(few: Ratings) -> None:
    first = few.training_count
    for row in rater_rows(few, 0, first):
        assert max(row.tokens.max(initial=0), row.candidates.max()) < first
    options = RatingTrainingOptions(epochs=6, learning_rate=5e-3)
    trainer = RatingTrainer(
        few, end=first, config=ratings_config(), hashes=ratings_hashes(), options=options
    )
    # optax raises floats to integer powers, which strict promotion refuses.
    with jax.numpy_dtype_promotion("standard"):
        weights, losses = trainer.train(1)
    assert losses[-1] < losses[0]
    report = report_of_logits(few, options, [logits(few, first, weights)])
    assert report["testRatings"] == few.count - first
    assert [tag["tag"] for tag in report["tags"][:6]] == list(PUBLISHED_FLOORS)
    for tag in report["tags"][:6]:
        assert tag["lower"] <= tag["area"] <= tag["upper"]
        assert tag["isAboveFloor"] == (tag["lower"] > max(tag["floorPublished"], tag["floorHere"]))
    table = community_notes_table(report)
    assert len(table.splitlines()) == 2 + len(TAGS)
    assert is_above_floors(report) == ("**no**" not in table)


def test_a_lone_quotation_mark_does_not_swallow_the_lines_behind_it(tmp_path: Path) -> None:
    head = "noteId\tparticipantId\tcreatedAtMillis\tclassification\tbelievable\tharmful"
    head += "\ttrustworthySources\tsummary"
    notes = [
        '1\tAB12\t100\tNOT_MISLEADING\t\t\t1\tHe said "so',
        "2\tCD34\t200\tMISINFORMED_OR_POTENTIALLY_MISLEADING\tBELIEVABLE_BY_MANY"
        "\tCONSIDERABLE_HARM\t0\tno mark",
    ]
    ratings_head = "\t".join(["noteId", "participantId", "createdAtMillis", *TAGS])
    lines = [f"{note}\tEF56\t{300 + note}\t" + "\t".join(["1"] + ["0"] * 19) for note in (2, 1)]
    for name, rows in ((NOTES_FILE, [head, *notes]), (RATINGS_FILE, [ratings_head, *lines])):
        with gzip.open(tmp_path / name, "wt") as file:
            file.write("\n".join(rows) + "\n")
    read = read_ratings(tmp_path)
    np.testing.assert_array_equal(read.note_ids, [1, 2])
    np.testing.assert_array_equal(read.surfaces, [2, 13])
    np.testing.assert_array_equal(read.author_ids, [0xAB12, 0xCD34])
    with gzip.open(tmp_path / RATINGS_FILE, "at") as file:
        file.write(lines[0].replace("2\t", "9\t", 1) + "\n")
    with pytest.raises(ValueError, match=r"line 4: note 9 is in no notes file"):
        read_ratings(tmp_path)
