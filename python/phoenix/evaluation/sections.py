"""What an evaluation hands to whoever shows it: tables, figures, and JSON lines."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phoenix.evaluation.intervals import Interval

NOTHING = "n/a"
"""Stands in a table where there is no figure."""


@dataclass(frozen=True)
class Table:
    """Cells are text already. The first column names the row; emphasis: rows to set in bold."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    emphasis: frozenset[str] = frozenset()

    def markdown(self) -> str:
        """A Markdown table under its caption."""
        lines = [
            self.caption,
            "",
            "| " + " | ".join(self.header) + " |",
            "|" + "---|" * len(self.header),
        ]
        for row in self.rows:
            first = f"**{row[0]}**" if row[0] in self.emphasis else row[0]
            lines.append("| " + " | ".join((first, *row[1:])) + " |")
        return "\n".join(lines)


@dataclass(frozen=True)
class Figure:
    """A plot. draw: fills a matplotlib Axes (typed loosely: matplotlib is imported late)."""

    caption: str
    draw: Callable[[Any], None]
    width_inches: float = 6.4
    height_inches: float = 4.0


@dataclass(frozen=True)
class Target:
    """A required figure. rule: as people say it. command: what measures it again."""

    name: str
    value: float
    rule: str
    holds: bool
    command: str


@dataclass(frozen=True)
class Section:
    """One evaluation.

    notes: sentences above the tables. lines: what --json prints, one object a line.
    """

    name: str
    title: str
    command: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]
    lines: tuple[Mapping[str, Any], ...]
    targets: tuple[Target, ...] = ()

    def text(self) -> str:
        """Notes and tables, for a terminal and for Markdown."""
        return "\n\n".join([*self.notes, *(table.markdown() for table in self.tables)])


def number(value: float, digits: int = 4) -> str:
    """A figure for a table; or NOTHING where there is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else NOTHING


def with_ends(interval: Interval, digits: int = 4) -> str:
    """A figure with the ends of its interval."""
    if not math.isfinite(interval.value):
        return NOTHING
    low, high = number(interval.low, digits), number(interval.high, digits)
    return f"{number(interval.value, digits)} ({low} to {high})"


def count(value: int) -> str:
    """A whole number with thousands set off."""
    return f"{value:,}"


def plain(value: Any) -> Any:
    """JSON for Python's and numpy's values; NaN and infinity become null."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value
