"""`ranking`: the probabilities of all actions on impressions that the model has not seen."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from phoenix.evaluation.charts import draw_auc_by_slice, draw_calibration
from phoenix.evaluation.counts_regression import (
    CountsPrediction,
    RegressionOptions,
    predict_from_counts,
)
from phoenix.evaluation.impressions import (
    LoggedRequests,
    Predictions,
    predict,
    predict_served,
    sampled,
    sequence_order,
)
from phoenix.evaluation.ranking import (
    NDCG_TOP,
    ActionRow,
    SliceRow,
    action_rows,
    mean_or_nan,
    realised_gains,
    request_ndcg,
    slice_row,
    value_of,
)
from phoenix.evaluation.ranking_slices import held_posts, language_slices, slices_of
from phoenix.evaluation.sections import Figure, Section, Table, Target, count, number, with_ends
from phoenix.evaluation.subject import Subject, newcomer_ids
from phoenix.evaluation.true_impressions import true_predictions
from phoenix.inference import empty_history

COMMAND = "npm run evaluate -- ranking"
ERROR_MAX = 0.01
HEADLINE = ("favorite", "reply", "repost", "click", "dwell")


def _counts(subject: Subject, requests: LoggedRequests) -> CountsPrediction:
    start, end = subject.data_range_ms
    options = RegressionOptions(start, end, rows_max=subject.sizes.regression_rows)
    return predict_from_counts(subject.sequences, options, requests.place)


def _newcomer_rows(
    subject: Subject, requests: LoggedRequests, counts: CountsPrediction
) -> list[SliceRow]:
    """The same impressions asked for as if by people whom nobody has seen before."""
    few = sampled(requests, subject.sizes.cold_requests, subject.sizes.seed)
    by_place = np.argsort(requests.place)
    found = by_place[np.searchsorted(requests.place, few.place, sorter=by_place)]
    rival = counts.probabilities[found]
    everything = np.ones(len(few.place), bool)
    ids = newcomer_ids(subject.ranker, len(few), subject.data_end_ms)
    rows = []
    for form, chosen in ids.items():

        def history_of(_: int):
            return empty_history()

        model = predict(
            subject.ranker, few, history_of=history_of, user_id_of=chosen.tolist().__getitem__
        )
        rows.append(
            slice_row(f"newcomer, id in {form}", few, everything, model=model, counts=rival)
        )
    return rows


def _slice_rows(
    subject: Subject, requests: LoggedRequests, *, model: Predictions, counts: CountsPrediction
) -> list[SliceRow]:
    held = held_posts(subject.sequences, subject.data_end_ms)
    masks = slices_of(requests, held=held, data_end_ms=subject.data_end_ms)
    if subject.log_path is None:
        masks |= language_slices(requests, subject.day.world)
    rows = [
        slice_row(name, requests, kept, model=model, counts=counts.probabilities)
        for name, kept in masks.items()
        if kept.any()
    ]
    return rows + _newcomer_rows(subject, requests, counts)


def _action_table(rows: list[ActionRow]) -> Table:
    with_truth = "truth" in rows[0].auc_of
    truth = ("truth",) if with_truth else ()
    cells = []
    for row in rows:
        losses = ("model", "constant", "counts", *truth)
        cells.append(
            (
                row.action,
                count(row.positives),
                with_ends(row.auc),
                *(number(row.auc_of[name]) for name in ("counts", *truth)),
                *(number(row.log_loss_of[name], 5) for name in losses),
                number(row.calibration.error, 5),
                number(row.calibration.noise, 5),
            )
        )
    header = (
        "action", "happened", "AUC (95 %)", "AUC counts", *(f"AUC {name}" for name in truth),
        "log loss", "of constant", "of counts", *(f"of {name}" for name in truth),
        "ECE", "ECE by luck",
    )  # fmt: skip
    return Table(
        "Each action. Constant: its rate in the training data. Counts: the logistic regression. "
        "ECE by luck: what a perfectly calibrated model would show here.",
        header,
        tuple(cells),
    )


def _slice_table(rows: list[SliceRow]) -> Table:
    actions = [action for action in HEADLINE if action in rows[0].auc]
    cells = [
        (
            row.name,
            count(row.impressions),
            *(number(row.auc[action]) for action in actions),
            number(row.auc_counts.get("favorite", float("nan"))),
            number(row.log_loss),
            number(row.log_loss_counts),
            number(row.ndcg),
            number(row.ndcg_counts),
        )
        for row in rows
    ]
    header = (
        "slice", "impressions", *(f"AUC {action}" for action in actions), "AUC favorite, counts",
        "log loss", "log loss, counts", f"NDCG@{NDCG_TOP}", f"NDCG@{NDCG_TOP}, counts",
    )  # fmt: skip
    return Table(
        "By slice. Log loss: summed over the actions. NDCG: of the weighted value within a "
        "request, gain = what the viewer did, weighted; the fewer posts of a request a slice "
        "holds, the higher any order's, so compare along a row. Newcomers: a sample of the same "
        "impressions, asked for with an unknown id and an empty history.",
        header,
        tuple(cells),
        frozenset({"all"}),
    )


def _order_table(
    requests: LoggedRequests, scores: Mapping[str, Predictions], truth: Predictions | None
) -> tuple[Table, dict[str, dict[str, float]]]:
    """NDCG of the weighted value within requests, by what was done and by what is true."""
    everything = np.ones(len(requests.place), bool)
    gains = {"what was done": realised_gains(requests)}
    if truth is not None:
        value = value_of(truth)
        lowest = np.minimum.reduceat(value, requests.offsets[:-1])
        gains["true value"] = value - lowest[requests.request]
    figures = {
        name: {
            of: mean_or_nan(
                request_ndcg(value_of(each), gain, request=requests.request, kept=everything)
            )
            for of, gain in gains.items()
        }
        for name, each in scores.items()
    }
    rows = tuple((name, *(number(figures[name][of]) for of in gains)) for name in figures)
    header = ("order", *(f"NDCG@{NDCG_TOP}, gain = {of}" for of in gains))
    caption = "The weighted value's order within a request."
    return Table(caption, header, rows, frozenset({"model"})), figures


def _lines(rows: list[ActionRow], slices: list[SliceRow], orders: dict) -> list[dict]:
    lines: list[dict] = []
    for row in rows:
        points = row.calibration
        lines.append(
            {
                "benchmark": "ranking",
                "action": row.action,
                "positives": row.positives,
                "auc": dataclasses.asdict(row.auc),
                "aucOf": dict(row.auc_of),
                "logLossOf": dict(row.log_loss_of),
                "ece": points.error,
                "eceByLuck": points.noise,
                "reliability": {
                    "predicted": points.predicted,
                    "observed": points.observed,
                    "counts": points.counts,
                },
            }
        )
    lines += [{"benchmark": "ranking-slice", **dataclasses.asdict(row)} for row in slices]
    lines += [{"benchmark": "ranking-ndcg", "order": name, **of} for name, of in orders.items()]
    return lines


def ranking_section(subject: Subject) -> Section:
    """Predicts every request after the data's end, and measures."""
    requests = sampled(subject.requests, subject.sizes.ranking_requests, subject.sizes.seed)
    subject.say(f"ranking: predicting {len(requests):,} requests")
    model = predict_served(subject.ranker, requests, subject.sequences)
    subject.say("ranking: fitting the logistic regression on counts")
    counts = _counts(subject, requests)
    size = len(requests.place)
    rivals = {
        "constant": np.broadcast_to(counts.constant, (size, len(counts.constant))),
        "counts": counts.probabilities,
    }
    orders = {
        "model": model,
        "counts": Predictions(counts.probabilities, np.zeros(size)),
    }
    truth = None
    if subject.log_path is None:
        in_order = sequence_order(subject.log, subject.sequences)
        surface = subject.log.surface[in_order][requests.place]
        truth = true_predictions(subject.day.world, requests, surface)
        rivals["truth"] = truth.probabilities
        orders["truth"] = truth
    rows = action_rows(requests, model, rivals=rivals, replicates=subject.sizes.replicates)
    slices = _slice_rows(subject, requests, model=model, counts=counts)
    order_table, order_figures = _order_table(requests, orders, truth)
    worst = max(rows, key=lambda row: row.calibration.error)
    note = (
        f"{size:,} impressions in {len(requests):,} requests of "
        f"{len(np.unique(requests.viewer)):,} viewers, all after the training data; each with "
        "what its viewer had done before the request, through InferenceEngine.rank. ECE: 15 bins "
        "of equal mass. AUC: 95 % interval by a bootstrap over viewers."
    )
    target = Target(
        name=f"every action's expected calibration error (worst: {worst.action})",
        value=worst.calibration.error,
        rule=f"at most {ERROR_MAX}",
        holds=worst.calibration.error <= ERROR_MAX,
        command=COMMAND,
    )
    return Section(
        name="ranking",
        title="Ranking",
        command=COMMAND,
        notes=(note,),
        tables=(_action_table(rows), order_table, _slice_table(slices)),
        figures=(
            Figure(
                "Reliability: observed share against predicted probability, both by logarithm; "
                "a point is a fifteenth of the impressions.",
                lambda axes: draw_calibration(axes, rows),
                height_inches=4.8,
            ),
            Figure(
                "AUC by slice; hollow: the logistic regression on counts.",
                lambda axes: draw_auc_by_slice(axes, slices, ("favorite", "dwell")),
                height_inches=0.34 * len(slices) + 1.2,
            ),
        ),
        lines=tuple(_lines(rows, slices, order_figures)),
        targets=(target,),
    )
