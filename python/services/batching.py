"""The queue before the model: bounded, in order of arrival, one request computed at a time.

The event loop stays free while the model thread computes. A request whose deadline passed, or
whose client went away, while it waited is never computed.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


class QueueFullError(Exception):
    """As many requests wait as may."""


class DeadlinePassedError(Exception):
    """A request's deadline passed while it waited; it was not computed."""


@dataclass(frozen=True, eq=False)
class _Job:
    work: Callable[[], Any]
    # On the monotonic clock, seconds; None = waits for ever.
    deadline: float | None
    answer: asyncio.Future[Any]


class WorkQueue:
    """Runs work on one thread. Made and used on one event loop."""

    def __init__(self, waiting_max: int) -> None:
        """A queue in which at most `waiting_max` requests wait behind the running one."""
        self._waiting_max = waiting_max
        self._waiting: deque[_Job] = deque()
        self._arrival = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._runner = asyncio.create_task(self._run_all())

    @property
    def length(self) -> int:
        """How many requests wait; the running one does not count."""
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
        if len(self._waiting) >= self._waiting_max:
            raise QueueFullError(f"the queue of {self._waiting_max} requests is full; retry later")
        job = _Job(work, deadline, asyncio.get_running_loop().create_future())
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
        while True:
            while not self._waiting:
                self._arrival.clear()
                await self._arrival.wait()
            await self._run_one(self._waiting.popleft())

    async def _run_one(self, job: _Job) -> None:
        if job.answer.done():
            return
        if job.deadline is not None and time.monotonic() >= job.deadline:
            job.answer.set_exception(
                DeadlinePassedError("the deadline passed while the request waited")
            )
            return
        loop = asyncio.get_running_loop()
        try:
            result = await loop.run_in_executor(self._thread, job.work)
        except Exception as error:
            if not job.answer.done():
                job.answer.set_exception(error)
        else:
            if not job.answer.done():
                job.answer.set_result(result)
