"""Names of every array type of the models, and the legend of their axes.

b   batch: one viewer a row
s   history length, padding included; oldest first
p   prefix tokens: 1 user token + s history tokens
t   tokens of any row (u: the same axis as keys)
c   candidates
hu, hi, ha   hashes of a user, an item (post), an author
d   embedding width
a   actions of the model's output
n   continuous outputs
q   query heads; g   key-value heads; k   key size
"""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from jaxtyping import Array, Bool, Float, Int

# What a jitted function takes: arrays of the host or of the device.
Numeric: TypeAlias = Array | np.ndarray

# Every weight of one model, keyed by its published name (test/golden/README.md).
Parameters: TypeAlias = Mapping[str, Float[Numeric, "..."]]

UserRows: TypeAlias = Float[Numeric, "b hu d"]
HistoryPostRows: TypeAlias = Float[Numeric, "b s hi d"]
HistoryAuthorRows: TypeAlias = Float[Numeric, "b s ha d"]
# 1 where the viewer did the action, 0 where not; published sequences also hold fractions.
HistoryActions: TypeAlias = Float[Numeric, "b s a"]
HistorySurfaces: TypeAlias = Int[Numeric, "b s"]
DwellSeconds: TypeAlias = Float[Numeric, "b s"]
HistoryValid: TypeAlias = Bool[Numeric, "b s"]
HistoryScale: TypeAlias = Float[Numeric, "b s"]

CandidatePostRows: TypeAlias = Float[Numeric, "b c hi d"]
CandidateAuthorRows: TypeAlias = Float[Numeric, "b c ha d"]
CandidateSurfaces: TypeAlias = Int[Numeric, "b c"]
AgeBuckets: TypeAlias = Int[Numeric, "b c"]
CandidateValid: TypeAlias = Bool[Numeric, "b c"]
CandidateScale: TypeAlias = Float[Numeric, "b c"]

# Tokens and what the trunk makes of them.
Activations: TypeAlias = Float[Numeric, "b t d"]
PrefixActivations: TypeAlias = Float[Numeric, "b p d"]
CandidateActivations: TypeAlias = Float[Numeric, "b c d"]
UserActivations: TypeAlias = Float[Numeric, "b 1 d"]

Positions: TypeAlias = Int[Numeric, "b t"]
PrefixPositions: TypeAlias = Int[Numeric, "b p"]
CandidatePositions: TypeAlias = Int[Numeric, "b c"]
# True where the query token (second axis) may attend to the key token (third axis).
AttentionMask: TypeAlias = Bool[Numeric, "b t t"]
PrefixMask: TypeAlias = Bool[Numeric, "b p p"]
PrefixValid: TypeAlias = Bool[Numeric, "b p"]
# True where a candidate sees a prefix token; one row serves all candidates when they see alike.
VisiblePrefix: TypeAlias = Bool[Numeric, "b #c p"]
# How many of the valid history tokens a candidate sees, from the oldest on.
VisibleHistory: TypeAlias = Int[Numeric, "b c"]

Queries: TypeAlias = Float[Numeric, "b t q k"]
Keys: TypeAlias = Float[Numeric, "b t g k"]
PrefixKeys: TypeAlias = Float[Numeric, "b p g k"]

ActionLogits: TypeAlias = Float[Numeric, "b c a"]
ActionProbabilities: TypeAlias = Float[Numeric, "b c a"]
ContinuousOutputs: TypeAlias = Float[Numeric, "b c n"]

# Unit vectors of retrieval.
UserRepresentation: TypeAlias = Float[Numeric, "b d"]
PrefixRepresentations: TypeAlias = Float[Numeric, "b p d"]
PostRepresentations: TypeAlias = Float[Numeric, "*posts d"]
