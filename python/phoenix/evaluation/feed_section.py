"""`feed`: whole feeds of the demo world under the true tastes."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from phoenix.evaluation.charts import draw_bars
from phoenix.evaluation.demo_pools import demo_day
from phoenix.evaluation.feed import (
    BASELINES,
    ORACLES,
    TOP,
    FeedOptions,
    FeedRow,
    FeedVerdict,
    evaluate_feed,
    feed_verdict,
)
from phoenix.evaluation.feed_slices import (
    NEW_WITHIN,
    NEWCOMER_FALLBACK,
    NewPosts,
    measure_new_posts,
    newcomer_model,
    newcomer_rankers,
)
from phoenix.evaluation.intervals import Z_95, Interval
from phoenix.evaluation.rankers import model_ranker
from phoenix.evaluation.sections import Figure, Section, Table, Target, number
from phoenix.evaluation.subject import DEMO_SEED, Subject, newcomer_ids

COMMAND = "npm run evaluate -- feed"
OF_FEATURE_ORACLE_MIN = 0.95
_PROGRESS_VIEWERS = 50


def _rows_table(caption: str, rows: Sequence[FeedRow]) -> Table:
    cells = [
        (
            row.ranker,
            number(row.ndcg),
            number(row.standard_error),
            number(row.in_network),
            number(row.out_of_network),
        )
        for row in sorted(rows, key=lambda row: -row.ndcg)
    ]
    header = ("ranker", f"NDCG@{TOP}", "standard error", "in network", "out of network")
    bold = frozenset(row.ranker for row in rows if "model" in row.ranker)
    return Table(caption, header, tuple(cells), bold)


def _new_posts_table(measured: NewPosts) -> Table:
    rows = (
        ("feeds of posts newer than the data", number(measured.new),
         number(measured.new_of_oracle)),
        ("feeds of posts that the data holds", number(measured.known),
         number(measured.known_of_oracle)),
        ("the latter, their rows taken as unknown", number(measured.hidden), ""),
        ("new over known", number(measured.ratio),
         number(measured.new_of_oracle / measured.known_of_oracle)),
        ("same posts, unknown over known", number(measured.ratio_of_same_posts), ""),
    )  # fmt: skip
    header = ("the model", f"NDCG@{TOP}", "of the feature oracle's")
    return Table("Posts that the model never saw.", header, rows)


@dataclass(frozen=True)
class _Measured:
    """rows: of all rankers. newcomers: the model's NDCG for them, by form of id."""

    rows: list[FeedRow]
    verdict: FeedVerdict
    new_posts: NewPosts
    newcomers: dict[str, float]

    @property
    def newcomer_fallback(self) -> float:
        return next(row.ndcg for row in self.rows if row.ranker == NEWCOMER_FALLBACK)


def _targets(measured: _Measured) -> tuple[Target, ...]:
    verdict, new_posts = measured.verdict, measured.new_posts
    fallback = measured.newcomer_fallback
    targets = [
        Target(
            name="NDCG@20 as a share of the feature oracle's",
            value=verdict.of_feature_oracle,
            rule=f"at least {OF_FEATURE_ORACLE_MIN}",
            holds=verdict.of_feature_oracle >= OF_FEATURE_ORACLE_MIN,
            command=COMMAND,
        ),
        Target(
            name="NDCG@20 on new posts over the same on known ones",
            value=new_posts.ratio,
            rule=f"at least {NEW_WITHIN}",
            holds=new_posts.ratio >= NEW_WITHIN,
            command=COMMAND,
        ),
    ]
    for form, ndcg in measured.newcomers.items():
        targets.append(
            Target(
                name=f"new viewers (id in {form}): NDCG@20 over the fallback's",
                value=ndcg / fallback,
                rule="at least 1",
                holds=ndcg >= fallback,
                command=COMMAND,
            )
        )
    return tuple(targets)


def _bars(rows: Sequence[FeedRow]) -> dict[str, Interval]:
    return {
        row.ranker: Interval(
            row.ndcg, row.ndcg - Z_95 * row.standard_error, row.ndcg + Z_95 * row.standard_error
        )
        for row in rows
    }


def _measure(subject: Subject, options: FeedOptions) -> _Measured:
    day, engine = subject.day, subject.ranker
    ids = newcomer_ids(engine, options.viewers, subject.data_end_ms)
    rankers = {
        **ORACLES,
        **BASELINES,
        "model": model_ranker(engine),
        **newcomer_rankers(day, engine, options=options, ids=ids),
    }

    def show_progress(done: int) -> None:
        if done % _PROGRESS_VIEWERS == 0:
            subject.say(f"feed: {done} of {options.viewers} viewers")

    rows = evaluate_feed(day, rankers, options, on_viewer=show_progress)
    subject.say("feed: the same at the data's end, where posts are known")
    known_day = demo_day(DEMO_SEED, data_range_ms=subject.data_range_ms, days_later=0.0)
    ndcg = {row.ranker: row.ndcg for row in rows}
    return _Measured(
        rows=rows,
        verdict=feed_verdict(rows),
        new_posts=measure_new_posts(rows, known_day=known_day, engine=engine, options=options),
        newcomers={form: ndcg[newcomer_model(form)] for form in ids},
    )


def _notes(subject: Subject, options: FeedOptions, verdict: FeedVerdict) -> tuple[str, ...]:
    pool = "everything" if options.pool_size is None else f"{options.pool_size:,} posts drawn"
    return (
        f"{options.viewers} viewers drawn with seed {options.seed}, {subject.days_later:g} days "
        f"after the training data, so that every post is new to the model; pool: {pool} of what "
        "the home feed's filters leave. Gain: the true expected weighted value minus the pool's "
        "smallest. Every order passes the diversity and out-of-network scorers.",
        f"The model has {verdict.of_feature_oracle:.1%} of the feature oracle's NDCG@{TOP} and "
        f"{verdict.over_baseline:.2f} x the better of recency and popularity.",
    )


def _tables(measured: _Measured) -> tuple[Table, ...]:
    seen = [row for row in measured.rows if not row.ranker.startswith("newcomer")]
    unseen = [row for row in measured.rows if row.ranker.startswith("newcomer")]
    return (
        _rows_table(f"Whole feeds: NDCG@{TOP} under the true tastes.", seen),
        _rows_table(
            "The same viewers as newcomers: no history, and an id that the model never saw (ids "
            "beyond the trained ones hash into other viewers' rows). The fallback knows of no "
            "action of theirs.",
            unseen,
        ),
        _new_posts_table(measured.new_posts),
    )


def _lines(measured: _Measured) -> tuple[dict, ...]:
    new_posts = measured.new_posts
    rows = [{"benchmark": "feed", **dataclasses.asdict(row)} for row in measured.rows]
    return (
        *rows,
        {"benchmark": "feed", **dataclasses.asdict(measured.verdict)},
        {
            "benchmark": "feed-new-posts",
            **dataclasses.asdict(new_posts),
            "ratio": new_posts.ratio,
            "ratioOfSamePosts": new_posts.ratio_of_same_posts,
        },
    )


def feed_section(subject: Subject, options: FeedOptions) -> tuple[Section, FeedVerdict]:
    """Everything about feeds, and whether the older, weaker ratios hold (the exit code)."""
    measured = _measure(subject, options)
    emphasised = ["model", *map(newcomer_model, measured.newcomers)]
    bars = _bars(measured.rows)
    section = Section(
        name="feed",
        title="Feeds",
        command=COMMAND,
        notes=_notes(subject, options, measured.verdict),
        tables=_tables(measured),
        figures=(
            Figure(
                f"NDCG@{TOP} of whole feeds, 95 % intervals over viewers.",
                lambda axes: draw_bars(axes, bars, emphasised=emphasised, label=f"NDCG@{TOP}"),
                height_inches=3.6,
            ),
        ),
        lines=_lines(measured),
        targets=_targets(measured),
    )
    return section, measured.verdict
