"""The queue before the model: order, bound, deadlines, clients that go away."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from services.batching import DeadlinePassedError, QueueFullError, WorkQueue


def _with_queue(waiting_max: int, test: Callable[[WorkQueue], Awaitable[None]]) -> None:
    async def run() -> None:
        queue = WorkQueue(waiting_max)
        try:
            await test(queue)
        finally:
            await queue.close()

    asyncio.run(run())


async def _blocked(queue: WorkQueue) -> tuple[threading.Event, "asyncio.Task[bool]"]:
    """Work that holds the model thread until the event is set."""
    started, release = threading.Event(), threading.Event()

    def work() -> bool:
        started.set()
        return release.wait(60)

    task = asyncio.ensure_future(queue.run(work))
    await asyncio.to_thread(started.wait, 60)
    return release, task


def test_work_runs_one_after_the_other_in_order_of_arrival() -> None:
    async def test(queue: WorkQueue) -> None:
        threads: list[int] = []
        order: list[int] = []

        def work(number: int) -> int:
            threads.append(threading.get_ident())
            order.append(number)
            return number * 2

        answers = await asyncio.gather(*(queue.run(lambda n=n: work(n)) for n in range(20)))
        assert answers == [2 * n for n in range(20)]
        assert order == list(range(20))
        assert len(set(threads)) == 1
        assert threads[0] != threading.get_ident()

    _with_queue(20, test)


def test_an_error_reaches_its_caller_alone() -> None:
    async def test(queue: WorkQueue) -> None:
        def fail() -> None:
            raise LookupError("no such row")

        failed, fine = await asyncio.gather(
            queue.run(fail), queue.run(lambda: 1), return_exceptions=True
        )
        assert isinstance(failed, LookupError)
        assert fine == 1

    _with_queue(4, test)


def test_a_full_queue_refuses_at_once_and_recovers() -> None:
    async def test(queue: WorkQueue) -> None:
        release, running = await _blocked(queue)
        waiting = [asyncio.ensure_future(queue.run(lambda n=n: n)) for n in range(3)]
        await asyncio.sleep(0)
        assert queue.length == 3
        with pytest.raises(QueueFullError, match="queue of 3 requests is full"):
            await queue.run(lambda: 9)
        release.set()
        assert await running is True
        assert await asyncio.gather(*waiting) == [0, 1, 2]
        assert await queue.run(lambda: 9) == 9
        assert queue.length == 0

    _with_queue(3, test)


def test_work_whose_deadline_passed_while_it_waited_is_not_computed() -> None:
    async def test(queue: WorkQueue) -> None:
        release, running = await _blocked(queue)
        computed: list[str] = []
        late = asyncio.ensure_future(queue.run(lambda: computed.append("late"), time.monotonic()))
        in_time = asyncio.ensure_future(
            queue.run(lambda: computed.append("in time"), time.monotonic() + 3_600)
        )
        await asyncio.sleep(0)
        release.set()
        await running
        with pytest.raises(DeadlinePassedError):
            await late
        await in_time
        assert computed == ["in time"]

    _with_queue(4, test)


def test_a_caller_that_goes_away_frees_its_place() -> None:
    async def test(queue: WorkQueue) -> None:
        release, running = await _blocked(queue)
        computed: list[str] = []
        gone = asyncio.ensure_future(queue.run(lambda: computed.append("gone")))
        await asyncio.sleep(0)
        assert queue.length == 1
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert queue.length == 0
        next_one = asyncio.ensure_future(queue.run(lambda: computed.append("next")))
        release.set()
        await asyncio.gather(running, next_one)
        assert computed == ["next"]

    _with_queue(1, test)


def test_the_event_loop_stays_live_while_the_model_computes() -> None:
    async def test(queue: WorkQueue) -> None:
        release, running = await _blocked(queue)
        # Only a live loop gets here and can set what the work waits for.
        await asyncio.sleep(0)
        release.set()
        assert await running is True

    _with_queue(1, test)
