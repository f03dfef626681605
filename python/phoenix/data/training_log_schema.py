"""Columns of the training log's Parquet files; src/store/training-log/log-columns.ts has the same.

Layout: impressions/hour=2026-11-26T02/part-....parquet and actions/hour=.../part-....parquet,
hours in UTC. Null = not known.
"""

from typing import Literal

import pyarrow

from phoenix.gen.actions import ACTIONS, ACTIONS_SHA256, DISCRETE_COUNT

VERSION = 1

Kind = Literal["impressions", "actions"]

OUTCOME_NAMES = tuple(action.name for action in ACTIONS[:DISCRETE_COUNT])

_TIME = pyarrow.timestamp("ms", tz="UTC")


def _required(name: str, kind: pyarrow.DataType) -> pyarrow.Field:
    return pyarrow.field(name, kind, nullable=False)


IMPRESSIONS = pyarrow.schema([
    pyarrow.field("request_id", pyarrow.string()),
    _required("viewer_id", pyarrow.int64()),
    # What the ranker judged: the original of a repost.
    _required("post_id", pyarrow.int64()),
    pyarrow.field("author_id", pyarrow.int64()),
    _required("shown_post_id", pyarrow.int64()),
    _required("position", pyarrow.int32()),
    pyarrow.field("surface", pyarrow.string()),
    _required("impressed_at", _TIME),
    pyarrow.field("ranked_at", _TIME),
    pyarrow.field("post_created_at", _TIME),
    pyarrow.field("source", pyarrow.string()),
    pyarrow.field("propensity", pyarrow.float64()),
    pyarrow.field("model_version", pyarrow.string()),
    pyarrow.field("weights_version", pyarrow.string()),
    *(_required(name, pyarrow.uint8()) for name in OUTCOME_NAMES),
    pyarrow.field("dwell_ms", pyarrow.int32()),
])  # fmt: skip

ACTIONS_DONE = pyarrow.schema([
    _required("viewer_id", pyarrow.int64()),
    _required("post_id", pyarrow.int64()),
    pyarrow.field("author_id", pyarrow.int64()),
    pyarrow.field("post_created_at", _TIME),
    _required("action", pyarrow.string()),
    # False takes earlier ones of the same kind back.
    _required("is_active", pyarrow.bool_()),
    _required("acted_at", _TIME),
    pyarrow.field("dwell_ms", pyarrow.int32()),
    pyarrow.field("request_id", pyarrow.string()),
])  # fmt: skip

SCHEMAS: dict[Kind, pyarrow.Schema] = {"impressions": IMPRESSIONS, "actions": ACTIONS_DONE}

_VERSION_KEY = "homefeed.training_log.version"
_KIND_KEY = "homefeed.training_log.kind"
_ACTIONS_KEY = "homefeed.actions_sha256"


def metadata_of(kind: Kind) -> dict[str, str]:
    """Key-value metadata of every file."""
    return {
        _VERSION_KEY: str(VERSION),
        _KIND_KEY: kind,
        "homefeed.training_log.final": "true",
        _ACTIONS_KEY: ACTIONS_SHA256,
    }


def check_metadata(name: str, kind: Kind, found: dict[str, str]) -> None:
    """Raises ValueError, naming the file, unless this release can read it."""
    version = found.get(_VERSION_KEY)
    if version is None:
        raise ValueError(f"{name}: no training log, its metadata lacks {_VERSION_KEY}")
    if version != str(VERSION):
        raise ValueError(f"{name}: schema version {version}, expected {VERSION}")
    if found.get(_KIND_KEY) != kind:
        raise ValueError(f"{name}: it holds {found.get(_KIND_KEY)}, expected {kind}")
    if found.get(_ACTIONS_KEY) != ACTIONS_SHA256:
        raise ValueError(
            f"{name}: written with another schema/actions.json (SHA-256 "
            f"{found.get(_ACTIONS_KEY)}, expected {ACTIONS_SHA256})"
        )


def check_columns(name: str, kind: Kind, found: pyarrow.Schema) -> None:
    """Raises ValueError, naming file and column, where one is missing or of another type."""
    for column in SCHEMAS[kind]:
        if column.name not in found.names:
            raise ValueError(f"{name}: column {column.name} is missing, expected {column.type}")
        type_found = found.field(column.name).type
        if type_found != column.type:
            raise ValueError(
                f"{name}: column {column.name} is {type_found}, expected {column.type}"
            )
