"""Writes a demo world as import files (gzipped JSON Lines) into a directory."""

import gzip
import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from phoenix.data.personas import FIRST_USER_ID, PERSONAS

_LINES_A_WRITE = 4_096


def write_lines(directory: Path, name: str, lines: Iterable[str]) -> int:
    """Writes DIR/<name>.jsonl.gz and returns the number of lines.

    The same lines give the same bytes (no time stamp inside). The file appears when complete.
    """
    final = directory / f"{name}.jsonl.gz"
    partial = final.with_suffix(".partial")
    count = 0
    with partial.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed:
        rest = iter(lines)
        while block := list(islice(rest, _LINES_A_WRITE)):
            packed.write(("\n".join(block) + "\n").encode())
            count += len(block)
    partial.replace(final)
    return count


def write_personas(directory: Path) -> None:
    """Writes DIR/personas.json: user id, handle, name and the sentence of each persona."""
    rows = [
        {
            "userId": str(FIRST_USER_ID + index),
            "handle": persona.handle,
            "displayName": persona.display_name,
            "sees": persona.sees,
        }
        for index, persona in enumerate(PERSONAS)
    ]
    text = json.dumps(rows, ensure_ascii=False, indent=2)
    (directory / "personas.json").write_text(text + "\n", encoding="utf-8")
