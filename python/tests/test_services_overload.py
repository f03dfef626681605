"""Too many, too late, gone away, no such head: the real servicers behind a real server."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import numpy as np
import pytest

from phoenix.gen import phoenix_pb2 as wire
from tests.random_checkpoint import shared_checkpoint
from tests.served_ranking import Served, counting, with_service
from tests.service_requests import (
    packed_matrix,
    packed_rank,
    plain_matrix,
    plain_rank,
    random_events,
    random_posts,
)

PUBLISHED = Path(__file__).resolve().parents[2] / "test" / "golden" / "published"
WAITING_MAX = 2


def _with_service(test: Callable[[Served], Awaitable[None]], checkpoint: Path) -> None:
    with_service(test, checkpoint, waiting_max=WAITING_MAX)


async def _code(call: Awaitable[wire.RankResponse]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code()


def _request() -> wire.RankRequest:
    return packed_rank(random_events(3), random_posts(4))


def test_more_than_may_wait_are_refused_at_once() -> None:
    async def test(served: Served) -> None:
        release = await served.block()
        waiting = [asyncio.ensure_future(served.client.Rank(_request())) for _ in range(2)]
        await served.waiting(WAITING_MAX)
        # The model thread is held, so that this answer cannot have waited for it.
        code = await _code(served.client.Rank(_request()))
        assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
        status = await served.client.GetStatus(wire.GetStatusRequest())
        assert status.queue_length == WAITING_MAX
        release.set()
        for answer in await asyncio.gather(*waiting):
            assert packed_matrix(answer).shape == (4, 19)

    _with_service(test, shared_checkpoint())


def test_a_request_whose_deadline_passes_in_the_queue_is_not_computed() -> None:
    async def test(served: Served) -> None:
        computed = counting(served.service)
        release = await served.block()
        code = await _code(served.client.Rank(_request(), timeout=0.2))
        assert code == grpc.StatusCode.DEADLINE_EXCEEDED
        await served.waiting(0)
        release.set()
        last = await served.client.Rank(packed_rank(random_events(1), random_posts(9)))
        assert packed_matrix(last).shape == (9, 19)
        assert computed == [9]

    _with_service(test, shared_checkpoint())


def test_a_client_that_leaves_frees_its_place() -> None:
    async def test(served: Served) -> None:
        computed = counting(served.service)
        release = await served.block()
        call = served.client.Rank(_request())
        await served.waiting(1)
        call.cancel()
        await served.waiting(0)
        release.set()
        await served.client.Rank(packed_rank(random_events(1), random_posts(9)))
        assert computed == [9]

    _with_service(test, shared_checkpoint())


def test_a_head_that_the_model_lacks_is_nan_packed_and_0_plain() -> None:
    async def test(served: Served) -> None:
        history, posts = random_events(3), random_posts(5)
        packed = packed_matrix(await served.client.Rank(packed_rank(history, posts)))
        answer = await served.client.Rank(plain_rank(history, posts))
        plain = plain_matrix(answer.predictions)
        missing = np.isnan(packed)
        assert missing.any()
        assert (missing == missing[0]).all()
        assert not missing[:, [0, 1, 2]].any()
        assert not plain[missing].any()
        np.testing.assert_array_equal(plain[~missing], packed[~missing])

    _with_service(test, PUBLISHED)
