"""Ranking over gRPC: what a viewer would do with each candidate.

python -m services.ranking_service --checkpoint DIR
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import grpc
import numpy as np
from jaxtyping import Float

from phoenix.bundle import Candidates, History
from phoenix.canary import check_ranker
from phoenix.checkpoint_reading import Checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.gen.phoenix_pb2_grpc import (
    RankingServiceServicer,
    add_RankingServiceServicer_to_server,
)
from phoenix.inference import CANDIDATE_BUCKETS, InferenceEngine
from services.column_checks import InvalidRequestError, require_id
from services.model_service import ModelService, warmed_histories, with_statuses
from services.request_columns import ColumnLimits, to_candidates, to_history
from services.serving import run_service

# What feeds ask for. More candidates are computed in parts, so that the rare large request
# needs no program of its own.
WARMED_CANDIDATES = tuple(bucket for bucket in CANDIDATE_BUCKETS if bucket <= 2_560)

_NAMES = [action.name for action in ACTIONS[:DISCRETE_COUNT]]


@dataclass(frozen=True)
class Predictions:
    """One row a candidate; NaN where the model has no such head."""

    # In the order of actions.json.
    probabilities: Float[np.ndarray, "c v"]
    dwell_seconds: Float[np.ndarray, " c"]


class Ranker:
    """The ranking model, asked for any number of candidates."""

    def __init__(self, engine: InferenceEngine, version: str) -> None:
        self.engine = engine
        self.version = version
        # With positions by slot a part must begin where a chunk does.
        largest, chunk = WARMED_CANDIDATES[-1], engine.config.candidates_length
        self._part = largest - largest % chunk if chunk <= largest else chunk

    def rank(
        self, *, user_id: int, history: History, candidates: Candidates, request_time_ms: int
    ) -> Predictions:
        """Predictions in the order of the candidates."""
        count = candidates.post_ids.shape[0]
        probabilities = np.empty((count, DISCRETE_COUNT), np.float32)
        seconds = np.full(count, np.nan, np.float32)
        for start in range(0, count, self._part):
            part = slice(start, start + self._part)
            probabilities[part], dwell = self.engine.rank(
                user_id=user_id,
                history=history,
                candidates=Candidates(
                    post_ids=candidates.post_ids[part],
                    author_ids=candidates.author_ids[part],
                    surfaces=candidates.surfaces[part],
                    created_at_ms=candidates.created_at_ms[part],
                ),
                request_time_ms=request_time_ms,
            )
            if dwell is not None:
                seconds[part] = dwell
        return Predictions(probabilities, seconds)


def _plain_predictions(predictions: Predictions) -> list[wire.ActionPredictions]:
    rows = np.nan_to_num(predictions.probabilities, nan=0.0).tolist()
    dwell = np.nan_to_num(predictions.dwell_seconds, nan=0.0).tolist()
    return [
        wire.ActionPredictions(**dict(zip(_NAMES, row, strict=True)), dwell_seconds=seconds)
        for row, seconds in zip(rows, dwell, strict=True)
    ]


class RankingService(ModelService[Ranker], RankingServiceServicer):
    """phoenix.RankingService."""

    label = "phoenix-ranking"
    grpc_name = wire.DESCRIPTOR.services_by_name["RankingService"].full_name

    def register(self, server: grpc.aio.Server) -> None:
        add_RankingServiceServicer_to_server(self, server)

    def load(self, checkpoint: Checkpoint) -> Ranker:
        return Ranker(InferenceEngine(checkpoint.ranker), checkpoint.version)

    def warming_steps(self, model: Ranker) -> Sequence[Callable[[], None]]:
        return [
            partial(model.engine.warm, [history], [candidates])
            for history in warmed_histories(model.engine.config)
            for candidates in WARMED_CANDIDATES
        ]

    def check(self, model: Ranker, checkpoint: Checkpoint) -> None:
        check_ranker(model.engine, checkpoint.manifest)

    def model_version(self, model: Ranker) -> str:
        return model.version

    @with_statuses
    async def Rank(  # noqa: N802 - the wire's name
        self, request: wire.RankRequest, context: grpc.aio.ServicerContext
    ) -> wire.RankResponse:
        """Predictions for every candidate, in their order."""
        model = self.model
        require_id(request.user_id, "user_id")
        if request.request_time_ms < 0:
            raise InvalidRequestError(
                "request_time_ms must be 0 (the server's clock) or more, "
                f"found {request.request_time_ms}"
            )
        now_ms = request.request_time_ms or time.time_ns() // 1_000_000
        config = model.engine.config
        limits = ColumnLimits(config.history_length, config.product_surfaces, now_ms)
        work = partial(
            model.rank,
            user_id=request.user_id,
            history=to_history(request, limits),
            candidates=to_candidates(request, limits),
            request_time_ms=now_ms,
        )
        predictions = await self.compute(context, work)
        if request.HasField("packed_actions") or request.HasField("packed_candidates"):
            return wire.RankResponse(
                packed_probabilities=predictions.probabilities.astype("<f4").tobytes(),
                packed_dwell_seconds=predictions.dwell_seconds.astype("<f4").tobytes(),
                model_version=model.version,
            )
        return wire.RankResponse(
            predictions=_plain_predictions(predictions), model_version=model.version
        )

    @with_statuses
    async def GetStatus(  # noqa: N802 - the wire's name
        self, request: wire.GetStatusRequest, context: grpc.aio.ServicerContext
    ) -> wire.GetStatusResponse:
        """Version and queue."""
        return self.status()


def main() -> int:
    """The command line; the exit status."""
    return run_service(
        lambda queue, options: RankingService(queue),
        program="python -m services.ranking_service",
        port_variable="HOMEFEED_RANKING_PORT",
        port=50_052,
    )


if __name__ == "__main__":
    sys.exit(main())
