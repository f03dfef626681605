"""Every damage of a directory is refused by one sentence: file, key, expected and found."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from phoenix.checkpoint_config import CheckpointError
from phoenix.checkpoint_reading import MANIFEST, load_checkpoint
from phoenix.checkpoints import main, verify_checkpoint
from tests.damages import (
    Damage,
    as_directory,
    cut,
    emptied,
    flipped,
    set_at,
    swapped,
    with_array,
    with_json,
    with_right_hash,
    without,
)
from tests.random_checkpoint import shared_checkpoint

PUBLISHED = Path(__file__).resolve().parents[2] / "test" / "golden" / "published"
WEIGHTS = "ranker/model_params.npz"
TABLES = "ranker/embedding_tables.npz"
CONFIG = "ranker/config.json"
OUTPUTS = "phoenix_model/unembeddings"
PROJECTION = "phoenix_model/proj_mat_1"

PUBLISHED_DAMAGES: list[tuple[Damage, str]] = [
    (without(CONFIG), f"{CONFIG}: cannot be read: No such file or directory"),
    (without("retrieval/" + TABLES[7:]), "retrieval/embedding_tables.npz: cannot be read"),
    (emptied(CONFIG), f"{CONFIG}: is not JSON"),
    (emptied(WEIGHTS), f"{WEIGHTS}: torn or not an .npz file"),
    (as_directory(CONFIG), f"{CONFIG}: cannot be read: Is a directory"),
    (as_directory(TABLES), f"{TABLES}: cannot be read: Is a directory"),
    (cut(WEIGHTS), f"{WEIGHTS}: torn or not an .npz file"),
    (cut(TABLES), f"{TABLES}: torn or not an .npz file"),
    (flipped(WEIGHTS), f"{WEIGHTS}: key .*: torn: Bad CRC-32"),
    (flipped(TABLES), f"{TABLES}: key .*_embeddings: torn: Bad CRC-32"),
    (with_json(CONFIG, key_size=None), f"{CONFIG}: key 'key_size' is missing"),
    (
        with_json(CONFIG, emb_size="32"),
        f"{CONFIG}: key emb_size: expected a whole number from 1 on, found '32'",
    ),
    (
        with_json(CONFIG, num_layers=10**12),
        f"{CONFIG}: key num_layers: expected 1000 at most, found 1000000000000",
    ),
    (
        with_json(CONFIG, num_layers=3),
        f"{WEIGHTS}: key transformer/decoder_layer_2/.*: expected shape .*, found no such key",
    ),
    (with_json(CONFIG, hash_params=[]), f"{CONFIG}: key hash_params: expected an object, found"),
    (
        with_json(CONFIG, num_actions=63),
        f"{WEIGHTS}: key .*: expected shape .*63.*, found .*64",
    ),
    (
        with_json(CONFIG, item_vocab_size=1_501),
        rf"{TABLES}: key item_embeddings: expected shape \(1501, 32\), found \(1500, 32\)",
    ),
    (
        with_array(WEIGHTS, OUTPUTS, lambda found: found[:, 1:]),
        rf"{WEIGHTS}: key {OUTPUTS}: expected shape \(32, 64\), found \(32, 63\)",
    ),
    (
        with_array(WEIGHTS, OUTPUTS, lambda _: None),
        rf"{WEIGHTS}: key {OUTPUTS}: expected shape \(32, 64\), found no such key",
    ),
    (
        with_array(WEIGHTS, PROJECTION, set_at((3, 4), np.nan)),
        rf"{WEIGHTS}: key {PROJECTION}: expected finite numbers, found nan at \[3, 4\]",
    ),
    (
        with_array(TABLES, "item_embeddings", set_at((1_234, 5), -np.inf)),
        rf"{TABLES}: key item_embeddings: expected finite numbers, found -inf at \[1234, 5\]",
    ),
    (
        with_array(TABLES, "user_embeddings", lambda found: found.astype(np.float16)),
        f"{TABLES}: key user_embeddings: expected float32, found float16",
    ),
    (
        with_array(WEIGHTS, OUTPUTS, lambda found: found.astype(str)),
        f"{WEIGHTS}: key {OUTPUTS}: expected numbers, found <U",
    ),
    (swapped, f"{WEIGHTS}: key .*: expected the weights of the ranker .*, found those of the retr"),
]

OUR_DAMAGES: list[tuple[Damage, str]] = [
    (without(MANIFEST), rf"manifest\.json: is missing, and {CONFIG} requires it"),
    (without(TABLES), f"{TABLES}: is missing"),
    (emptied(MANIFEST), r"manifest\.json: is not JSON"),
    (flipped(TABLES), f"{TABLES}: SHA-256 is .*, manifest.json says"),
    (as_directory(WEIGHTS), f"{WEIGHTS}: cannot be read: Is a directory"),
    (swapped, f"{WEIGHTS}: SHA-256 is .*, manifest.json says"),
    (
        with_json(MANIFEST, actions_sha256="0" * 64),
        r"manifest\.json: key actions_sha256: .*: expected [0-9a-f]+, found 0{64}",
    ),
    (
        with_json(MANIFEST, files={"../../etc/passwd": "0"}),
        r"manifest\.json: files does not list ranker/config.json",
    ),
    (with_json(MANIFEST, base_rates={"wave": 0.1}), r"base_rates: wave is not a discrete action"),
    (with_json(MANIFEST, sample=[{"user_id": 1}]), r"manifest\.json: sample: 'history' is missing"),
    (
        with_right_hash(with_array(WEIGHTS, OUTPUTS, set_at((0, 0), np.nan)), WEIGHTS),
        rf"{WEIGHTS}: key {OUTPUTS}: expected finite numbers, found nan at \[0, 0\]",
    ),
    # Only asking the model tells these.
    (
        with_right_hash(with_array(WEIGHTS, OUTPUTS, lambda found: -found), WEIGHTS),
        r"manifest\.json: key sample\[0\]\.probabilities\[0, 0\]: expected 0\.\d+, found 0\.\d+",
    ),
    (
        with_json(MANIFEST, base_rates={"favorite": 0.0001}),
        r"manifest\.json: key base_rates\.favorite: expected a mean prediction from 0\.0000 to "
        r"0\.0055, found 0\.\d+",
    ),
]


@pytest.mark.parametrize(("damage", "message"), PUBLISHED_DAMAGES)
def test_a_damaged_published_directory(tmp_path: Path, damage: Damage, message: str) -> None:
    directory = tmp_path / "published"
    shutil.copytree(PUBLISHED, directory)
    damage(directory)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(directory)
    assert re.match(message, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("damage", "message"), OUR_DAMAGES)
def test_a_damaged_directory_of_ours(
    tmp_path: Path, damage: Damage, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "ours"
    shutil.copytree(shared_checkpoint(), directory)
    damage(directory)
    assert main(["verify", str(directory)]) == 1
    said = capsys.readouterr().err
    assert re.search(message, said), said
    assert said.startswith(f"{directory}: ")
    assert said.count("\n") == 1


def test_a_manifest_cannot_point_outside(tmp_path: Path) -> None:
    directory = tmp_path / "ours"
    shutil.copytree(shared_checkpoint(), directory)
    manifest = json.loads((directory / MANIFEST).read_text())
    for outside in ("../secret", "/etc/passwd", "ranker/../../secret"):
        with_json(MANIFEST, files=manifest["files"] | {outside: "0"})(directory)
        with pytest.raises(CheckpointError, match=f"{outside} is not below the directory"):
            load_checkpoint(directory)


def test_a_manifest_from_before_samples_is_believed(tmp_path: Path) -> None:
    directory = tmp_path / "ours"
    shutil.copytree(shared_checkpoint(), directory)
    with_json(MANIFEST, sample=None, base_rates=None)(directory)
    assert verify_checkpoint(directory).manifest is not None


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("phoenix_model/proj_mat_2", "canary: probabilities: expected 0 to 1, found nan"),
        (OUTPUTS, "canary: probabilities: expected some between, found 0 and 1 only"),
    ],
)
def test_finite_weights_with_senseless_answers_are_refused_without_a_sample(
    tmp_path: Path, key: str, message: str
) -> None:
    directory = tmp_path / "published"
    shutil.copytree(PUBLISHED, directory)
    with_array(WEIGHTS, key, lambda found: np.sign(found) * np.float32(3e38))(directory)
    load_checkpoint(directory)
    with pytest.raises(CheckpointError, match=message):
        verify_checkpoint(directory)
