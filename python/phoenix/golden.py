"""Checks that this code computes what the published code computes, to 1e-5.

    python -m phoenix.golden DIR

DIR holds config.json, inputs.npz, ranker_params.npz, retrieval_params.npz and outputs.npz
(test/golden/README.md). Every output is computed by the engine that the services call. Prints the
largest difference of each, relative to its largest absolute value; exits 1 when one is above 1e-5,
is not finite, has another shape, is missing or is extra, and 2 when DIR cannot be read.
"""

import argparse
import dataclasses
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from phoenix.bundle import EmbeddingTables, ModelBundle, ModelKind
from phoenix.config import EntityHash, HashParameters, ModelConfig
from phoenix.inference import InferenceEngine
from phoenix.tokens import CandidateTokens, HistoryTokens, post_age_bucket

RELATIVE_DIFFERENCE_MAX = 1e-5

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Comparison:
    """One output against its vector; `fault` is None when they agree."""

    name: str
    relative_difference: float
    fault: str | None


@dataclass(frozen=True)
class GoldenDirectory:
    """The files of one directory of vectors, read."""

    config: dict[str, object]
    inputs: Arrays
    parameters: dict[ModelKind, Arrays]
    outputs: Arrays

    def size(self, name: str) -> int:
        """An integer of config.json."""
        value = self.config[name]
        if not isinstance(value, int):
            raise ValueError(f"config.json: {name} must be an integer, found {value!r}")
        return value

    def valid(self, name: str, length: int) -> Bool[np.ndarray, "b n"]:
        """True for the valid tokens of each row; they are the first ones."""
        counts = self.config[name]
        if not isinstance(counts, list):
            raise ValueError(f"config.json: {name} must be a list, found {counts!r}")
        return np.arange(length)[None] < np.array(counts, np.int64)[:, None]


def _read_arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def read_golden(directory: Path) -> GoldenDirectory:
    """Reads a directory of vectors.

    Raises:
      OSError, ValueError: A file is absent or not what it should be.
    """
    return GoldenDirectory(
        config=json.loads((directory / "config.json").read_text()),
        inputs=_read_arrays(directory / "inputs.npz"),
        parameters={
            "ranker": _read_arrays(directory / "ranker_params.npz"),
            "retrieval": _read_arrays(directory / "retrieval_params.npz"),
        },
        outputs=_read_arrays(directory / "outputs.npz"),
    )


def golden_config(golden: GoldenDirectory, kind: ModelKind) -> ModelConfig:
    """The model of the vectors, with slot positions."""
    second = golden.config["variant"] == "v2" and kind == "ranker"
    return ModelConfig(
        embedding_size=golden.size("D"),
        key_size=golden.size("K"),
        query_heads=golden.size("H"),
        key_value_heads=golden.size("KV"),
        layers=golden.size("L"),
        history_length=golden.size("S"),
        candidates_length=golden.size("C"),
        num_actions=golden.size("A"),
        user_hashes=golden.inputs["user_hashes"].shape[-1],
        item_hashes=golden.inputs["history_post_hashes"].shape[-1],
        author_hashes=golden.inputs["history_author_hashes"].shape[-1],
        positions="slot",
        pooling="mean",
        candidate_tower="mlp",
        dwell_and_age=second,
        continuous=second,
    )


def golden_engine(golden: GoldenDirectory, config: ModelConfig, kind: ModelKind) -> InferenceEngine:
    """An engine over the vectors' tables. The inputs are rows already: nothing is hashed."""
    tables = EmbeddingTables(
        user=golden.inputs["user_table"],
        item=golden.inputs["item_table"],
        author=golden.inputs["author_table"],
    )

    def unused_hash(hashes: int, table: np.ndarray) -> EntityHash:
        return EntityHash((1,) * hashes, (0,) * hashes, 1, table.shape[0])

    hashes = HashParameters(
        user=unused_hash(config.user_hashes, tables.user),
        item=unused_hash(config.item_hashes, tables.item),
        author=unused_hash(config.author_hashes, tables.author),
    )
    return InferenceEngine(
        ModelBundle(kind, config, golden.parameters[kind], tables=tables, hashes=hashes)
    )


def golden_history(golden: GoldenDirectory, *, dwell: bool) -> HistoryTokens:
    """The histories of the vectors, with dwell times or without."""
    inputs = golden.inputs
    rows: Int[np.ndarray, "b s h"] = inputs["history_post_hashes"]
    seconds = np.zeros(rows.shape[:2], np.float32)
    if dwell:
        seconds = inputs["history_continuous_actions"][:, :, 1]
    return HistoryTokens(
        post_rows=inputs["item_table"][rows],
        author_rows=inputs["author_table"][inputs["history_author_hashes"]],
        actions=inputs["history_actions"],
        surfaces=inputs["history_product_surface"],
        dwell_seconds=seconds,
        valid=rows[:, :, 0] != 0,
        item_scale=np.ones(rows.shape[:2], np.float32),
    )


def golden_candidates(
    golden: GoldenDirectory, config: ModelConfig, *, age: bool
) -> CandidateTokens:
    """The candidates of the vectors, with ages or without."""
    inputs = golden.inputs
    rows: Int[np.ndarray, "b c h"] = inputs["candidate_post_hashes"]
    ages = np.zeros(rows.shape[:2], np.int32)
    if age:
        ages = post_age_bucket(
            inputs["candidate_impr_ts"].astype(np.int64) * 1_000,
            inputs["candidate_post_creation_ts"].astype(np.int64) * 1_000,
            config,
        )
    return CandidateTokens(
        post_rows=inputs["item_table"][rows],
        author_rows=inputs["author_table"][inputs["candidate_author_hashes"]],
        surfaces=inputs["candidate_product_surface"],
        age_buckets=ages,
        valid=rows[:, :, 0] != 0,
        item_scale=np.ones(rows.shape[:2], np.float32),
    )


def _ranker_outputs(
    golden: GoldenDirectory, config: ModelConfig, *, name: str, dwell_and_age: bool
) -> Arrays:
    engine = golden_engine(golden, config, "ranker")
    prefix = engine.encode_prefix(
        user_rows=golden.inputs["user_table"][golden.inputs["user_hashes"]],
        history=golden_history(golden, dwell=dwell_and_age),
    )
    scored = engine.score_candidates(
        prefix=prefix, candidates=golden_candidates(golden, config, age=dwell_and_age)
    )
    outputs = {
        f"{name}_logits": np.asarray(scored.logits),
        f"{name}_probabilities": np.asarray(scored.probabilities),
    }
    if scored.continuous is not None:
        outputs[f"{name}_continuous"] = np.asarray(scored.continuous)
    return outputs


def _retrieval_outputs(golden: GoldenDirectory, config: ModelConfig) -> Arrays:
    engine = golden_engine(golden, config, "retrieval")
    inputs = golden.inputs
    user, norm = engine.represent_user(
        user_rows=inputs["user_table"][inputs["user_hashes"]],
        history=golden_history(golden, dwell=False),
    )
    posts = _represented_posts(golden, config)
    return {
        "retrieval_user": np.asarray(user),
        "retrieval_user_norm": np.asarray(norm),
        "retrieval_candidates": posts,
    }


def _represented_posts(golden: GoldenDirectory, config: ModelConfig) -> np.ndarray:
    inputs = golden.inputs
    vectors = golden_engine(golden, config, "retrieval").represent_posts(
        post_rows=inputs["item_table"][inputs["candidate_post_hashes"]],
        author_rows=inputs["author_table"][inputs["candidate_author_hashes"]],
    )
    return np.asarray(vectors)


def compute_outputs(golden: GoldenDirectory) -> Arrays:
    """Every output of the directory's variant, by name."""
    ranker = golden_config(golden, "ranker")
    retrieval = golden_config(golden, "retrieval")
    second = ranker.continuous
    outputs = _ranker_outputs(golden, ranker, name="ranker", dwell_and_age=second)
    outputs |= _retrieval_outputs(golden, retrieval)
    if second:
        anchored = dataclasses.replace(ranker, positions="right_anchored")
        mean_tower = dataclasses.replace(retrieval, candidate_tower="mean")
        outputs |= _ranker_outputs(
            golden, anchored, name="ranker_right_anchored", dwell_and_age=True
        )
        outputs |= _ranker_outputs(
            golden, ranker, name="ranker_without_dwell_and_age", dwell_and_age=False
        )
        outputs["retrieval_mean_tower_candidates"] = _represented_posts(golden, mean_tower)
    return outputs


def compare(golden: GoldenDirectory, computed: Arrays) -> list[Comparison]:
    """Each output against its vector, over valid candidates; names of either side, sorted."""
    candidates = golden.valid("candidates_valid", golden.size("C"))
    comparisons: list[Comparison] = []
    for name in sorted(golden.outputs.keys() | computed.keys()):
        expected, found = golden.outputs.get(name), computed.get(name)
        difference, fault = float("nan"), None
        if expected is None:
            fault = "missing: outputs.npz has no such output"
        elif found is None:
            fault = "extra: the models have no such output"
        elif expected.shape != found.shape:
            fault = f"shape {expected.shape} in outputs.npz, {found.shape} computed"
        elif not (np.isfinite(expected).all() and np.isfinite(found).all()):
            fault = "not finite"
        else:
            per_user = name in ("retrieval_user", "retrieval_user_norm")
            kept = np.ones(expected.shape[:1], bool) if per_user else candidates
            # In float64, so that the subtraction adds no rounding of its own.
            wanted, got = expected[kept].astype(np.float64), found[kept].astype(np.float64)
            difference = float(np.max(np.abs(wanted - got)) / np.max(np.abs(wanted)))
            if not difference <= RELATIVE_DIFFERENCE_MAX:
                fault = f"above {RELATIVE_DIFFERENCE_MAX:g}"
        comparisons.append(Comparison(name, difference, fault))
    return comparisons


def main(arguments: list[str] | None = None) -> int:
    """Runs the check of one directory; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m phoenix.golden",
        description="Compares the models with a directory of golden vectors.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    directory: Path = parser.parse_args(arguments).directory
    try:
        golden = read_golden(directory)
        comparisons = compare(golden, compute_outputs(golden))
    except KeyError as error:
        print(f"{directory}: cannot be checked: {error} is missing", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"{directory}: cannot be checked: {error}", file=sys.stderr)
        return 2
    for comparison in comparisons:
        verdict = "ok" if comparison.fault is None else f"FAILED: {comparison.fault}"
        print(f"{comparison.name:46} {comparison.relative_difference:9.2e}  {verdict}")
    failed = sum(comparison.fault is not None for comparison in comparisons)
    print(f"{len(comparisons)} outputs, {failed} failed, limit {RELATIVE_DIFFERENCE_MAX:g}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
