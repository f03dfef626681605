"""config.json and manifest.json of a checkpoint directory, to and from types."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from phoenix.canary_sample import Sample
from phoenix.config import (
    CandidateTower,
    EntityHash,
    HashParameters,
    ModelConfig,
    Pooling,
    PositionScheme,
)
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT

FORMAT_VERSION = 1
_COUNT_MAX = 2**63 - 1
# Each layer is looked for by name: a count without bound would use up memory first.
_LAYERS_MAX = 1_000


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
    # How often people did each action, by its name; None: not recorded.
    base_rates: Mapping[str, float] | None = None
    # What the loaded models must reproduce; None in manifests from before there was one.
    sample: Sample | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, in the order in which they read well."""
        plain = dataclasses.asdict(dataclasses.replace(self, sample=None))
        sample = None if self.sample is None else self.sample.to_json()
        return {**plain.pop("provenance"), **plain, "sample": sample}

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
                base_rates=_base_rates(value.get("base_rates")),
                sample=_sample(value.get("sample")),
            )
        except KeyError as error:
            raise CheckpointError(f"manifest.json: field {error} is missing") from error
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"manifest.json: {error}") from error


def _base_rates(value: Mapping[str, Any] | None) -> Mapping[str, float] | None:
    if value is None:
        return None
    unknown = value.keys() - {action.name for action in ACTIONS[:DISCRETE_COUNT]}
    if unknown:
        raise ValueError(f"base_rates: {min(unknown)} is not a discrete action of actions.json")
    return {name: float(rate) for name, rate in value.items()}


def _sample(value: Sequence[Mapping[str, Any]] | None) -> Sample | None:
    if value is None:
        return None
    try:
        return Sample.from_json(value)
    except KeyError as error:
        raise ValueError(f"sample: {error} is missing") from error
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(f"sample: {error}") from error


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


def _count(value: Mapping[str, Any], key: str, fallback: int | None = None) -> int:
    """A whole number of 1 or more. Raises KeyError or ValueError."""
    found = value[key] if fallback is None else value.get(key, fallback)
    if type(found) is not int or not 1 <= found <= _COUNT_MAX:
        raise ValueError(f"key {key}: expected a whole number from 1 on, found {found!r}")
    return found


def _layers(value: Mapping[str, Any]) -> int:
    layers = _count(value, "num_layers")
    if layers > _LAYERS_MAX:
        raise ValueError(f"key num_layers: expected {_LAYERS_MAX} at most, found {layers}")
    return layers


def _number(value: Mapping[str, Any], key: str, fallback: float) -> float:
    found = value.get(key, fallback)
    if type(found) not in (int, float) or not 0 < found < _COUNT_MAX:
        raise ValueError(f"key {key}: expected a number above 0, found {found!r}")
    return float(found)


def _integers(value: Mapping[str, Any], key: str) -> tuple[int, ...]:
    found = value[key]
    if not isinstance(found, list) or not all(type(item) is int for item in found):
        raise ValueError(f"key hash_params.{key}: expected whole numbers, found {found!r}")
    return tuple(found)


def _entity_hash(value: Mapping[str, Any], name: str) -> EntityHash:
    constants = value["hash_params"]
    if not isinstance(constants, dict):
        raise ValueError(f"key hash_params: expected an object, found {constants!r}")
    scales = _integers(constants, f"{name}_hash_scales")
    if len(scales) != value[f"num_{name}_hashes"]:
        raise ValueError(
            f"num_{name}_hashes is {value[f'num_{name}_hashes']}, but hash_params has "
            f"{len(scales)} {name}_hash_scales"
        )
    return EntityHash(
        scales=scales,
        biases=_integers(constants, f"{name}_biases"),
        modulus=_count(constants, f"{name}_modulus"),
        buckets=_count(value, f"{name}_vocab_size"),
    )


def config_from_json(
    value: Mapping[str, Any], flags: ModelFlags, file: str
) -> tuple[ModelConfig, HashParameters]:
    """A model's configuration and hashes.

    Raises:
      CheckpointError: A key is absent or its value impossible; names `file` and the key.
    """
    try:
        heads = _count(value, "num_heads")
        config = ModelConfig(
            embedding_size=_count(value, "emb_size"),
            key_size=_count(value, "key_size"),
            query_heads=heads,
            key_value_heads=_count(value, "num_kv_heads", heads),
            layers=_layers(value),
            history_length=_count(value, "history_seq_len"),
            candidates_length=_count(value, "candidate_seq_len"),
            num_actions=_count(value, "num_actions"),
            user_hashes=_count(value, "num_user_hashes"),
            item_hashes=_count(value, "num_item_hashes"),
            author_hashes=_count(value, "num_author_hashes"),
            product_surfaces=_count(value, "product_surface_vocab_size", 16),
            post_age_granularity_minutes=_count(value, "post_age_granularity_mins", 60),
            widening=_number(value, "widening", 2.0),
            attention_multiplier=_number(value, "attention_multiplier", 0.125),
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
