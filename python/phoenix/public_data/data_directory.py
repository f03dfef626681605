"""Where a public data set lies, and what to say when it does not."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PublicDataSet:
    """A data set that this repository may not or does not hold."""

    name: str
    variable: str
    source: str


MOVIELENS = PublicDataSet(
    name="MovieLens-1M",
    variable="HOMEFEED_ML1M_DIR",
    source="https://grouplens.org/datasets/movielens/1m/ (unpack it; the directory holds "
    "ratings.dat)",
)
COMMUNITY_NOTES = PublicDataSet(
    name="Community Notes",
    variable="HOMEFEED_BIRDWATCH_DIR",
    source="https://communitynotes.x.com/guide/en/under-the-hood/download-data (the snapshot of "
    "2021-03-25: ratings-00000.tsv.gz and notes-00000.tsv.gz)",
)


def data_directory(data_set: PublicDataSet, given: Path | None) -> Path | None:
    """The directory of the command line, or else of the environment; None when neither says."""
    if given is not None:
        return given
    named = os.environ.get(data_set.variable)
    return Path(named) if named else None


def skipped_sentence(data_set: PublicDataSet) -> str:
    """What is not measured, and how to have it measured."""
    return (
        f"{data_set.name} is skipped: it does not come with this repository. Get it from "
        f"{data_set.source}, then name its directory with --data DIR or {data_set.variable}."
    )
