"""config.json and manifest.json of a checkpoint directory, to and from types."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from phoenix.config import (
    CandidateTower,
    EntityHash,
    HashParameters,
    ModelConfig,
    Pooling,
    PositionScheme,
)

FORMAT_VERSION = 1


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file."""


@dataclass(frozen=True)
class ModelFlags:
    """What the published config.json cannot say of a model; the manifest does."""

    positions: PositionScheme
    pooling: Pooling
    candidate_tower: CandidateTower
    dwell_and_age: bool
    continuous: bool
    dwell_log_scale: bool

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "ModelFlags":
        """Flags of a manifest. Raises ValueError, naming the flag, for an unknown value."""
        choices = {
            "positions": get_args(PositionScheme),
            "pooling": get_args(Pooling),
            "candidate_tower": get_args(CandidateTower),
            "dwell_and_age": (True, False),
            "continuous": (True, False),
            "dwell_log_scale": (True, False),
        }
        for name, allowed in choices.items():
            if value[name] not in allowed:
                expected = ", ".join(str(choice) for choice in allowed)
                raise ValueError(f"{name} must be one of {expected}, found {value[name]!r}")
        return ModelFlags(**{name: value[name] for name in choices})

    @staticmethod
    def of(config: ModelConfig) -> "ModelFlags":
        """The flags of a configuration."""
        names = [field.name for field in dataclasses.fields(ModelFlags)]
        return ModelFlags(**{name: getattr(config, name) for name in names})


@dataclass(frozen=True)
class Provenance:
    """Where a checkpoint comes from."""

    git_commit: str
    training_command: str
    # First and last impression of the training log, ms since 1970.
    data_range_ms: tuple[int, int]
    # Probability with which training took a post's own rows away.
    item_dropout: float
    # Name to value, as evaluation measured them.
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Manifest:
    """manifest.json: what our own checkpoints say beside the published layout."""

    format_version: int
    variant: str
    ranker: ModelFlags
    retrieval: ModelFlags
    actions_sha256: str
    # SHA-256 of every file but the manifest, by its path from the directory.
    files: Mapping[str, str]
    provenance: Provenance
    neutral_items_after_ms: int | None

    def to_json(self) -> dict[str, Any]:
        """Plain values, in the order in which they read well."""
        plain = dataclasses.asdict(self)
        return {**plain.pop("provenance"), **plain}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Manifest":
        """The inverse of `to_json`.

        Raises:
          CheckpointError: A field is absent, of another version, or has an unknown value.
        """
        if value.get("format_version") != FORMAT_VERSION:
            raise CheckpointError(
                f"manifest.json: format_version must be {FORMAT_VERSION}, "
                f"found {value.get('format_version')!r}"
            )
        try:
            first, last = value["data_range_ms"]
            provenance = Provenance(
                git_commit=value["git_commit"],
                training_command=value["training_command"],
                data_range_ms=(int(first), int(last)),
                item_dropout=float(value["item_dropout"]),
                metrics=dict(value["metrics"]),
            )
            neutral = value["neutral_items_after_ms"]
            return Manifest(
                format_version=FORMAT_VERSION,
                variant=value["variant"],
                ranker=ModelFlags.from_json(value["ranker"]),
                retrieval=ModelFlags.from_json(value["retrieval"]),
                actions_sha256=value["actions_sha256"],
                files=dict(value["files"]),
                provenance=provenance,
                neutral_items_after_ms=None if neutral is None else int(neutral),
            )
        except KeyError as error:
            raise CheckpointError(f"manifest.json: field {error} is missing") from error
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"manifest.json: {error}") from error


def config_to_json(config: ModelConfig, hashes: HashParameters) -> dict[str, Any]:
    """A config.json with the published keys, and ours for what they cannot say."""
    hash_params: dict[str, Any] = {}
    for name in ("user", "item", "author"):
        entity = cast(EntityHash, getattr(hashes, name))
        hash_params[f"{name}_hash_scales"] = list(entity.scales)
        hash_params[f"{name}_biases"] = list(entity.biases)
        hash_params[f"{name}_modulus"] = entity.modulus
    return {
        "emb_size": config.embedding_size,
        "num_actions": config.num_actions,
        "history_seq_len": config.history_length,
        "candidate_seq_len": config.candidates_length,
        "num_user_hashes": config.user_hashes,
        "num_item_hashes": config.item_hashes,
        "num_author_hashes": config.author_hashes,
        "key_size": config.key_size,
        "num_heads": config.query_heads,
        "num_kv_heads": config.key_value_heads,
        "num_layers": config.layers,
        "widening": config.widening,
        "attention_multiplier": config.attention_multiplier,
        "product_surface_vocab_size": config.product_surfaces,
        "post_age_granularity_mins": config.post_age_granularity_minutes,
        "user_vocab_size": hashes.user.buckets,
        "item_vocab_size": hashes.item.buckets,
        "author_vocab_size": hashes.author.buckets,
        # The manifest's flags decide how to read this model: without them it must not load.
        "requires_manifest": True,
        "hash_params": hash_params,
    }


def _entity_hash(value: Mapping[str, Any], name: str) -> EntityHash:
    constants = value["hash_params"]
    scales = tuple(int(scale) for scale in constants[f"{name}_hash_scales"])
    if len(scales) != value[f"num_{name}_hashes"]:
        raise ValueError(
            f"num_{name}_hashes is {value[f'num_{name}_hashes']}, but hash_params has "
            f"{len(scales)} {name}_hash_scales"
        )
    return EntityHash(
        scales=scales,
        biases=tuple(int(bias) for bias in constants[f"{name}_biases"]),
        modulus=int(constants[f"{name}_modulus"]),
        buckets=int(value[f"{name}_vocab_size"]),
    )


def config_from_json(
    value: Mapping[str, Any], flags: ModelFlags, file: str
) -> tuple[ModelConfig, HashParameters]:
    """A model's configuration and hashes.

    Raises:
      CheckpointError: A key is absent or its value impossible; names `file` and the key.
    """
    try:
        config = ModelConfig(
            embedding_size=value["emb_size"],
            key_size=value["key_size"],
            query_heads=value["num_heads"],
            key_value_heads=value.get("num_kv_heads", value["num_heads"]),
            layers=value["num_layers"],
            history_length=value["history_seq_len"],
            candidates_length=value["candidate_seq_len"],
            num_actions=value["num_actions"],
            user_hashes=value["num_user_hashes"],
            item_hashes=value["num_item_hashes"],
            author_hashes=value["num_author_hashes"],
            product_surfaces=value.get("product_surface_vocab_size", 16),
            post_age_granularity_minutes=value.get("post_age_granularity_mins", 60),
            widening=value.get("widening", 2.0),
            attention_multiplier=value.get("attention_multiplier", 0.125),
            **dataclasses.asdict(flags),
        )
        return config, HashParameters(
            user=_entity_hash(value, "user"),
            item=_entity_hash(value, "item"),
            author=_entity_hash(value, "author"),
        )
    except KeyError as error:
        raise CheckpointError(f"{file}: key {error} is missing") from error
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise CheckpointError(f"{file}: {error}") from error
