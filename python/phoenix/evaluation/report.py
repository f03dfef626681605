"""`--report DIR`: report.json, report.md and report.html of one evaluation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phoenix.evaluation.page import html_page
from phoenix.evaluation.sections import Section, Table, Target, number, plain

FILES = ("report.json", "report.md", "report.html")


@dataclass(frozen=True)
class Report:
    """Sections in order. facts: (name, value) of what was evaluated, and how."""

    title: str
    command: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        """Of all sections."""
        return tuple(target for section in self.sections for target in section.targets)

    def targets_table(self) -> Table:
        """Which required figures hold."""
        rows = tuple(
            (each.name, number(each.value), each.rule, "holds" if each.holds else "MISSED",
             f"`{each.command}`")
            for each in self.targets
        )  # fmt: skip
        return Table("", ("target", "measured", "required", "verdict", "command"), rows)


def report_json(report: Report) -> dict[str, Any]:
    """Everything, as plain values; figures that do not exist are null."""
    return plain(
        {
            "title": report.title,
            "command": report.command,
            "facts": dict(report.facts),
            "targets": [
                {
                    "name": each.name,
                    "value": each.value,
                    "rule": each.rule,
                    "holds": each.holds,
                    "command": each.command,
                }
                for each in report.targets
            ],
            "sections": {
                section.name: {
                    "title": section.title,
                    "command": section.command,
                    "notes": section.notes,
                    "lines": section.lines,
                }
                for section in report.sections
            },
        }
    )


def report_markdown(report: Report) -> str:
    """The tables, each section with its command."""
    parts = [f"# {report.title}", f"`{report.command}`"]
    parts.append("\n".join(f"- {name}: {value}" for name, value in report.facts))
    if report.targets:
        parts += ["## Targets", report.targets_table().markdown().strip()]
    for section in report.sections:
        parts += [f"## {section.title}", f"`{section.command}`", section.text()]
    return "\n\n".join(parts) + "\n"


def write_report(report: Report, directory: Path) -> Sequence[Path]:
    """Writes the three files and returns their paths. Each is whole or absent.

    Raises:
      EvaluationError: There is no matplotlib.
      OSError: The directory cannot be written.
    """
    contents = {
        "report.html": html_page(report),
        "report.md": report_markdown(report),
        "report.json": json.dumps(report_json(report), indent=2) + "\n",
    }
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        partial = directory / f".{name}.partial"
        partial.write_text(content, encoding="utf-8")
        partial.replace(directory / name)
    return [directory / name for name in FILES]
