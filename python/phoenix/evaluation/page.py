"""The report as one HTML page that needs nothing else: styles and plots are inside."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from phoenix.evaluation.plots import figure_svg
from phoenix.evaluation.sections import Section, Table

if TYPE_CHECKING:
    from phoenix.evaluation.report import Report

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60656c; --line: #dfe2e6;
  --page: #ffffff; --band: #f5f6f8; --good: #18794e; --bad: #c62a2f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #9ba1a6; --line: #33383d;
  --page: #131517; --band: #1c1f22; --good: #4cc38a; --bad: #ff6369; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 78rem; background: var(--page);
  color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .4rem; line-height: 1.25; }
h2 { font-size: 1.25rem; margin: 3rem 0 .4rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
p { max-width: 62rem; margin: .5rem 0; }
code { font: 12.5px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; background: var(--band);
  padding: .1em .35em; border-radius: 4px; overflow-wrap: anywhere; }
nav a { margin-right: 1rem; }
a { color: inherit; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .4rem 0 1.6rem; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .3rem 0 .5rem; max-width: 62rem; }
th, td { padding: .32rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; }
td { white-space: nowrap; }
th { background: var(--band); font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
.words th, .words td { text-align: left; white-space: normal; }
tr.strong td { font-weight: 650; }
tbody tr:hover td { background: var(--band); }
.holds { color: var(--good); font-weight: 650; } .missed { color: var(--bad); font-weight: 650; }
figure { margin: 1.2rem 0; max-width: 46rem; }
figure svg { width: 100%; height: auto; color: var(--ink); }
figure svg text { font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif !important;
  fill: currentColor; }
figcaption { color: var(--soft); font-size: 13px; }
"""


def _cell(text: str) -> str:
    if len(text) > 1 and text.startswith("`") and text.endswith("`"):
        return f"<td><code>{escape(text[1:-1])}</code></td>"
    mark = {"holds": "holds", "MISSED": "missed"}.get(text)
    if mark is not None:
        return f'<td class="{mark}">{"✓" if mark == "holds" else "✗"} {mark}</td>'
    return f"<td>{escape(text)}</td>"


def _inline(text: str) -> str:
    """Escaped text with `code` set as code."""
    parts = escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )


def _table(table: Table, *, of_words: bool = False) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in table.header)
    rows = "\n".join(
        f"<tr{' class=strong' if row[0] in table.emphasis else ''}>"
        + "".join(_cell(each) for each in row)
        + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{_inline(table.caption)}</caption>" if table.caption else ""
    kind = ' class="words"' if of_words else ""
    return (
        f'<div class="scroll"><table{kind}>{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _section(section: Section) -> str:
    figures = "\n".join(
        f"<figure>{figure_svg(figure, f'{section.name}-{number}')}"
        f"<figcaption>{_inline(figure.caption)} <code>{escape(section.command)}</code>"
        "</figcaption></figure>"
        for number, figure in enumerate(section.figures)
    )
    notes = "\n".join(f"<p>{_inline(note)}</p>" for note in section.notes)
    tables = "\n".join(_table(table) for table in section.tables)
    return (
        f'<h2 id="{section.name}">{escape(section.title)}</h2>\n'
        f"<p><code>{escape(section.command)}</code></p>\n{notes}\n{figures}\n{tables}"
    )


def html_page(report: Report) -> str:
    """The whole page.

    Raises:
      EvaluationError: There is no matplotlib.
    """
    facts = "\n".join(f"<dt>{escape(a)}</dt><dd>{_inline(b)}</dd>" for a, b in report.facts)
    links = "".join(
        f'<a href="#{section.name}">{escape(section.title)}</a>' for section in report.sections
    )
    targets = ""
    if report.targets:
        targets = f"<h2>Targets</h2>\n{_table(report.targets_table(), of_words=True)}"
    sections = "\n".join(_section(section) for section in report.sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(report.title)}</h1>\n<p><code>{escape(report.command)}</code></p>\n"
        f"<dl>{facts}</dl>\n<nav>{links}</nav>\n{targets}\n{sections}\n</body>\n</html>\n"
    )
