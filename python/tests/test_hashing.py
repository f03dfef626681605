"""Hashing against the published vectors, and its limits."""

import json
from pathlib import Path

import numpy as np
import pytest

from phoenix.checkpoints import load_checkpoint
from phoenix.config import EntityHash
from phoenix.hashing import entity_rows, hash_rows, unified_rows

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden"


def test_every_published_vector_holds() -> None:
    vectors = json.loads((GOLDEN / "hashing.json").read_text())
    ids = np.array([int(text) for text in vectors["ids"]], np.int64)
    assert len(vectors["cases"]) == 5
    for case in vectors["cases"]:
        rows = hash_rows(
            ids,
            scales=[int(scale) for scale in case["scales"]],
            biases=[int(bias) for bias in case["biases"]],
            modulus=int(case["modulus"]),
            buckets=case["buckets"],
        )
        np.testing.assert_array_equal(rows, case["expected"])


def test_rows_stay_inside_the_table_and_zero_is_padding() -> None:
    ids = np.array([[0, 1], [2**63 - 1, 2**63]], np.uint64)
    rows = hash_rows(ids, scales=[2**62 + 1, -7], biases=[5, -(2**63)], modulus=997, buckets=11)
    assert rows.shape == (2, 2, 2)
    assert (rows[0, 0] == 0).all()
    assert (rows.reshape(4, 2)[1:] >= 1).all()
    assert (rows < 11).all()


def test_unified_rows_are_the_published_ones() -> None:
    checkpoint = load_checkpoint(GOLDEN / "published")
    sequence = json.loads((GOLDEN / "published" / "example_sequence.json").read_text())
    users = np.array([sequence["user_id"]])
    events = sequence["history"]
    posts = np.array([event["post_id"] for event in events])
    authors = np.array([event["author_id"] for event in events])
    with np.load(GOLDEN / "published" / "expected.npz") as expected:
        for kind, model in (("retrieval", checkpoint.retrieval), ("ranker", checkpoint.ranker)):
            hashes = model.hashes
            user_rows = unified_rows(entity_rows(users, hashes.user), "user", hashes)
            np.testing.assert_array_equal(user_rows, expected[f"user_hashes_{kind}"])
            item_rows = unified_rows(entity_rows(posts, hashes.item), "item", hashes)
            wanted = expected[f"history_post_hashes_{kind}"][0]
            np.testing.assert_array_equal(item_rows, wanted[: len(posts)])
            assert (wanted[len(posts) :] == 0).all()
        hashes = checkpoint.retrieval.hashes
        author_rows = unified_rows(entity_rows(authors, hashes.author), "author", hashes)
        wanted = expected["history_author_hashes_retrieval"][0, : len(authors)]
        np.testing.assert_array_equal(author_rows, wanted)


@pytest.mark.parametrize(
    ("scales", "biases", "modulus", "buckets"),
    [((1,), (1, 2), 7, 5), ((), (), 7, 5), ((1,), (1,), 0, 5), ((1,), (1,), 7, 1)],
)
def test_impossible_constants_are_refused(
    scales: tuple[int, ...], biases: tuple[int, ...], modulus: int, buckets: int
) -> None:
    with pytest.raises(ValueError, match="a hash needs"):
        EntityHash(scales, biases, modulus, buckets)
