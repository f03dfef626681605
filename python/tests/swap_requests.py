"""Many requests at once, from before a swap until after it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import grpc
import pytest

from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub, RetrievalServiceStub

Answer = TypeVar("Answer", bound=wire.RankResponse | wire.RetrieveResponse)
Stub = RankingServiceStub | RetrievalServiceStub

CLIENTS = 4
REQUESTS = 200
# Far above what a swap takes; a test that hits it has failed.
_SECONDS_MAX = 120.0
_LOOK_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Returns once the condition holds."""
    end = time.monotonic() + _SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(_LOOK_SECONDS)


def status(stub: Stub) -> wire.GetStatusResponse:
    """What a service says of itself."""
    return stub.GetStatus(wire.GetStatusRequest())


def wait_for_version(stub: Stub, version: str) -> None:
    """Returns once this version answers."""
    wait_until(lambda: status(stub).model_version == version, f"version {version}")


def ask_during(
    swap: Callable[[], object], ask: Callable[[int], Answer], *, until_version: str
) -> list[tuple[int, Answer]]:
    """Numbered answers of several clients; the swap begins after a quarter of them.

    Clients go on until 200 answers are there and each has seen the new version. The first request
    that fails, fails the test.
    """
    answers: list[tuple[int, Answer]] = []
    quarter = threading.Event()
    end = time.monotonic() + _SECONDS_MAX

    def client(first: int) -> None:
        number, is_new = first, False
        while not (is_new and len(answers) >= REQUESTS):
            assert time.monotonic() < end, f"version {until_version} never answered"
            answer = ask(number)
            is_new = answer.model_version == until_version
            answers.append((number, answer))
            if len(answers) >= REQUESTS // 4:
                quarter.set()
            number += CLIENTS

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, first) for first in range(CLIENTS)]
        quarter.wait(_SECONDS_MAX)
        swap()
        for done in clients:
            done.result()
    return answers


def refusal(call: Callable[[], object]) -> tuple[grpc.StatusCode, str]:
    """Code and message of a call that is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), caught.value.details() or ""
