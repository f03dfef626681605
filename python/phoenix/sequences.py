"""Files of the run scripts: one viewer's action sequence, and a corpus of posts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from phoenix.bundle import Candidates, History
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT


@dataclass(frozen=True)
class Sequence:
    """A viewer and what they did."""

    user_id: int
    history: History


@dataclass(frozen=True)
class Corpus:
    """Posts to retrieve from."""

    post_ids: Int[np.ndarray, " n"]
    author_ids: Int[np.ndarray, " n"]
    # ms since 1970, 0 = unknown.
    created_at_ms: Int[np.ndarray, " n"]
    # Unit vectors of the retrieval model; None: compute them.
    representations: Float[np.ndarray, "n d"] | None
    # One word a post; None when the file has none.
    topics: tuple[str, ...] | None

    def candidates(self, chosen: Int[np.ndarray, " k"]) -> Candidates:
        """Some posts of the corpus as candidates on the home feed."""
        return Candidates(
            post_ids=self.post_ids[chosen],
            author_ids=self.author_ids[chosen],
            surfaces=np.zeros(chosen.shape, np.int32),
            created_at_ms=self.created_at_ms[chosen],
        )


def _action_row(actions: Mapping[str, int | float], num_actions: int) -> Float[np.ndarray, " a"]:
    """One row of actions in the model's own order; indices that it lacks are dropped.

    Keys are indices of the model's outputs; the values of published sequences may be fractions.
    """
    row = np.zeros(num_actions, np.float32)
    for key, value in actions.items():
        index = int(key)
        if 0 <= index < num_actions:
            row[index] = value
    return row


def _named_row(actions: Mapping[str, int | float]) -> Float[np.ndarray, " v"]:
    """One row in the order of actions.json, keys being its names and aliases.

    Raises:
      ValueError: A name that actions.json does not have.
    """
    row = np.zeros(DISCRETE_COUNT, np.float32)
    for key, value in actions.items():
        matches = [action for action in ACTIONS if key in (action.name, *action.aliases)]
        if not matches or matches[0].index >= DISCRETE_COUNT:
            raise ValueError(f"unknown action {key!r}: not a discrete action of actions.json")
        row[matches[0].index] = value
    return row


def _to_history(events: list[Mapping[str, Any]], num_actions: int) -> History:
    keys = [key for event in events for key in event["actions"]]
    by_index = all(key.isdecimal() for key in keys)
    if not by_index and any(key.isdecimal() for key in keys):
        raise ValueError("actions are named by index or by name, not both in one file")
    rows = [
        _action_row(event["actions"], num_actions) if by_index else _named_row(event["actions"])
        for event in events
    ]

    def column(name: str, kind: type[np.generic]) -> np.ndarray:
        return np.array([event.get(name, 0) for event in events], kind)

    return History(
        post_ids=np.array([int(event["post_id"]) for event in events], np.int64),
        author_ids=np.array([int(event["author_id"]) for event in events], np.int64),
        actions=np.array(rows, np.float32).reshape(len(rows), -1 if rows else num_actions),
        dwell_seconds=column("dwell_seconds", np.float32),
        surfaces=column("surface", np.int32),
        created_at_ms=column("created_at_ms", np.int64),
    )


def read_sequence(path: Path, num_actions: int) -> Sequence:
    """An example_sequence.json.

    {"user_id", "history": [{"post_id", "author_id", "actions": {"<index>": value}}]}, oldest
    first; ours may also say dwell_seconds, surface and created_at_ms, and name the actions.

    Raises:
      OSError: The file cannot be read.
      ValueError: It is not such a file; names it and the fault.
    """
    try:
        value = json.loads(path.read_text())
        return Sequence(int(value["user_id"]), _to_history(value["history"], num_actions))
    except KeyError as error:
        raise ValueError(f"{path}: field {error} is missing") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path}: not an action sequence: {error}") from error


def read_corpus(path: Path) -> Corpus:
    """A corpus .npz: post_ids, author_ids; candidate_representations, topics, created_at_ms if any.

    Raises:
      OSError: The file cannot be read.
      ValueError: An array is absent or columns differ in length; names the file.
    """
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name in ("post_ids", "author_ids"):
        if name not in arrays:
            raise ValueError(f"{path}: array {name} is missing")
    posts = arrays["post_ids"].astype(np.int64)
    for name, value in arrays.items():
        if value.shape[:1] != posts.shape:
            raise ValueError(f"{path}: {name} has {value.shape[:1]} rows, post_ids {posts.shape}")
    topics = arrays.get("topics")
    return Corpus(
        post_ids=posts,
        author_ids=arrays["author_ids"].astype(np.int64),
        created_at_ms=arrays.get("created_at_ms", np.zeros(posts.shape)).astype(np.int64),
        representations=arrays.get("candidate_representations"),
        topics=None if topics is None else tuple(str(topic) for topic in topics),
    )
