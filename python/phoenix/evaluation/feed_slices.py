"""Feeds where ids tell the model least: posts and viewers that it has never seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from phoenix.bundle import History
from phoenix.evaluation.demo_pools import DemoDay
from phoenix.evaluation.feed import FeedOptions, FeedRow, evaluate_feed
from phoenix.evaluation.rankers import (
    Ranker,
    feature_oracle,
    model_values,
    unknown_viewer_fallback,
)
from phoenix.inference import InferenceEngine, empty_history

NEWCOMER_FALLBACK = "newcomer: fallback"

NEW_WITHIN = 0.9
"""New posts must reach this share of the known ones' NDCG@20."""


@dataclass(frozen=True)
class NewPosts:
    """NDCG@20 of feeds of new posts only, and of feeds of posts that the data holds.

    new_of_oracle, known_of_oracle: the same as shares of the feature oracle's on those feeds.
    hidden: the feeds of known posts again, with the rows of all their posts taken as unknown:
    the same posts, so the plainest comparison.
    """

    new: float
    known: float
    new_of_oracle: float
    known_of_oracle: float
    hidden: float

    @property
    def ratio(self) -> float:
        """New over known."""
        return self.new / self.known

    @property
    def ratio_of_same_posts(self) -> float:
        """Known posts taken as new, over the same taken as known."""
        return self.hidden / self.known


def as_if_unknown(engine: InferenceEngine, before_ms: int) -> InferenceEngine:
    """The model as it serves when its data ended at a moment: later posts have no rows."""
    return InferenceEngine(replace(engine.bundle, neutral_items_after_ms=before_ms))


def measure_new_posts(
    new_rows: list[FeedRow], *, known_day: DemoDay, engine: InferenceEngine, options: FeedOptions
) -> NewPosts:
    """Compares the feed's rows (of new posts only) with feeds at the data's very end.

    Args:
      new_rows: Of evaluate_feed, some days after the data's end.
      known_day: The world at the end of the data.
      engine: The ranker.
      options: The same as for new_rows.
    """
    oldest_ms = int(known_day.world.posts.created_ms[known_day.young].min()) - 1
    hidden = as_if_unknown(engine, oldest_ms)
    rankers = {
        "model": model_values(engine),
        "hidden": model_values(hidden),
        "feature oracle": feature_oracle,
    }
    known = {row.ranker: row.ndcg for row in evaluate_feed(known_day, rankers, options)}
    new = {row.ranker: row.ndcg for row in new_rows}
    return NewPosts(
        new=new["model"],
        known=known["model"],
        new_of_oracle=new["model"] / new["feature oracle"],
        known_of_oracle=known["model"] / known["feature oracle"],
        hidden=known["hidden"],
    )


def newcomer_model(form: str) -> str:
    """The name of the model's row for newcomers with one form of id."""
    return f"newcomer: model, id in {form}"


def _no_history(day: DemoDay, viewer_id: int) -> History:
    return empty_history()


def newcomer_rankers(
    day: DemoDay, engine: InferenceEngine, *, options: FeedOptions, ids: Mapping[str, np.ndarray]
) -> dict[str, Ranker]:
    """The model and the fallback, as if nobody had ever seen the viewers before.

    They keep their tastes and whom they follow; the model gets an id of `ids` (a list for each
    form) and no history, the fallback no actions with any author.
    """
    viewers = day.viewers(options.viewers, options.seed).tolist()
    place = {viewer_id: number for number, viewer_id in enumerate(viewers)}
    rankers: dict[str, Ranker] = {NEWCOMER_FALLBACK: unknown_viewer_fallback}
    for form, chosen in ids.items():
        given: list[int] = chosen.tolist()

        def told(viewer_id: int, given: list[int] = given) -> int:
            return given[place[viewer_id]]

        name = newcomer_model(form)
        rankers[name] = model_values(engine, id_of=told, history_of=_no_history)
    return rankers
