"""Shape and flags of one Phoenix model, and the constants of its hashes."""

from dataclasses import dataclass
from typing import Literal

PositionScheme = Literal["slot", "right_anchored", "compact"]
Pooling = Literal["mean", "last"]
CandidateTower = Literal["mlp", "mean"]

# Dwell time is cut here, in seconds, before it is normalised to [0, 1].
DWELL_SECONDS_MAX = 30.0
# Which of the continuous outputs is dwell time, and how many there are.
CONTINUOUS_DWELL = 1
CONTINUOUS_OUTPUTS = 8
# Width of the hidden layer that embeds dwell time.
DWELL_HIDDEN = 64
# Age buckets cover 80 hours: 4,800 minutes.
POST_AGE_MINUTES_MAX = 4_800


@dataclass(frozen=True)
class ModelConfig:
    """Everything but the weights that decides what a model computes.

    Hashable, so that jit may key on it. Lengths are in tokens: `history_length` and
    `candidates_length` are the model's own S and C, on which positions of the schemes `slot` and
    `right_anchored` depend. They do not depend on padding.
    """

    embedding_size: int
    key_size: int
    query_heads: int
    key_value_heads: int
    layers: int
    history_length: int
    candidates_length: int
    num_actions: int
    user_hashes: int
    item_hashes: int
    author_hashes: int
    positions: PositionScheme
    pooling: Pooling
    candidate_tower: CandidateTower
    # History carries dwell time and candidates carry their age (v2's ranker).
    dwell_and_age: bool
    # The model has the head of continuous outputs (v2's ranker).
    continuous: bool
    # Dwell is normalised as log1p(x) / log1p(30) and not as x / 30.
    dwell_log_scale: bool = False
    product_surfaces: int = 16
    post_age_granularity_minutes: int = 60
    widening: float = 2.0
    attention_multiplier: float = 0.125

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field, when heads or sizes cannot make a model."""
        if self.query_heads % self.key_value_heads != 0:
            raise ValueError(
                f"query_heads ({self.query_heads}) must be a multiple of key_value_heads "
                f"({self.key_value_heads})"
            )
        if self.key_size % 2 != 0:
            raise ValueError(f"key_size must be even for rotary positions, found {self.key_size}")

    @property
    def post_age_buckets(self) -> int:
        """Rows of the age table: bucket 0 (unknown), the whole range, and one for the older."""
        return POST_AGE_MINUTES_MAX // self.post_age_granularity_minutes + 2

    @property
    def feed_forward_size(self) -> int:
        """Width of the gated feed-forward layer: 2/3 of the widened size, rounded up to 8s."""
        width = int(self.widening * self.embedding_size) * 2 // 3
        return (width + 7) // 8 * 8


@dataclass(frozen=True)
class EntityHash:
    """The hashes of one kind of entity into one embedding table.

    bucket_j(id) = ((id * scales[j] + biases[j]) mod modulus) mod (buckets - 1) + 1; 0 for id 0.
    """

    scales: tuple[int, ...]
    biases: tuple[int, ...]
    modulus: int
    # Rows of the table, row 0 (padding) included.
    buckets: int

    def __post_init__(self) -> None:
        """Raises ValueError when the constants cannot make a hash."""
        if len(self.scales) != len(self.biases) or not self.scales:
            raise ValueError(
                f"a hash needs as many biases as scales, found {len(self.biases)} biases for "
                f"{len(self.scales)} scales"
            )
        if self.modulus < 1 or self.buckets < 2:
            raise ValueError(
                f"a hash needs modulus >= 1 and buckets >= 2, found {self.modulus} and "
                f"{self.buckets}"
            )


@dataclass(frozen=True)
class HashParameters:
    """Hashes of users, items (posts) and authors of one model."""

    user: EntityHash
    item: EntityHash
    author: EntityHash
