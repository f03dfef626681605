"""AUC of every rating tag on the last 20 % of the ratings, beside its floor."""

import dataclasses
import sys
from typing import Any

import numpy as np

from phoenix.public_data.area_under_curve import area_under_curve, bootstrap_area
from phoenix.public_data.community_notes_batches import RatingBatchBuilder, rater_rows
from phoenix.public_data.community_notes_data import TAGS, Ratings
from phoenix.public_data.community_notes_floor import PUBLISHED_FLOORS, floor_scores
from phoenix.public_data.community_notes_training import (
    RatingTrainer,
    RatingTrainingOptions,
    predict,
    ratings_config,
    ratings_hashes,
)

PROTOCOL = (
    "first 80 % of the ratings by time for training, the rest is the test; a rating is predicted "
    "from what its rater had rated strictly before it; mean logit of the seeds' models; 95 % "
    "intervals from 1,000 resamples of the test's rows"
)

Report = dict[str, Any]


def seeds_logits(ratings: Ratings, options: RatingTrainingOptions) -> list[np.ndarray]:
    """Trains every seed's model on the training part; logits [test, 20] of each."""
    config, hashes = ratings_config(), ratings_hashes()
    first, end = ratings.training_count, ratings.count
    trainer = RatingTrainer(ratings, end=first, config=config, hashes=hashes, options=options)
    builder = RatingBatchBuilder(ratings, config, hashes)
    rows = rater_rows(ratings, first, end)
    logits: list[np.ndarray] = []
    for seed in options.seeds:
        weights, losses = trainer.train(seed)
        print(f"seed {seed}: loss {losses[0]:.3f} -> {losses[-1]:.3f}", file=sys.stderr, flush=True)
        logits.append(predict(weights, config, builder, rows=rows, first=first, end=end))
    return logits


def _tag_report(
    ratings: Ratings, tag: str, logits: np.ndarray, each_seed: list[np.ndarray]
) -> Report:
    place, test = TAGS.index(tag), slice(ratings.training_count, None)
    labels = ratings.tags[test, place]
    interval = bootstrap_area(labels, logits[:, place], ratings.rater_ids[test])
    floor = area_under_curve(labels, floor_scores(ratings, tag))
    published = PUBLISHED_FLOORS.get(tag)
    areas = [area_under_curve(labels, one[:, place]) for one in each_seed]
    report = {
        "tag": tag,
        "positives": int(labels.sum()),
        "floorHere": round(floor, 4),
        "floorPublished": published,
        "meanOfSingleSeeds": round(float(np.mean(areas)), 4),
        **{name: round(value, 4) for name, value in dataclasses.asdict(interval).items()},
    }
    if published is not None:
        report["isAboveFloor"] = bool(interval.lower > max(published, floor))
    return report


def report_of_logits(
    ratings: Ratings, options: RatingTrainingOptions, each_seed: list[np.ndarray]
) -> Report:
    """Every tag's figures from each seed's logits [test, 20]; those with a floor first."""
    logits = np.mean(each_seed, axis=0)
    order = [*PUBLISHED_FLOORS, *(tag for tag in TAGS if tag not in PUBLISHED_FLOORS)]
    return {
        "benchmark": "community-notes",
        "protocol": PROTOCOL,
        "options": dataclasses.asdict(options),
        "trainingRatings": ratings.training_count,
        "testRatings": ratings.count - ratings.training_count,
        "tags": [_tag_report(ratings, tag, logits, each_seed) for tag in order],
    }


def community_notes_report(ratings: Ratings, options: RatingTrainingOptions) -> Report:
    """Trains the seeds' models and measures every tag."""
    return report_of_logits(ratings, options, seeds_logits(ratings, options))


def community_notes_table(report: Report) -> str:
    """Markdown, one row a tag; those with a floor first."""
    lines = [
        "| tag | positives | floor (README / here) | AUC | 95 % interval | lower by rater "
        "| one seed | above the floor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tag in report["tags"]:
        published = tag["floorPublished"]
        floor = f"{'none' if published is None else f'{published:.3f}'} / {tag['floorHere']:.3f}"
        verdict = {True: "yes", False: "**no**", None: ""}[tag.get("isAboveFloor")]
        lines.append(
            f"| {tag['tag']} | {tag['positives']} | {floor} | {tag['area']:.3f} "
            f"| {tag['lower']:.3f} to {tag['upper']:.3f} | {tag['lower_by_rater']:.3f} "
            f"| {tag['meanOfSingleSeeds']:.3f} | {verdict} |"
        )
    return "\n".join(lines)


def is_above_floors(report: Report) -> bool:
    """True when the lower bound of every tag with a floor is above it."""
    return all(tag["isAboveFloor"] for tag in report["tags"] if "isAboveFloor" in tag)
