"""Community Notes ratings (the snapshot of 2021-03-25) in the order in which they were made."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int32, Int64, UInt8

RATINGS_FILE = "ratings-00000.tsv.gz"
NOTES_FILE = "notes-00000.tsv.gz"
TRAINING_SHARE = 0.8

TAGS = (
    "agree",
    "disagree",
    "helpful",
    "notHelpful",
    "helpfulOther",
    "helpfulInformative",
    "helpfulClear",
    "helpfulEmpathetic",
    "helpfulGoodSources",
    "helpfulUniqueContext",
    "notHelpfulOther",
    "notHelpfulIncorrect",
    "notHelpfulSourcesMissingOrUnreliable",
    "notHelpfulOpinionSpeculationOrBias",
    "notHelpfulMissingKeyPoints",
    "notHelpfulOutdated",
    "notHelpfulHardToUnderstand",
    "notHelpfulArgumentativeOrInflammatory",
    "notHelpfulOffTopic",
    "notHelpfulSpamHarassmentOrAbuse",
)
"""The 20 labels of a rating: the actions of this ranker, in this order."""

MISLEADING = 1
"""The bit of `surfaces` that says what the note's author called the tweet."""


@dataclass(frozen=True)
class Ratings:
    """Ratings by time, one column a field; equal times by note and rater.

    surfaces: what the author ticked when writing the note, as 4 bits: misleading 1, trustworthy
    sources 2, believable by many 4, considerable harm 8. Times in ms since 1970.
    """

    note_ids: Int64[np.ndarray, " n"]
    rater_ids: Int64[np.ndarray, " n"]
    author_ids: Int64[np.ndarray, " n"]
    surfaces: Int32[np.ndarray, " n"]
    rated_at_ms: Int64[np.ndarray, " n"]
    written_at_ms: Int64[np.ndarray, " n"]
    tags: UInt8[np.ndarray, "n 20"]

    @property
    def count(self) -> int:
        """How many ratings there are."""
        return len(self.note_ids)

    @property
    def training_count(self) -> int:
        """The first 80 % by time are for training; the rest is the test."""
        return int(TRAINING_SHARE * self.count)


def _rows(file: Path, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines with their numbers. Quoting is off: a summary may hold a lone quotation mark."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        lines = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
        head = next(lines, [])
        absent = [name for name in wanted if name not in head]
        if absent:
            raise ValueError(f"{file}: column {absent[0]} is missing")
        for number, fields in enumerate(lines, start=2):
            if len(fields) != len(head):
                raise ValueError(
                    f"{file}: line {number} has {len(fields)} fields, the header {len(head)}"
                )
            yield number, dict(zip(head, fields, strict=True))


def _participant(pseudonym: str) -> int:
    """A participant's 128-bit pseudonym (hexadecimal) as an id of 60 bits, never 0."""
    return int(pseudonym[:15], 16) or 1


@dataclass(frozen=True)
class _Note:
    author: int
    surface: int
    written_at_ms: int


def _read_notes(file: Path) -> dict[str, _Note]:
    wanted = ("noteId", "participantId", "createdAtMillis", "classification")
    wanted += ("believable", "harmful", "trustworthySources")
    notes: dict[str, _Note] = {}
    for _, row in _rows(file, wanted):
        bits = (
            row["classification"] == "MISINFORMED_OR_POTENTIALLY_MISLEADING",
            row["trustworthySources"] == "1",
            row["believable"] == "BELIEVABLE_BY_MANY",
            row["harmful"] == "CONSIDERABLE_HARM",
        )
        notes[row["noteId"]] = _Note(
            author=_participant(row["participantId"]),
            surface=sum(int(bit) << place for place, bit in enumerate(bits)),
            written_at_ms=int(row["createdAtMillis"]),
        )
    return notes


def read_ratings(directory: Path) -> Ratings:
    """The ratings of a directory with both files.

    Raises:
      ValueError, OSError: A file or a column is absent, or a rating's note; names the place.
    """
    notes = _read_notes(directory / NOTES_FILE)
    file = directory / RATINGS_FILE
    columns: list[tuple[int, ...]] = []
    tags: list[list[int]] = []
    for number, row in _rows(file, ("noteId", "participantId", "createdAtMillis", *TAGS)):
        note = notes.get(row["noteId"])
        if note is None:
            raise ValueError(f"{file}: line {number}: note {row['noteId']} is in no notes file")
        columns.append(
            (
                int(row["createdAtMillis"]),
                int(row["noteId"]),
                _participant(row["participantId"]),
                note.author,
                note.surface,
                note.written_at_ms,
            )
        )
        tags.append([int(row[tag]) for tag in TAGS])
    values = np.array(columns, np.int64).reshape(-1, 6)
    order = np.lexsort((values[:, 2], values[:, 1], values[:, 0]))
    rated, note_ids, raters, authors, surfaces, written = values[order].T
    return Ratings(
        note_ids=note_ids,
        rater_ids=raters,
        author_ids=authors,
        surfaces=surfaces.astype(np.int32),
        rated_at_ms=rated,
        written_at_ms=written,
        tags=np.array(tags, np.uint8).reshape(-1, len(TAGS))[order],
    )
