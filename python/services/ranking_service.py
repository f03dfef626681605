"""Ranking over gRPC: what a viewer would do with each candidate.

python -m services.ranking_service --checkpoint DIR
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np

from phoenix.cached_ranker import Predictions, Ranker, RankingRequest
from phoenix.canary import check_ranker
from phoenix.checkpoint_reading import Checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.gen.phoenix_pb2_grpc import (
    RankingServiceServicer,
    add_RankingServiceServicer_to_server,
)
from phoenix.inference import InferenceEngine
from services.batching import WorkQueue
from services.column_checks import InvalidRequestError, require_id
from services.compilations import compilation_count, count_compilations
from services.model_service import ModelService, with_statuses
from services.request_columns import ColumnLimits, to_candidates, to_history
from services.serving import run_service

_NAMES = [action.name for action in ACTIONS[:DISCRETE_COUNT]]


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

    def __init__(self, queue: WorkQueue, *, half_precision: bool = False) -> None:
        super().__init__(queue)
        self._half_precision = half_precision
        self._compiler = ThreadPoolExecutor(1, thread_name_prefix="compiler")
        # Compiles for short histories; asyncio keeps no task alive by itself.
        self._warming: asyncio.Task[None] | None = None
        count_compilations()

    def register(self, server: grpc.aio.Server) -> None:
        add_RankingServiceServicer_to_server(self, server)

    def load(self, checkpoint: Checkpoint) -> Ranker:
        engine = InferenceEngine(checkpoint.ranker, half_precision=self._half_precision)
        return Ranker(engine, checkpoint.version)

    def warming_steps(self, model: Ranker) -> Sequence[Callable[[], None]]:
        return model.page_programs()

    def serve(self, model: Ranker) -> None:
        """Answers from now on, with this model; what is left to compile is compiled beside it."""
        super().serve(model)
        if self._warming is not None:
            self._warming.cancel()
        self._warming = asyncio.get_running_loop().create_task(self._compile_rest(model))

    async def _compile_rest(self, model: Ranker) -> None:
        """The programs of short histories, on a thread of their own: no request waits for them."""
        loop = asyncio.get_running_loop()
        for step in model.other_programs():
            try:
                await loop.run_in_executor(self._compiler, step)
            except Exception:
                # Requests go on with the programs that there are.
                logging.getLogger(__name__).exception("compiling for short histories failed")
                return

    async def all_compiled(self) -> None:
        """Returns once nothing is left to compile for the model that answers."""
        if self._warming is not None:
            await asyncio.wait({self._warming})

    async def close(self) -> None:
        """Ends the queue and the compiling behind the work that they are at."""
        if self._warming is not None:
            self._warming.cancel()
        self._compiler.shutdown(wait=False, cancel_futures=True)
        await self.queue.close()

    def check(self, model: Ranker, checkpoint: Checkpoint) -> None:
        check_ranker(model.engine, checkpoint.manifest, is_exact=not self._half_precision)

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
        asked = RankingRequest(
            user_id=request.user_id,
            history=to_history(request, limits),
            candidates=to_candidates(request, limits),
            request_time_ms=now_ms,
        )
        remaining = context.time_remaining()
        deadline = None if remaining is None else time.monotonic() + remaining
        predictions = await self.queue.run_together(model.rank_together, asked, deadline)
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
        """Version, queue, compilations and caches."""
        status = self.status()
        counts = self.model.counts
        status.ranking.CopyFrom(
            wire.RankingStatus(
                compilations=compilation_count(),
                prefix_hits=counts.prefix_hits,
                prefix_misses=counts.prefix_misses,
                score_hits=counts.score_hits,
                score_misses=counts.score_misses,
                cached_bytes=self.model.cached_bytes,
            )
        )
        return status


def main() -> int:
    """The command line; the exit status."""
    return run_service(
        lambda queue, options: RankingService(queue, half_precision=options.half_precision),
        program="python -m services.ranking_service",
        port_variable="HOMEFEED_RANKING_PORT",
        port=50_052,
    )


if __name__ == "__main__":
    sys.exit(main())
