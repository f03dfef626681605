"""The training log as Parquet files, written by the gateway or from a demo world.

One format for both, so that what trains on one trains on the other.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.compute
from jaxtyping import Int64, UInt8
from pyarrow import parquet

from phoenix.data.posts import HOUR_MS
from phoenix.data.tastes import SURFACES
from phoenix.data.training_log import SOURCES, UNATTRIBUTED, Deeds, TrainingLog
from phoenix.data.training_log_schema import (
    IMPRESSIONS,
    OUTCOME_NAMES,
    SCHEMAS,
    Kind,
    check_columns,
    check_metadata,
    metadata_of,
)
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT

_ROWS_PER_GROUP = 100_000
_INDEX_OF_ACTION = {action.name: action.index for action in ACTIONS}


def _files(path: Path, kind: Kind) -> list[Path]:
    """Parquet files of one kind, by hour; unfinished ones begin with a dot."""
    if path.is_file():
        return [path] if kind == "impressions" else []
    return sorted(path.glob(f"{kind}/hour=*/[!.]*.parquet"))


def _read_file(path: Path, kind: Kind) -> pyarrow.Table:
    try:
        # By its handle: a name with `hour=` in it would be taken for a column.
        file = parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as fault:
        raise ValueError(f"{path}: no Parquet file, or a torn one ({fault})") from fault
    with file:
        stored = file.schema_arrow.metadata or {}
        found = {key.decode(): value.decode() for key, value in stored.items()}
        check_metadata(str(path), kind, found)
        check_columns(str(path), kind, file.schema_arrow)
        table = file.read(columns=SCHEMAS[kind].names)
    for column in SCHEMAS[kind]:
        if not column.nullable and table.column(column.name).null_count:
            raise ValueError(f"{path}: column {column.name} has nulls, expected none")
    return table.replace_schema_metadata(None).cast(SCHEMAS[kind])


def _read(path: Path, kind: Kind) -> pyarrow.Table:
    tables = [_read_file(file, kind) for file in _files(path, kind)]
    return pyarrow.concat_tables(tables) if tables else SCHEMAS[kind].empty_table()


def _integers(table: pyarrow.Table, name: str) -> Int64[np.ndarray, " n"]:
    """A column of integers or times as int64, 0 where it is not known."""
    column = table.column(name)
    if pyarrow.types.is_timestamp(column.type):
        column = column.cast(pyarrow.int64())
    return column.fill_null(0).to_numpy().astype(np.int64)


def _seconds(table: pyarrow.Table) -> np.ndarray:
    return (_integers(table, "dwell_ms") / 1_000).astype(np.float32)


def _index_in(column: pyarrow.Array, known: pyarrow.Array) -> pyarrow.Array:
    """The place of each value in `known`, null where it is not there."""
    options = pyarrow.compute.SetLookupOptions(value_set=known)
    return pyarrow.compute.call_function("index_in", [column], options)


def _numbers_of(
    table: pyarrow.Table, name: str, known: tuple[str, ...], unknown: int
) -> UInt8[np.ndarray, " n"]:
    """Places of a column's texts in `known`; `unknown` for null and for others."""
    places = _index_in(table.column(name).combine_chunks(), pyarrow.array(known))
    return places.fill_null(unknown).to_numpy(zero_copy_only=False).astype(np.uint8)


def _request_numbers(
    impressions: pyarrow.Table, actions: pyarrow.Table
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " a"], list[str]]:
    """The same number for the same request; one of its own for each impression without one.

    Also the requests' names, by number.
    """
    shown = impressions.column("request_id").combine_chunks()
    done = actions.column("request_id").combine_chunks()
    requests = pyarrow.concat_arrays([shown, done]).drop_null().unique()

    def numbers(column: pyarrow.Array) -> Int64[np.ndarray, " m"]:
        places = _index_in(column, requests)
        return places.fill_null(UNATTRIBUTED).to_numpy(zero_copy_only=False).astype(np.int64)

    of_shown = numbers(shown)
    alone = np.flatnonzero(of_shown == UNATTRIBUTED)
    of_shown[alone] = len(requests) + np.arange(len(alone))
    return of_shown, numbers(done), requests.to_pylist()


def _without_withdrawn(table: pyarrow.Table) -> pyarrow.Table:
    """Actions that stand at the end of the log.

    What is taken back leaves the gateway's history, with all of its kind on that post before it.
    """
    count = len(table)
    if count == 0:
        return table
    viewer, post = _integers(table, "viewer_id"), _integers(table, "post_id")
    action = _numbers_of(table, "action", tuple(_INDEX_OF_ACTION), 255)
    active = table.column("is_active").to_numpy()
    order = np.lexsort((np.arange(count), _integers(table, "acted_at"), action, post, viewer))
    opens = np.ones(count, bool)
    keys = np.stack([viewer, post, action.astype(np.int64)])[:, order]
    opens[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    group = np.cumsum(opens) - 1
    # Place of each group's last withdrawal: rows up to it are gone.
    last = np.full(int(group[-1]) + 1, -1)
    withdrawn = np.flatnonzero(~active[order])
    np.maximum.at(last, group[withdrawn], withdrawn)
    stands = np.zeros(count, bool)
    stands[order] = np.arange(count) > last[group]
    return table.filter(pyarrow.array(stands))


def _deeds(table: pyarrow.Table, request_id: Int64[np.ndarray, " a"]) -> Deeds:
    table = table.append_column("request", pyarrow.array(request_id))
    table = _without_withdrawn(table)
    # The gateway has no token for an action on a post whose author nobody knows.
    table = table.filter(table.column("author_id").is_valid())
    index = _numbers_of(table, "action", tuple(_INDEX_OF_ACTION), 255)
    order = np.lexsort((index, _integers(table, "post_id"), _integers(table, "acted_at")))
    table, index = table.take(pyarrow.array(order)), index[order]
    actions = np.zeros((len(index), DISCRETE_COUNT), np.uint8)
    discrete = np.flatnonzero(index < DISCRETE_COUNT)
    actions[discrete, index[discrete]] = 1
    return Deeds(
        viewer_id=_integers(table, "viewer_id"),
        post_id=_integers(table, "post_id"),
        author_id=_integers(table, "author_id"),
        post_created_at_ms=_integers(table, "post_created_at"),
        at_ms=_integers(table, "acted_at"),
        request_id=_integers(table, "request"),
        actions=actions,
        dwell_seconds=_seconds(table),
    )


def read_log(path: Path) -> TrainingLog:
    """See load_training_log."""
    return read_log_and_requests(path)[0]


def read_log_and_requests(path: Path) -> tuple[TrainingLog, list[str]]:
    """A log, and the names of its requests by their number. Raises as load_training_log."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such training log")
    if not _files(path, "impressions"):
        raise FileNotFoundError(
            f"{path}: no training log there, expected impressions/hour=.../*.parquet"
        )
    table, done = _read(path, "impressions"), _read(path, "actions")
    request_id, action_request_id, requests = _request_numbers(table, done)
    outcomes = np.stack([table.column(name).to_numpy() for name in OUTCOME_NAMES], axis=1)
    propensity = table.column("propensity").fill_null(1.0).to_numpy().astype(np.float32)
    order = np.lexsort((
        _integers(table, "position"), request_id, _integers(table, "viewer_id"),
        _integers(table, "impressed_at"),
    ))  # fmt: skip
    deeds = _deeds(done, action_request_id)
    log = TrainingLog(
        request_id=request_id[order],
        viewer_id=_integers(table, "viewer_id")[order],
        post_id=_integers(table, "post_id")[order],
        author_id=_integers(table, "author_id")[order],
        at_ms=_integers(table, "impressed_at")[order],
        post_created_at_ms=_integers(table, "post_created_at")[order],
        position=_integers(table, "position").astype(np.int32)[order],
        surface=_numbers_of(table, "surface", SURFACES, SURFACES.index("home"))[order],
        source=_numbers_of(table, "source", SOURCES, SOURCES.index("retrieval"))[order],
        propensity=propensity[order],
        outcomes=outcomes.reshape(-1, DISCRETE_COUNT).astype(np.uint8)[order],
        dwell_seconds=_seconds(table)[order],
        ranked_at_ms=_integers(table, "ranked_at")[order],
        **{f"action_{name}": column for name, column in vars(deeds).items()},
    )
    return log, requests


def _table(log: TrainingLog, request_names: np.ndarray) -> pyarrow.Table:
    """The impressions of a log that has no deeds beyond its outcomes."""
    none = pyarrow.nulls(len(log), pyarrow.string())
    ranked = log.ranked_at_ms if len(log.ranked_at_ms) else np.zeros(len(log), np.int64)
    # Whole milliseconds, cut as in the import files.
    dwell_ms = np.floor(log.dwell_seconds.astype(np.float64) * 1_000).astype(np.int32)
    columns = {
        "request_id": pyarrow.array(request_names),
        "viewer_id": log.viewer_id,
        "post_id": log.post_id,
        "author_id": log.author_id,
        "shown_post_id": log.post_id,
        "position": log.position.astype(np.int32),
        "surface": pyarrow.array(np.array(SURFACES)[log.surface].tolist()),
        "impressed_at": log.at_ms,
        "ranked_at": pyarrow.array(ranked, mask=ranked == 0),
        "post_created_at": log.post_created_at_ms,
        "source": pyarrow.array(np.array(SOURCES)[log.source].tolist()),
        "propensity": log.propensity.astype(np.float64),
        "model_version": none,
        "weights_version": none,
        **{name: log.outcomes[:, at] for at, name in enumerate(OUTCOME_NAMES)},
        "dwell_ms": dwell_ms,
    }
    arrays = [pyarrow.array(columns[each.name]).cast(each.type) for each in IMPRESSIONS]
    return pyarrow.Table.from_arrays(arrays, schema=IMPRESSIONS)


def _hours(at_ms: Int64[np.ndarray, " n"]) -> Iterator[tuple[str, slice]]:
    """Name and rows of each hour of a log in time order."""
    hour = at_ms // HOUR_MS
    starts = np.flatnonzero(np.diff(hour, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(hour)], strict=True):
        moment = np.datetime64(int(hour[start]) * HOUR_MS, "ms")
        yield f"hour={np.datetime_as_string(moment, unit='h')}", slice(int(start), int(end))


def write_log(log: TrainingLog, directory: Path) -> int:
    """Writes impressions as files that `read_log` and DuckDB read; returns how many files.

    Raises:
      ValueError: If the log has deeds of its own (only the gateway writes those).
    """
    if len(log.action_viewer_id):
        raise ValueError("the log has actions of its own, expected outcomes alone")
    names = np.char.mod("demo-%d", log.request_id)
    table = _table(log, names).replace_schema_metadata(metadata_of("impressions"))
    count = 0
    for hour, rows in _hours(log.at_ms):
        folder = directory / "impressions" / hour
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / ".unfinished-part-demo-0000.parquet"
        part = table.slice(rows.start, rows.stop - rows.start)
        parquet.write_table(part, unfinished, row_group_size=_ROWS_PER_GROUP)
        unfinished.replace(folder / "part-demo-0000.parquet")
        count += 1
    return count
