"""The real ranking servicer behind a real server, in this process."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from phoenix.cached_ranker import Predictions, Ranker, RankingRequest
from phoenix.checkpoints import load_checkpoint
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub
from services.batching import WorkQueue
from services.ranking_service import RankingService
from services.serving import create_server

# How often a condition is looked at, in seconds.
_LOOK = 0.005


@dataclass
class Served:
    """A ranking service in this process and a client of it."""

    service: RankingService
    client: RankingServiceStub
    port: int
    # Work that holds the model thread; a task lives as long as something refers to it.
    blocking: "asyncio.Task[None] | None" = None

    async def block(self) -> threading.Event:
        """Holds the model thread until the event is set."""
        started, release = threading.Event(), threading.Event()

        def work() -> None:
            started.set()
            release.wait(60)

        self.blocking = asyncio.ensure_future(self.service.queue.run(work))
        await asyncio.to_thread(started.wait, 60)
        return release

    async def waiting(self, count: int) -> None:
        """Returns when so many requests wait."""
        async with asyncio.timeout(60):
            while self.service.queue.length != count:
                await asyncio.sleep(_LOOK)


class CountingRanker(Ranker):
    """The ranker, which notes how many candidates it was asked for."""

    def __init__(self, ranker: Ranker) -> None:
        super().__init__(ranker.engine, ranker.version)
        self.counted: list[int] = []

    def rank_together(self, requests: Sequence[RankingRequest]) -> list[Predictions]:
        self.counted += [request.candidates.post_ids.shape[0] for request in requests]
        return super().rank_together(requests)


def counting(service: RankingService) -> list[int]:
    """Sizes of the rankings that are computed from here on."""
    ranker = CountingRanker(service.model)
    service.serve(ranker)
    return ranker.counted


@contextlib.asynccontextmanager
async def _served(checkpoint: Path, waiting_max: int) -> AsyncIterator[Served]:
    service = RankingService(WorkQueue(waiting_max))
    server = create_server()
    service.register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    service.serve(service.load(load_checkpoint(checkpoint)))
    try:
        async with grpc.aio.insecure_channel(
            f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", 32 * 1024 * 1024)]
        ) as channel:
            yield Served(service, RankingServiceStub(channel), port)
    finally:
        await server.stop(None)
        await service.close()


def with_service(
    test: Callable[[Served], Awaitable[None]], checkpoint: Path, *, waiting_max: int
) -> None:
    """Runs a test with a service of a checkpoint, in an event loop of its own."""

    async def run() -> None:
        async with _served(checkpoint, waiting_max) as served:
            await test(served)

    asyncio.run(run())
