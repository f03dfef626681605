"""Checkpoint directories: round trip, every kind of damage, and the command."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from phoenix.checkpoint_config import CheckpointError, Manifest, Provenance
from phoenix.checkpoint_reading import MANIFEST, file_sha256
from phoenix.checkpoints import load_checkpoint, main, npz_bytes, save_checkpoint
from tests.random_models import random_bundle, retrieval_config, small_config

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "published"
PROVENANCE = Provenance(
    git_commit="0" * 40,
    training_command="python -m phoenix.training",
    data_range_ms=(1_000, 2_000),
    item_dropout=0.3,
    metrics={"ndcg": 0.5},
)
FILES = [
    f"{kind}/{name}"
    for kind in ("ranker", "retrieval")
    for name in ("config.json", "model_params.npz", "embedding_tables.npz")
]


def _save(directory: Path, seed: int = 0) -> Manifest:
    return save_checkpoint(
        directory,
        ranker=dataclasses.replace(
            random_bundle("ranker", small_config(dwell_log_scale=True), seed),
            neutral_items_after_ms=2_000,
        ),
        retrieval=dataclasses.replace(
            random_bundle("retrieval", retrieval_config(candidate_tower="mean"), seed),
            neutral_items_after_ms=2_000,
        ),
        provenance=PROVENANCE,
        extra_files={"corpus.npz": npz_bytes({"post_ids": np.arange(3)})},
    )


def _rewrite_hash(directory: Path, file: str) -> None:
    """Makes the manifest agree with a changed file, so that the next check is reached."""
    manifest = json.loads((directory / MANIFEST).read_text())
    manifest["files"][file] = file_sha256(directory / file)
    (directory / MANIFEST).write_text(json.dumps(manifest))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    manifest = _save(tmp_path / "demo")
    checkpoint = load_checkpoint(tmp_path / "demo")
    assert checkpoint.manifest is not None
    assert checkpoint.manifest.to_json() == manifest.to_json()
    assert manifest.files.keys() == {*FILES, "corpus.npz"}
    saved = random_bundle("ranker", small_config(dwell_log_scale=True))
    loaded = checkpoint.ranker
    assert loaded.config == saved.config
    assert loaded.hashes == saved.hashes
    assert loaded.neutral_items_after_ms == 2_000
    assert loaded.parameters.keys() == saved.parameters.keys()
    for name, value in saved.parameters.items():
        np.testing.assert_array_equal(loaded.parameters[name], value)
    np.testing.assert_array_equal(loaded.tables.item, saved.tables.item)
    assert checkpoint.retrieval.config.candidate_tower == "mean"


def test_tables_are_mapped_and_not_read(tmp_path: Path) -> None:
    _save(tmp_path / "demo")
    for table in (
        load_checkpoint(tmp_path / "demo").ranker.tables.user,
        load_checkpoint(GOLDEN).retrieval.tables.item,
    ):
        assert isinstance(table.base, np.memmap)
        assert not table.flags.writeable


def test_the_version_follows_the_contents(tmp_path: Path) -> None:
    for name, seed in (("one", 0), ("two", 1), ("three", 0)):
        _save(tmp_path / name, seed)
    one, two, three = (load_checkpoint(tmp_path / name).version for name in ("one", "two", "three"))
    assert one == three != two
    assert len(load_checkpoint(GOLDEN).version) == 12


def test_saving_again_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    _save(tmp_path / "demo", 0)
    _save(tmp_path / "demo", 1)
    _save(tmp_path / "other", 1)
    assert load_checkpoint(tmp_path / "demo").version == load_checkpoint(tmp_path / "other").version
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "other"]


@pytest.mark.parametrize("file", [*FILES, "corpus.npz"])
def test_a_changed_byte_or_a_missing_file_is_refused_by_name(tmp_path: Path, file: str) -> None:
    _save(tmp_path / "demo")
    path = tmp_path / "demo" / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{file}: SHA-256 is"):
        load_checkpoint(tmp_path / "demo")
    path.unlink()
    with pytest.raises(CheckpointError, match=f"{file}: is missing"):
        load_checkpoint(tmp_path / "demo")


def test_another_vocabulary_version_or_no_manifest_is_refused(tmp_path: Path) -> None:
    _save(tmp_path / "demo")
    path = tmp_path / "demo" / MANIFEST
    manifest = json.loads(path.read_text())
    for change, message in [
        ({"actions_sha256": "0"}, "trained on another actions.json"),
        ({"format_version": 2}, "format_version must be 1, found 2"),
        ({"files": {}}, "files does not list ranker/config.json"),
        ({"ranker": manifest["ranker"] | {"pooling": "max"}}, "pooling must be one of mean, last"),
    ]:
        path.write_text(json.dumps(manifest | change))
        with pytest.raises(CheckpointError, match=message):
            load_checkpoint(tmp_path / "demo")
    del manifest["item_dropout"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="field 'item_dropout' is missing"):
        load_checkpoint(tmp_path / "demo")
    path.unlink()
    with pytest.raises(CheckpointError, match=r"manifest\.json: is missing"):
        load_checkpoint(tmp_path / "demo")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "published")
    return tmp_path / "published"


def _change_arrays(path: Path, changes: dict[str, np.ndarray | None]) -> None:
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files} | changes
    kept = {name: value for name, value in arrays.items() if value is not None}
    path.write_bytes(npz_bytes(kept))


@pytest.mark.parametrize(
    ("file", "key", "value", "message"),
    [
        (
            "ranker/model_params.npz",
            "phoenix_model/unembeddings",
            np.zeros((32, 63), np.float32),
            r"expected shape \(32, 64\), found \(32, 63\)",
        ),
        (
            "retrieval/model_params.npz",
            "phoenix_retrieval_model/proj_mat_1",
            None,
            r"expected shape \(64, 32\), found no such key",
        ),
        (
            "ranker/model_params.npz",
            "phoenix_model/proj_mat_1",
            np.full((64, 32), np.nan, np.float32),
            r"expected finite numbers, found nan at \[0, 0\]",
        ),
        (
            "ranker/embedding_tables.npz",
            "item_embeddings",
            np.zeros((1500, 31), np.float32),
            r"expected shape \(1500, 32\), found \(1500, 31\)",
        ),
        ("ranker/embedding_tables.npz", "user_embeddings", None, "found no such key"),
        (
            "ranker/embedding_tables.npz",
            "author_embeddings",
            np.zeros((300, 32), np.float64),
            "expected float32, found float64",
        ),
    ],
)
def test_a_wrong_array_is_named(
    published: Path, file: str, key: str, value: np.ndarray | None, message: str
) -> None:
    _change_arrays(published / file, {key: value})
    with pytest.raises(CheckpointError, match=f"{file}: key {key}: .*{message}"):
        load_checkpoint(published)


@pytest.mark.parametrize("file", ["ranker/model_params.npz", "retrieval/embedding_tables.npz"])
def test_a_torn_file_is_named(published: Path, file: str) -> None:
    content = (published / file).read_bytes()
    (published / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=f"{file}: torn"):
        load_checkpoint(published)


def test_a_wrong_config_is_named(published: Path) -> None:
    path = published / "ranker" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "num_item_hashes": 3}))
    with pytest.raises(CheckpointError, match=r"ranker/config.json: num_item_hashes is 3"):
        load_checkpoint(published)
    path.write_text(json.dumps({key: config[key] for key in config if key != "key_size"}))
    with pytest.raises(CheckpointError, match=r"ranker/config.json: key 'key_size' is missing"):
        load_checkpoint(published)


def test_compressed_archives_load_too(published: Path) -> None:
    path = published / "ranker" / "embedding_tables.npz"
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    np.savez_compressed(path, allow_pickle=False, **arrays)
    loaded = load_checkpoint(published).ranker.tables.item
    np.testing.assert_array_equal(loaded, arrays["item_embeddings"])


def test_a_retrieval_model_in_the_rankers_place_is_refused(tmp_path: Path) -> None:
    model = random_bundle("retrieval", retrieval_config())
    with pytest.raises(ValueError, match="expected a ranker and a retrieval model"):
        save_checkpoint(tmp_path / "demo", ranker=model, retrieval=model, provenance=PROVENANCE)


def test_inspect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _save(tmp_path / "demo")
    assert main(["inspect", str(tmp_path / "demo")]) == 0
    printed = capsys.readouterr().out
    for text in ("positions compact", "ndcg = 0.5", "1970-01-01T00:00:02", "items 90", "MB"):
        assert text in printed
    assert main(["inspect", str(GOLDEN)]) == 0
    assert "no manifest" in capsys.readouterr().out
    assert main(["inspect", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'none'}: is not a directory\n"
