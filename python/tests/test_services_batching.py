"""The queue before the model: order, bound, deadlines, clients that go away."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest

from services.batching import BATCH_MAX, DeadlinePassedError, QueueFullError, WorkQueue


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


def test_what_waits_for_equal_work_is_computed_in_one_call() -> None:
    async def test(queue: WorkQueue) -> None:
        release, running = await _blocked(queue)
        batches: list[list[int]] = []

        def double(items: Sequence[int]) -> list[int]:
            batches.append(list(items))
            return [2 * item for item in items]

        def negate(items: Sequence[int]) -> list[int]:
            batches.append(list(items))
            return [-item for item in items]

        answers = asyncio.gather(
            *(queue.run_together(double, n) for n in range(BATCH_MAX + 2)),
            queue.run_together(negate, 5),
            queue.run(lambda: batches.append([]) or 0),
            queue.run_together(double, 20),
            queue.run_together(double, 21),
        )
        await asyncio.sleep(0)
        release.set()
        await running
        doubled = [2 * n for n in range(BATCH_MAX + 2)]
        assert await answers == [*doubled, -5, 0, 40, 42]
        # In order of arrival: nothing overtakes other work to join a batch.
        assert batches == [
            list(range(BATCH_MAX)),
            [BATCH_MAX, BATCH_MAX + 1],
            [5],
            [],
            [20, 21],
        ]

    _with_queue(30, test)


def test_a_bad_item_fails_itself_alone() -> None:
    async def test(queue: WorkQueue) -> None:
        release, running = await _blocked(queue)

        def invert(items: Sequence[int]) -> list[float]:
            return [1 / item for item in items]

        answers = asyncio.gather(
            *(queue.run_together(invert, n) for n in (2, 0, 4)), return_exceptions=True
        )
        await asyncio.sleep(0)
        release.set()
        await running
        good, bad, last = await answers
        assert (good, last) == (0.5, 0.25)
        assert isinstance(bad, ZeroDivisionError)

    _with_queue(4, test)


def test_a_batch_leaves_out_who_is_late_or_gone() -> None:
    async def test(queue: WorkQueue) -> None:
        release, running = await _blocked(queue)
        batches: list[list[int]] = []

        def note(items: Sequence[int]) -> Sequence[int]:
            batches.append(list(items))
            return items

        first = asyncio.ensure_future(queue.run_together(note, 1))
        late = asyncio.ensure_future(queue.run_together(note, 2, time.monotonic()))
        gone = asyncio.ensure_future(queue.run_together(note, 3))
        last = asyncio.ensure_future(queue.run_together(note, 4))
        await asyncio.sleep(0)
        gone.cancel()
        release.set()
        await running
        assert await asyncio.gather(first, last) == [1, 4]
        with pytest.raises(DeadlinePassedError):
            await late
        assert batches == [[1, 4]]

    _with_queue(4, test)


def test_a_lone_request_does_not_wait_for_company() -> None:
    async def run() -> None:
        # Were it to gather, it would take an hour.
        queue = WorkQueue(4, gather_seconds=3_600)
        try:
            assert await queue.run_together(lambda items: items, 1) == 1
            assert await queue.run_together(lambda items: items, 2) == 2
        finally:
            await queue.close()

    asyncio.run(run())


def test_while_requests_overlap_a_batch_gathers_its_company() -> None:
    async def run() -> None:
        queue = WorkQueue(2 * BATCH_MAX, gather_seconds=3_600)
        try:
            release, running = await _blocked(queue)
            batches: list[list[int]] = []

            def note(items: Sequence[int]) -> Sequence[int]:
                batches.append(list(items))
                return items

            async def ask(numbers: range) -> None:
                assert await asyncio.gather(
                    *(queue.run_together(note, n) for n in numbers)
                ) == list(numbers)

            first = asyncio.ensure_future(ask(range(BATCH_MAX)))
            left = asyncio.ensure_future(ask(range(BATCH_MAX, BATCH_MAX + 1)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert queue.length == BATCH_MAX + 1
            release.set()
            await running
            await first
            # One is left over; it waits until its batch is whole.
            assert queue.length == 1
            await ask(range(BATCH_MAX + 1, 2 * BATCH_MAX))
            await left
            assert batches == [list(range(BATCH_MAX)), list(range(BATCH_MAX, 2 * BATCH_MAX))]
        finally:
            await queue.close()

    asyncio.run(run())
