"""One model takes over from another while requests flow.

The new one is loaded, warmed and checked on a thread of its own, beside the one that answers. What
it must take over from the old one comes in steps on the model thread, requests in between. Then one
reference is replaced: a request that has begun ends with the model that it began with.
A checkpoint that fails on the way is refused, with one sentence, and nothing else happens.
"""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from phoenix.checkpoint_reading import Identity, checkpoint_identity, load_checkpoint
from services.batching import QueueFullError, WorkQueue
from services.model_hooks import ModelHooks

Model = TypeVar("Model")
Result = TypeVar("Result")

_LOGGER = logging.getLogger(__name__)
# How long a step waits for a place in a full queue.
_FULL_QUEUE_SECONDS = 0.02
# A directory may be replaced while it is read; so often in a row is no accident.
_READS_MAX = 3


class CheckpointRefusedError(Exception):
    """A checkpoint was refused; the message says why, and the model before goes on answering."""


class LoadingError(Exception):
    """Another checkpoint is being loaded."""


@dataclass(frozen=True)
class SwapState:
    """What happened to the checkpoints since the process started."""

    # The version that is being warmed; empty = none.
    loading_version: str = ""
    swaps: int = 0
    refusals: int = 0
    # Why the last one was refused; empty = none was.
    last_refusal: str = ""


class ModelSwap(Generic[Model]):
    """The model that answers, and how another takes its place. Lives on the event loop."""

    def __init__(self, hooks: ModelHooks[Model], queue: WorkQueue) -> None:
        self.state = SwapState()
        # That answers; None before the first one is ready.
        self.model: Model | None = None
        # Called with the old and the new version after each swap.
        self.on_swap: Callable[[str, str], None] = lambda old, new: None
        self._hooks = hooks
        self._queue = queue
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="warming")
        self._loading = asyncio.Lock()
        # The path of the start, and what stood there when it was last loaded or refused.
        self._served: Path | None = None
        self._seen: Identity | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def is_loading(self) -> bool:
        """True while a checkpoint is being loaded, warmed, checked or carried over to."""
        return self._loading.locked()

    async def start(self, directory: Path, on_warmed: Callable[[int, int], None]) -> Model:
        """The first model, warmed and checked; it does not answer yet.

        Args:
          directory: Of the checkpoint.
          on_warmed: Called with the number of steps done and of all, after each.

        Raises:
          ValueError, OSError: It cannot be used.
        """
        async with self._loading:
            self._served, self._seen = directory, checkpoint_identity(directory)
            return await self._prepare(directory, on_warmed)

    async def swap(self, directory: Path) -> None:
        """Answers with a directory's checkpoint from now on; nothing happens if it does already.

        Goes on when the caller is cancelled.

        Raises:
          CheckpointRefusedError: It cannot be used; counted and logged.
        """
        task = asyncio.create_task(self._swap(directory))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    async def watch(self, directory: Path, *, seconds: float | None, asked: asyncio.Event) -> None:
        """Swaps whenever the path holds something else, or when asked; for ever.

        Args:
          directory: The path, which is that of the start.
          seconds: Between two looks; None = only when asked. What is still being written is left
            alone until two looks find the same.
          asked: Set by whoever wants a look now; cleared here.
        """
        changed: Identity | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), seconds)
            is_asked = asked.is_set()
            asked.clear()
            found = await self._on_warming_thread(lambda: checkpoint_identity(directory))
            if not is_asked:
                is_new = found is not None and found != self._seen
                is_settled, changed = found == changed, found
                if not (is_new and is_settled):
                    continue
            # Said and counted where it was refused; the next change is another chance.
            with contextlib.suppress(CheckpointRefusedError):
                await self.swap(directory)

    async def _swap(self, directory: Path) -> None:
        async with self._loading:
            try:
                await self._take_over(directory)
            except Exception as error:
                if not isinstance(error, ValueError | OSError):
                    _LOGGER.exception("loading %s failed", directory)
                refusal = f"checkpoint {directory} is refused: {error}"
                _LOGGER.warning("%s", refusal)
                # Peers hear the name and not where it lies on this machine.
                refusal = refusal.replace(str(directory), directory.name)
                self.state = dataclasses.replace(
                    self.state, refusals=self.state.refusals + 1, last_refusal=refusal
                )
                raise CheckpointRefusedError(refusal) from error
            finally:
                self.state = dataclasses.replace(self.state, loading_version="")

    async def _take_over(self, directory: Path) -> None:
        old = self.model
        new = await self._prepare_latest(directory)
        if new is old:
            return
        if old is not None:
            # Closing tells the old model that nobody follows it, when a step failed.
            with contextlib.closing(self._hooks.carry_over(old, new)) as steps:
                for step in steps:
                    await self._on_model_thread(step)
        before = "" if old is None else self._hooks.model_version(old)
        self.model = new
        self._hooks.serve(new)
        self.state = dataclasses.replace(self.state, swaps=self.state.swaps + 1)
        self.on_swap(before, self._hooks.model_version(new))

    async def _prepare_latest(self, directory: Path) -> Model:
        """What stands at the path in the end, however often it is replaced meanwhile."""
        for attempt in range(1, _READS_MAX + 1):
            identity = checkpoint_identity(directory)
            if directory == self._served:
                self._seen = identity
            try:
                return await self._prepare(directory, lambda done, total: None)
            except (ValueError, OSError):
                if attempt == _READS_MAX or checkpoint_identity(directory) == identity:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _prepare(self, directory: Path, on_warmed: Callable[[int, int], None]) -> Model:
        """The model of a directory, warmed and checked; the present one if it is the same."""
        hooks = self._hooks
        checkpoint = await self._on_warming_thread(lambda: load_checkpoint(directory))
        if self.model is not None and hooks.model_version(self.model) == checkpoint.version:
            return self.model
        self.state = dataclasses.replace(self.state, loading_version=checkpoint.version)
        model = await self._on_warming_thread(lambda: hooks.load(checkpoint))
        steps = hooks.warming_steps(model)
        on_warmed(0, len(steps))
        for done, step in enumerate(steps, start=1):
            await self._on_warming_thread(step)
            on_warmed(done, len(steps))
        await self._on_warming_thread(lambda: hooks.check(model, checkpoint))
        return model

    async def _on_warming_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _on_model_thread(self, step: Callable[[], None]) -> None:
        while True:
            try:
                return await self._queue.run(step)
            except QueueFullError:
                await asyncio.sleep(_FULL_QUEUE_SECONDS)
