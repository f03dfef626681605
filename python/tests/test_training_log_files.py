"""The training log's files: one format, whoever wrote it; refusals that name file and column."""

from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from phoenix.data.demo_log import main as write_demo_log
from phoenix.data.posts import HOUR_MS
from phoenix.data.training_log import UNATTRIBUTED, load_training_log
from phoenix.data.training_log_schema import ACTIONS_DONE, IMPRESSIONS, SCHEMAS, Kind, metadata_of
from phoenix.data.world import create_world, world_training_log

NOW_MS = 1_793_491_200_000
HOUR = "hour=2026-11-26T02"
SHOWN = {
    "request_id": "r",
    "viewer_id": 7,
    "post_id": 50,
    "author_id": 9,
    "shown_post_id": 60,
    "position": 300,
    "surface": "search",
    "impressed_at": NOW_MS,
    "ranked_at": NOW_MS - 5,
    "post_created_at": NOW_MS - HOUR_MS,
    "source": "explored",
    "propensity": 0.25,
    "model_version": "m",
    "weights_version": "w",
    "dwell_ms": 1_500,
}
DONE = {
    "viewer_id": 7,
    "post_id": 50,
    "author_id": 9,
    "post_created_at": NOW_MS - HOUR_MS,
    "action": "favorite",
    "is_active": True,
    "acted_at": NOW_MS + 10,
    "dwell_ms": None,
    "request_id": None,
}


def _write(directory: Path, kind: Kind, rows: list[dict[str, object]], name: str = "a") -> Path:
    schema = SCHEMAS[kind]
    empty = {field.name: 0 for field in schema if field.type == pyarrow.uint8()}
    columns = {
        field.name: pyarrow.array([{**empty, **row}[field.name] for row in rows]).cast(field.type)
        for field in schema
    }
    path = directory / kind / HOUR / f"part-{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.Table.from_pydict(columns, schema=schema.with_metadata(metadata_of(kind)))
    parquet.write_table(table, path)
    return path


def test_the_demo_worlds_log_is_read_back(tmp_path: Path) -> None:
    options = ["--now", str(NOW_MS), "--scale", "0.05", "--days", "3"]
    assert write_demo_log(["--out", str(tmp_path), *options]) == 0
    loaded = load_training_log(tmp_path)
    world = create_world(7, NOW_MS, scale=0.05, from_ms=NOW_MS - 3 * 24 * HOUR_MS)
    log = world_training_log(world)
    # The order of rows of one millisecond is the file's own.
    order = np.lexsort((log.position, log.viewer_id, log.at_ms))
    mine = np.lexsort((loaded.position, loaded.viewer_id, loaded.at_ms))
    assert len(loaded) == len(log) > 1_000
    same = (
        "viewer_id", "post_id", "author_id", "at_ms", "post_created_at_ms", "position",
        "surface", "source", "propensity", "outcomes",
    )  # fmt: skip
    for name in same:
        assert np.array_equal(getattr(log, name)[order], getattr(loaded, name)[mine]), name
    assert np.abs(log.dwell_seconds[order] - loaded.dwell_seconds[mine]).max() < 0.0011
    # The same impressions share a request.
    expected = np.unique(log.request_id[order], return_inverse=True)[1]
    pairs = np.unique(np.stack([expected, loaded.request_id[mine]]), axis=1)
    assert pairs.shape[1] == len(np.unique(expected)) == len(np.unique(loaded.request_id))
    assert loaded.ranked_at_ms.max() == 0
    assert len(loaded.deeds().viewer_id) == int(log.outcomes.any(axis=1).sum())


def test_times_ids_and_unknowns_become_numbers(tmp_path: Path) -> None:
    unknown = dict.fromkeys(
        ("request_id", "author_id", "surface", "ranked_at", "post_created_at", "source",
         "propensity", "model_version", "weights_version", "dwell_ms")
    )  # fmt: skip
    later = {**SHOWN, **unknown, "impressed_at": NOW_MS + 1, "post_id": 2**63 - 1, "reply": 1}
    _write(tmp_path, "impressions", [later, SHOWN, {**later, "impressed_at": NOW_MS + 2}])
    log = load_training_log(tmp_path)
    assert log.at_ms.tolist() == [NOW_MS, NOW_MS + 1, NOW_MS + 2]
    assert log.post_id.tolist() == [50, 2**63 - 1, 2**63 - 1]
    assert log.author_id.tolist() == [9, 0, 0]
    assert log.ranked_at_ms.tolist() == [NOW_MS - 5, 0, 0]
    assert log.position.tolist() == [300, 300, 300]
    assert (log.surface[0], log.source[0], log.propensity[0]) == (3, 2, 0.25)
    assert log.dwell_seconds.tolist() == [1.5, 0, 0]
    assert log.outcomes[:, 1].tolist() == [0, 1, 1]
    # Nobody knows that the last two belong together.
    assert len(np.unique(log.request_id)) == 3


def test_what_was_taken_back_is_no_deed(tmp_path: Path) -> None:
    rows = [
        DONE,
        {**DONE, "acted_at": NOW_MS + 20, "is_active": False},
        {**DONE, "acted_at": NOW_MS + 30, "request_id": "r"},
        {**DONE, "acted_at": NOW_MS + 5, "post_id": 51},
        {**DONE, "acted_at": NOW_MS + 6, "action": "dwell_time", "dwell_ms": 700},
        {**DONE, "acted_at": NOW_MS + 7, "author_id": None},
        {**DONE, "acted_at": NOW_MS + 8, "post_id": 52, "action": "reply", "is_active": False},
    ]
    _write(tmp_path, "impressions", [SHOWN])
    _write(tmp_path, "actions", rows)
    deeds = load_training_log(tmp_path).deeds()
    assert (deeds.at_ms - NOW_MS).tolist() == [5, 6, 30]
    assert deeds.actions[:, 0].tolist() == [1, 0, 1]
    assert deeds.dwell_seconds.tolist() == [0, np.float32(0.7), 0]
    log = load_training_log(tmp_path)
    assert deeds.request_id.tolist() == [UNATTRIBUTED, UNATTRIBUTED, log.request_id[0]]


def test_one_file_alone_is_a_log_and_unfinished_ones_are_none(tmp_path: Path) -> None:
    path = _write(tmp_path, "impressions", [SHOWN])
    (path.parent / ".unfinished-part-b.parquet").write_bytes(b"torn")
    assert len(load_training_log(tmp_path)) == len(load_training_log(path)) == 1


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere: no such training log"):
        load_training_log(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"expected impressions/hour=\.\.\./"):
        load_training_log(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("homefeed.training_log.version", "2", "schema version 2, expected 1"),
        ("homefeed.training_log.kind", "actions", "it holds actions, expected impressions"),
        ("homefeed.actions_sha256", "0", r"another schema/actions\.json \(SHA-256 0, expected"),
    ],
)
def test_another_schema_is_refused(tmp_path: Path, key: str, value: str, message: str) -> None:
    path = _write(tmp_path, "impressions", [SHOWN])
    table = parquet.ParquetFile(path).read()
    metadata = {**metadata_of("impressions"), key: value}
    parquet.write_table(table.replace_schema_metadata(metadata), path)
    with pytest.raises(ValueError, match=message) as raised:
        load_training_log(tmp_path)
    assert str(path) in str(raised.value)


def test_a_wrong_column_is_refused_by_name(tmp_path: Path) -> None:
    path = _write(tmp_path, "impressions", [SHOWN])
    table = parquet.ParquetFile(path).read()
    at = IMPRESSIONS.get_field_index("position")
    wrong = table.set_column(at, "position", table.column("position").cast(pyarrow.int64()))
    parquet.write_table(wrong, path)
    with pytest.raises(ValueError, match="column position is int64, expected int32"):
        load_training_log(tmp_path)
    parquet.write_table(table.drop_columns(["share"]), path)
    with pytest.raises(ValueError, match="column share is missing, expected uint8"):
        load_training_log(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=f"{path.name}: no Parquet file, or a torn one"):
        load_training_log(tmp_path)


def test_both_schemas_name_every_column_once() -> None:
    for schema in (IMPRESSIONS, ACTIONS_DONE):
        assert len(set(schema.names)) == len(schema.names)
