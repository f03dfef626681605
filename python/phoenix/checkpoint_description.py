"""A checkpoint in words, for people."""

from datetime import UTC, datetime

import numpy as np

from phoenix.bundle import ModelBundle
from phoenix.checkpoint_config import Manifest
from phoenix.checkpoint_reading import Checkpoint


def _describe_model(bundle: ModelBundle) -> list[str]:
    config = bundle.config
    weights = sum(int(np.size(value)) for value in bundle.parameters.values())
    tables = bundle.tables
    return [
        f"{bundle.kind}:",
        f"  width {config.embedding_size}, {config.layers} layers, {config.query_heads} query and "
        f"{config.key_value_heads} key-value heads of {config.key_size}",
        f"  history {config.history_length}, candidates {config.candidates_length}, "
        f"actions {config.num_actions}",
        f"  positions {config.positions}, pooling {config.pooling}, "
        f"candidate tower {config.candidate_tower}",
        f"  dwell and age {config.dwell_and_age}, continuous head {config.continuous}, "
        f"log dwell {config.dwell_log_scale}",
        f"  {weights:,} weights; rows: users {len(tables.user):,}, items {len(tables.item):,}, "
        f"authors {len(tables.author):,}",
    ]


def _describe_manifest(manifest: Manifest) -> list[str]:
    source = manifest.provenance
    first, last = source.data_range_ms
    requests = 0 if manifest.sample is None else len(manifest.sample.requests)
    rates = manifest.base_rates or {}
    return [
        f"manifest: {len(manifest.files)} files, every SHA-256 as it says",
        f"  git commit {source.git_commit}",
        f"  trained by: {source.training_command}",
        f"  data from {_day(first)} to {_day(last)}, item dropout {source.item_dropout}",
        f"  posts created after {_day(manifest.neutral_items_after_ms)} have no rows of their own",
        f"  sample of {requests} requests to reproduce, base rates of {len(rates)} actions",
        *(f"  {name} = {value:.4g}" for name, value in source.metrics.items()),
    ]


def describe_checkpoint(checkpoint: Checkpoint) -> str:
    """Shape, size and metrics."""
    size = sum(path.stat().st_size for path in checkpoint.directory.rglob("*") if path.is_file())
    lines = [f"{checkpoint.directory}  version {checkpoint.version}  {size / 1e6:.1f} MB"]
    lines += _describe_model(checkpoint.ranker) + _describe_model(checkpoint.retrieval)
    if checkpoint.manifest is None:
        lines.append("no manifest: the published layout")
    else:
        lines += _describe_manifest(checkpoint.manifest)
    return "\n".join(lines)


def _day(time_ms: int | None) -> str:
    if time_ms is None:
        return "never"
    return datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="seconds")
