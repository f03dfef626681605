"""The queue before the model: bounded, in order of arrival, what waits is computed together.

A lone request never waits for company. Those that arrive while the model computes are its next
batch; and while requests keep overlapping, a batch waits up to 2 ms for more of them.

The event loop stays free while the model thread computes. A request whose deadline passed, or
whose client went away, while it waited is never computed.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")
Item = TypeVar("Item")

# How long a batch waits for company while requests overlap.
GATHER_SECONDS = 0.002
# Each request of a batch waits for the whole batch, so that a batch must stay short.
BATCH_MAX = 8


class QueueFullError(Exception):
    """As many requests wait as may."""


class DeadlinePassedError(Exception):
    """A request's deadline passed while it waited; it was not computed."""


@dataclass(frozen=True, eq=False)
class _Job:
    # From items to answers, in order. Jobs with equal work, one behind the other, go together.
    work: Callable[[Sequence[Any]], Sequence[Any]]
    item: Any
    joins: bool
    # On the monotonic clock, seconds; None = waits for ever.
    deadline: float | None
    answer: asyncio.Future[Any]


def _alone(items: Sequence[Callable[[], Any]]) -> list[Any]:
    return [item() for item in items]


class WorkQueue:
    """Runs work on one thread. Made and used on one event loop."""

    def __init__(self, waiting_max: int, *, gather_seconds: float = GATHER_SECONDS) -> None:
        """A queue in which at most `waiting_max` requests wait behind the running ones."""
        self._waiting_max = waiting_max
        self._gather_seconds = gather_seconds
        self._waiting: deque[_Job] = deque()
        self._arrival = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._runner = asyncio.create_task(self._run_all())

    @property
    def length(self) -> int:
        """How many requests wait; the running ones do not count."""
        return len(self._waiting)

    async def run(self, work: Callable[[], Result], deadline: float | None = None) -> Result:
        """What `work` returns, or raises, on the model thread.

        Cancelling takes waiting work out of the queue at once; running work ends unheard.

        Args:
          work: Called once, or never when the deadline passes or the caller goes away before.
          deadline: On the monotonic clock, seconds; None = waits for ever.

        Raises:
          QueueFullError: At once.
          DeadlinePassedError: When its turn came too late.
        """
        return await self._wait_for(_Job(_alone, work, False, deadline, _new_answer()))

    async def run_together(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        item: Item,
        deadline: float | None = None,
    ) -> Result:
        """The answer for `item` from one call of `work`, with others that wait for equal work.

        When that call fails for several items, each is tried alone, so that one bad item fails
        itself only. Otherwise as `run`.

        Args:
          work: From up to `BATCH_MAX` items to one answer each, in order.
        """
        return await self._wait_for(_Job(work, item, True, deadline, _new_answer()))

    async def _wait_for(self, job: _Job) -> Any:
        if len(self._waiting) >= self._waiting_max:
            raise QueueFullError(f"the queue of {self._waiting_max} requests is full; retry later")
        self._waiting.append(job)
        self._arrival.set()
        try:
            return await job.answer
        except asyncio.CancelledError:
            if job in self._waiting:
                self._waiting.remove(job)
            raise

    async def close(self) -> None:
        """Forgets what waits and stops the thread behind the work that it is at."""
        self._runner.cancel()
        for job in self._waiting:
            job.answer.cancel()
        self._waiting.clear()
        self._thread.shutdown(wait=False)

    async def _run_all(self) -> None:
        overlapped = False
        while True:
            while not self._waiting:
                overlapped = False
                self._arrival.clear()
                await self._arrival.wait()
            if overlapped:
                await self._gather()
            batch = self._take_batch()
            overlapped = len(batch) > 1
            if batch:
                await self._run_batch(batch)

    async def _gather(self) -> None:
        """Returns when a whole batch waits, or when the time for gathering is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._gather_seconds):
                while len(self._waiting) < BATCH_MAX:
                    self._arrival.clear()
                    await self._arrival.wait()

    def _take_batch(self) -> list[_Job]:
        """The next job, and those behind it that may go with it; late ones are refused."""
        batch: list[_Job] = []
        while self._waiting and len(batch) < BATCH_MAX:
            job = self._waiting[0]
            if batch and not (job.joins and batch[0].joins and job.work == batch[0].work):
                break
            self._waiting.popleft()
            if job.answer.done():
                continue
            if job.deadline is not None and time.monotonic() >= job.deadline:
                job.answer.set_exception(
                    DeadlinePassedError("the deadline passed while the request waited")
                )
                continue
            batch.append(job)
        return batch

    async def _run_batch(self, batch: list[_Job]) -> None:
        loop = asyncio.get_running_loop()
        items = [job.item for job in batch]
        try:
            results = await loop.run_in_executor(self._thread, batch[0].work, items)
        except Exception as error:
            if len(batch) > 1:
                for job in batch:
                    await self._run_batch([job])
            elif not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return
        for job, result in zip(batch, results, strict=True):
            if not job.answer.done():
                job.answer.set_result(result)


def _new_answer() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()
