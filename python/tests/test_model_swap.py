"""The steps of a swap by themselves: what comes between them, and what fails among them."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phoenix.checkpoint_reading import Checkpoint
from phoenix.checkpoints import install_checkpoint, load_checkpoint
from phoenix.inference import InferenceEngine
from phoenix.retrieval_index import IndexedPosts
from services.batching import WorkQueue
from services.carry_over_index import POSTS_PER_STEP, carry_over_index
from services.model_hooks import ModelHooks
from services.model_swap import CheckpointRefusedError, ModelSwap
from services.retriever import Retriever
from tests.random_checkpoint import save_random_checkpoint, shared_checkpoint


class Versions(ModelHooks[str]):
    """Models that are their versions, with work that a test gives."""

    def __init__(self) -> None:
        self.on_load: Callable[[], object] = lambda: None
        self.warming: Callable[[], None] = lambda: None
        self.carrying: list[Callable[[], None]] = []
        self.begun = self.closed = 0
        self.served: list[str] = []

    def load(self, checkpoint: Checkpoint) -> str:
        self.on_load()
        return checkpoint.version

    def warming_steps(self, model: str) -> Sequence[Callable[[], None]]:
        return [self.warming]

    def check(self, model: str, checkpoint: Checkpoint) -> None:
        assert model == checkpoint.version

    def carry_over(self, old: str, new: str) -> Generator[Callable[[], None], None, None]:
        self.begun += 1
        try:
            yield from self.carrying
        finally:
            self.closed += 1

    def serve(self, model: str) -> None:
        self.served.append(model)

    def model_version(self, model: str) -> str:
        return model


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that is not the shared one."""
    directory = tmp_path_factory.mktemp("other") / "checkpoint"
    save_random_checkpoint(directory, 3)
    return directory


def _run(test: Callable[[Versions, ModelSwap[str], WorkQueue], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        hooks, queue = Versions(), WorkQueue(2)
        swap = ModelSwap(hooks, queue)
        swap.model = await swap.start(shared_checkpoint(), lambda done, total: None)
        try:
            await test(hooks, swap, queue)
        finally:
            await queue.close()

    asyncio.run(run())


def test_requests_are_answered_while_a_model_warms(other: Path) -> None:
    async def test(hooks: Versions, swap: ModelSwap[str], queue: WorkQueue) -> None:
        started, release = threading.Event(), threading.Event()

        def warm() -> None:
            started.set()
            assert release.wait(60)

        hooks.warming = warm
        before = swap.model
        swapping = asyncio.create_task(swap.swap(other))
        await asyncio.to_thread(started.wait, 60)
        # The model thread is free all the while.
        assert [await queue.run(lambda: swap.model) for _ in range(3)] == [before] * 3
        assert swap.state.loading_version == load_checkpoint(other).version
        release.set()
        await swapping
        assert swap.model == load_checkpoint(other).version != before
        assert swap.state.loading_version == ""
        # The same once more: nothing to do.
        await swap.swap(other)
        assert swap.state.swaps == 1
        assert hooks.served == [swap.model]

    _run(test)


def test_a_step_that_fails_leaves_everything_as_it_was(other: Path) -> None:
    async def test(hooks: Versions, swap: ModelSwap[str], queue: WorkQueue) -> None:
        def fail() -> None:
            raise ValueError("the vectors are not finite")

        before = swap.model
        hooks.carrying = [lambda: None, fail, lambda: None]
        with pytest.raises(CheckpointRefusedError, match="the vectors are not finite"):
            await swap.swap(other)
        assert (swap.model, hooks.closed, swap.state.refusals) == (before, 1, 1)
        hooks.carrying = [lambda: None]
        await swap.swap(other)
        assert swap.model == load_checkpoint(other).version

    _run(test)


def test_a_fault_of_ours_is_a_refusal_too(other: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(hooks: Versions, swap: ModelSwap[str], queue: WorkQueue) -> None:
        def fail() -> None:
            raise RuntimeError("out of memory on the device")

        hooks.warming = fail
        with pytest.raises(CheckpointRefusedError, match="out of memory on the device"):
            await swap.swap(other)
        assert swap.model == load_checkpoint(shared_checkpoint()).version
        assert "Traceback" in caplog.text

    _run(test)


def test_a_full_queue_delays_a_step_and_refuses_no_swap(other: Path) -> None:
    async def test(hooks: Versions, swap: ModelSwap[str], queue: WorkQueue) -> None:
        release = threading.Event()
        carried = threading.Event()
        hooks.carrying = [carried.set]
        requests: list[asyncio.Task[bool]] = []
        # One that is computed and two that wait.
        for _ in range(3):
            requests.append(asyncio.create_task(queue.run(lambda: release.wait(60))))
            await asyncio.sleep(0.01)
        assert queue.length == 2
        swapping = asyncio.create_task(swap.swap(other))
        while hooks.begun == 0:
            await asyncio.sleep(0.01)
        assert not carried.is_set()
        release.set()
        assert await asyncio.gather(*requests) == [True] * 3
        await swapping
        assert carried.is_set()
        assert swap.state.refusals == 0

    _run(test)


def test_what_is_replaced_while_it_is_loaded_is_loaded_again(tmp_path: Path, other: Path) -> None:
    async def test(hooks: Versions, swap: ModelSwap[str], queue: WorkQueue) -> None:
        served = tmp_path / "served"
        install_checkpoint(shared_checkpoint(), served)
        version = swap.model
        # The look at the directory and the load race with whoever replaces it: here it loses.
        loads = 0

        def replace() -> None:
            nonlocal loads
            loads += 1
            if loads == 1:
                install_checkpoint(shared_checkpoint(), served)
                install_checkpoint(other, served)
                raise ValueError("read half of each")

        install_checkpoint(other, served)
        hooks.on_load = replace
        await swap.swap(served)
        assert loads == 2
        assert swap.model == load_checkpoint(other).version != version
        assert swap.state.refusals == 0

    _run(test)


def test_a_swap_goes_on_when_its_caller_leaves(other: Path) -> None:
    async def test(hooks: Versions, swap: ModelSwap[str], queue: WorkQueue) -> None:
        swapping = asyncio.create_task(swap.swap(other))
        await asyncio.sleep(0)
        swapping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await swapping
        while swap.state.swaps == 0:
            await asyncio.sleep(0.01)
        assert swap.model == load_checkpoint(other).version

    _run(test)


def _retriever(checkpoint: Path) -> Retriever:
    loaded = load_checkpoint(checkpoint)
    return Retriever(InferenceEngine(loaded.retrieval), loaded.version)


def _posts(ids: np.ndarray) -> IndexedPosts:
    return IndexedPosts(ids, ids + 7, np.full(ids.shape, time.time_ns() // 1_000_000))


def _ids(retriever: Retriever) -> list[int]:
    return sorted(retriever.live_posts().post_ids.tolist())


def test_changes_between_steps_and_after_the_last_are_in_both(other: Path) -> None:
    old, new = _retriever(shared_checkpoint()), _retriever(other)
    old.upsert(_posts(np.arange(1, 2 * POSTS_PER_STEP + 1)))
    steps = carry_over_index(old, new)
    for turn, step in enumerate(steps):
        step()
        old.upsert(_posts(np.array([10_000 + turn])))
        old.remove(np.array([1 + turn, 2 * POSTS_PER_STEP - turn]))
    old.upsert(_posts(np.array([20_000])))
    old.remove(np.array([100]))
    assert _ids(new) == _ids(old)
    assert {10_000, 10_001, 20_000} <= set(_ids(new))
    assert new.contents == old.contents


def test_a_follower_that_fails_fails_the_swap_and_no_request(other: Path) -> None:
    old, new = _retriever(shared_checkpoint()), _retriever(other)
    old.upsert(_posts(np.arange(1, 2 * POSTS_PER_STEP)))
    steps = carry_over_index(old, new)
    next(steps)()

    def fail(posts: IndexedPosts) -> None:
        raise ValueError("vectors must be finite")

    new.upsert = fail  # type: ignore[method-assign]
    old.upsert(_posts(np.array([5_000])))
    assert 5_000 in _ids(old)
    with pytest.raises(ValueError, match="vectors must be finite"):
        next(steps)()
    steps.close()
    old.upsert(_posts(np.array([5_001])))
    assert 5_001 in _ids(old)
