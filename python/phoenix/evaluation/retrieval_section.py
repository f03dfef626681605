"""`retrieval`: recall and NDCG of leave-one-out over the whole index."""

import numpy as np

from phoenix.evaluation.charts import draw_recall
from phoenix.evaluation.metrics import ndcg_of_rank
from phoenix.evaluation.retrieval import (
    DEPTH,
    RANKERS,
    HeldOutLikes,
    Ranks,
    held_out_likes,
    log_corpus,
    retrieval_ranks,
    world_corpus,
)
from phoenix.evaluation.sections import Figure, Section, Table, count, number
from phoenix.evaluation.subject import Subject

COMMAND = "npm run evaluate -- retrieval"
RECALL_AT = (10, 100, 1_000)
NDCG_AT = 10
_IN_NETWORK = 0


def _slices(likes: HeldOutLikes, data_end_ms: int) -> dict[str, np.ndarray]:
    new = likes.created_at_ms > data_end_ms
    return {
        "all likes": np.ones(len(likes), bool),
        "of followed authors": likes.source == _IN_NETWORK,
        "of others": likes.source != _IN_NETWORK,
        "of posts newer than the data": new,
        "of posts from before its end": ~new,
    }


def _figures(ranks: np.ndarray) -> dict[str, float]:
    """Recalls, NDCG, and the standard error of the first recall's share."""
    recalls = {f"recall@{k}": float((ranks < k).mean()) for k in RECALL_AT}
    error = recalls["recall@100"] * (1 - recalls["recall@100"]) / len(ranks)
    return {
        **recalls,
        f"ndcg@{NDCG_AT}": float(ndcg_of_rank(ranks, NDCG_AT).mean()),
        "recall@100StandardError": float(np.sqrt(error)),
    }


def _table_and_lines(
    likes: HeldOutLikes, ranks: Ranks, data_end_ms: int
) -> tuple[Table, list[dict]]:
    cells, lines = [], []
    for name, kept in _slices(likes, data_end_ms).items():
        if not kept.any():
            continue
        for ranker in RANKERS:
            figures = _figures(ranks.of[ranker][kept])
            label = ranker if name == "all likes" else f"{ranker}, {name}"
            shown = (*(f"recall@{k}" for k in RECALL_AT), f"ndcg@{NDCG_AT}")
            cells.append(
                (
                    label,
                    count(int(kept.sum())),
                    *(number(figures[each]) for each in shown),
                    number(figures["recall@100StandardError"]),
                )
            )
            lines.append(
                {
                    "benchmark": "retrieval",
                    "ranker": ranker,
                    "slice": name,
                    "likes": int(kept.sum()),
                    "posts": ranks.live,
                    **figures,
                }
            )
    header = (
        "ranker", "likes", *(f"recall@{k}" for k in RECALL_AT), f"NDCG@{NDCG_AT}",
        "standard error of recall@100",
    )  # fmt: skip
    caption = "Leave-one-out: where the held-out like stands among all posts of the index."
    return Table(caption, header, tuple(cells), frozenset({"model"})), lines


def retrieval_section(subject: Subject) -> Section:
    """Ranks held-out likes in the index of their moment."""
    sizes = subject.sizes
    demo = subject.log_path is None
    corpus = world_corpus(subject.day.world) if demo else log_corpus(subject.log)
    likes = held_out_likes(subject.requests, corpus, count=sizes.retrieval_likes, seed=sizes.seed)
    subject.say(f"retrieval: {len(likes):,} searches")
    ranks = retrieval_ranks(
        subject.retrieval, subject.sequences, subject.log, corpus=corpus, likes=likes
    )
    table, lines = _table_and_lines(likes, ranks, subject.data_end_ms)
    depths = np.unique(np.round(np.geomspace(1, DEPTH, 60)).astype(int))
    curves = {name: (ranks.of[name][None, :] < depths[:, None]).mean(axis=1) for name in RANKERS}
    source = "originals and quotes of unprotected authors" if demo else "posts that the log shows"
    note = (
        f"{len(likes):,} viewers' last like after the training data, each looked for among the "
        f"{ranks.live:,.0f} {source} (the mean) of the 48 hours before its request. All are "
        "ranked, without a cap per author; what the viewer was shown before is left out. The "
        "model: InferenceEngine.embed_user and embed_posts, RetrievalIndex.search."
    )
    return Section(
        name="retrieval",
        title="Retrieval",
        command=COMMAND,
        notes=(note,),
        tables=(table,),
        figures=(
            Figure(
                "Share of held-out likes among the first posts, all likes.",
                lambda axes: draw_recall(axes, curves, depths),
            ),
        ),
        lines=tuple(lines),
    )
