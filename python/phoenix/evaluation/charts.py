"""The plots of the report, each into one matplotlib Axes.

Text and axes are drawn in INK, which the page turns into its own text colour, so that a plot
reads on a light and on a dark page; the other colours are chosen to read on both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from phoenix.evaluation.intervals import Interval
from phoenix.evaluation.ranking import ActionRow, SliceRow

INK = "#010203"
BLUE, ORANGE, GREEN, PURPLE, GREY = "#3b8fd9", "#e08e2b", "#43a367", "#b565c0", "#8a8f98"
_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, "#d9534f", "#26a6a4")
_COUNT_MIN = 30
_SHOWN_ACTIONS = ("favorite", "reply", "repost", "click", "dwell", "follow_author")


def draw_calibration(axes: Any, rows: Sequence[ActionRow]) -> None:
    """Observed share against predicted probability, by logarithm, of some actions."""
    chosen = [row for row in rows if row.action in _SHOWN_ACTIONS]
    lowest = 1.0
    for row, colour in zip(chosen, _COLOURS, strict=False):
        points = row.calibration
        seen = (points.observed > 0) & (points.counts >= _COUNT_MIN)
        if not seen.any():
            continue
        predicted, observed = points.predicted[seen], points.observed[seen]
        axes.plot(
            predicted, observed, marker="o", markersize=3.5, linewidth=1, color=colour,
            label=f"{row.action} (ECE {points.error:.4f})",
        )  # fmt: skip
        lowest = min(lowest, float(predicted.min()), float(observed.min()))
    low = max(lowest * 0.7, 1e-5)
    axes.plot([low, 1], [low, 1], linestyle=":", linewidth=1, color=GREY, label="perfect")
    axes.set(xscale="log", yscale="log", xlim=(low, 1), ylim=(low, 1))
    axes.set(xlabel="predicted probability", ylabel="observed share")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def draw_auc_by_slice(axes: Any, rows: Sequence[SliceRow], actions: Sequence[str]) -> None:
    """One line a slice: filled marks for the model, hollow ones for the counts."""
    places = np.arange(len(rows))[::-1]
    for action, colour in zip(actions, _COLOURS, strict=False):
        model = np.array([row.auc.get(action, np.nan) for row in rows])
        counts = np.array([row.auc_counts.get(action, np.nan) for row in rows])
        axes.plot(model, places, "o", color=colour, markersize=6, label=action)
        axes.plot(counts, places, "o", markerfacecolor="none", markeredgecolor=colour, markersize=6)
        for place, first, second in zip(places, model, counts, strict=True):
            axes.plot([first, second], [place, place], color=colour, linewidth=0.7, alpha=0.6)
    axes.axvline(0.5, color=GREY, linestyle=":", linewidth=1)
    axes.set_yticks(places, [row.name for row in rows])
    axes.set(xlabel="AUC", ylim=(-0.6, len(rows) - 0.4))
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=len(actions), frameon=False, fontsize=8
    )


def draw_bars(
    axes: Any, figures: Mapping[str, Interval], *, emphasised: Sequence[str], label: str
) -> None:
    """Horizontal bars, the largest on top, with their 95 % intervals."""
    names = sorted(figures, key=lambda name: figures[name].value)
    values = np.array([figures[name].value for name in names])
    below = values - np.array([figures[name].low for name in names])
    above = np.array([figures[name].high for name in names]) - values
    colours = [BLUE if name in emphasised else GREY for name in names]
    axes.barh(
        np.arange(len(names)), values, color=colours, height=0.66,
        xerr=np.nan_to_num(np.stack([below, above])), ecolor=INK, capsize=2,
        error_kw={"linewidth": 0.8},
    )  # fmt: skip
    end = max(float(np.nan_to_num(values + above).max(initial=0.0)), 1e-9)
    for place, (value, over) in enumerate(zip(values, np.nan_to_num(above), strict=True)):
        axes.text(value + over + 0.012 * end, place, f"{value:.3f}", va="center", fontsize=8)
    axes.set_yticks(np.arange(len(names)), names)
    axes.set(xlabel=label, xlim=(0, end * 1.12))


def draw_recall(axes: Any, curves: Mapping[str, np.ndarray], depths: np.ndarray) -> None:
    """Recall against depth, by logarithm. curves: by ranker, one share a depth."""
    for (name, shares), colour in zip(curves.items(), _COLOURS, strict=False):
        axes.plot(depths, shares, color=colour, linewidth=1.6, label=name)
    axes.set(xscale="log", xlabel="posts taken from the top", ylabel="recall", ylim=(0, None))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def draw_estimates(
    axes: Any,
    names: Sequence[str],
    estimates: Mapping[str, Sequence[Interval]],
    *,
    truth: np.ndarray,
) -> None:
    """Estimates with intervals beside the truth, one group a name."""
    places = np.arange(len(names))[::-1].astype(float)
    shift = np.linspace(0.2, -0.2, len(estimates))
    for (method, intervals), offset, colour in zip(
        estimates.items(), shift, _COLOURS, strict=False
    ):
        values = np.array([each.value for each in intervals])
        spans = np.array([[each.value - each.low, each.high - each.value] for each in intervals])
        axes.errorbar(
            values, places + offset, xerr=np.nan_to_num(spans.T), fmt="o", markersize=4,
            capsize=2, color=colour, linewidth=1.2, label=method,
        )  # fmt: skip
    axes.vlines(truth, places - 0.32, places + 0.32, color=INK, linewidth=1.4, label="truth")
    axes.set_yticks(places, list(names))
    axes.set(xlabel="a slot", xlim=(0, None), ylim=(-0.6, len(names) - 0.4))
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False, fontsize=8)


def draw_learning_curve(axes: Any, steps: np.ndarray, losses: np.ndarray) -> None:
    """Loss by step of one model."""
    mark = "o" if len(steps) < 30 else None
    axes.plot(steps, losses, color=BLUE, linewidth=1.4, marker=mark, markersize=3.5)
    axes.set(xlabel="step", ylabel="loss")
