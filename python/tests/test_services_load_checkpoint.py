"""Told to load a checkpoint: by a signal, or by a peer, who may not name any path it likes."""

import signal
from pathlib import Path

import grpc
import pytest

from phoenix.checkpoints import install_checkpoint, load_checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub
from tests.random_checkpoint import save_random_checkpoint
from tests.service_process import running_service
from tests.swap_requests import refusal, status, wait_for_version


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models of the same shape."""
    folder = tmp_path_factory.mktemp("two")
    save_random_checkpoint(folder / "first", 1)
    save_random_checkpoint(folder / "second", 2)
    return folder / "first", folder / "second"


@pytest.fixture
def served(tmp_path: Path, checkpoints: tuple[Path, Path]) -> Path:
    """The path that a service serves; the first model is there."""
    install_checkpoint(checkpoints[0], tmp_path / "served")
    return tmp_path / "served"


def test_a_hang_up_signal_loads_what_is_there_now(
    served: Path, checkpoints: tuple[Path, Path]
) -> None:
    second = load_checkpoint(checkpoints[1]).version
    with running_service(
        "ranking_service", "--checkpoint", str(served), "--watch-seconds", "0"
    ) as service:
        install_checkpoint(checkpoints[1], served)
        service.process.send_signal(signal.SIGHUP)
        with grpc.insecure_channel(service.address) as channel:
            wait_for_version(RankingServiceStub(channel), second)


def _load(stub: RankingServiceStub, directory: str) -> str:
    return stub.LoadCheckpoint(wire.LoadCheckpointRequest(directory=directory)).model_version


def test_a_peer_may_name_directories_below_the_root_only(
    served: Path, tmp_path: Path, checkpoints: tuple[Path, Path]
) -> None:
    first, second = (load_checkpoint(path).version for path in checkpoints)
    root = checkpoints[1].parent
    outside = tmp_path / "outside"
    install_checkpoint(checkpoints[1], outside)
    (root / "link").unlink(missing_ok=True)
    (root / "link").symlink_to(outside)
    arguments = ("--watch-seconds", "0", "--checkpoint-root", str(root))
    with (
        running_service("ranking_service", "--checkpoint", str(served), *arguments) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        stub = RankingServiceStub(channel)
        for asked in (str(outside), "../outside", "link", "/etc", "nothing\0", ".", "/none"):
            assert refusal(lambda asked=asked: _load(stub, asked)) == (
                grpc.StatusCode.PERMISSION_DENIED,
                "directory must be below the service's --checkpoint-root",
            )
        assert status(stub).model_version == first
        assert _load(stub, "second") == second == _load(stub, str(checkpoints[1]))
        code, message = refusal(lambda: _load(stub, "missing"))
        assert code == grpc.StatusCode.FAILED_PRECONDITION
        assert "is not a directory" in message
        assert _load(stub, "") == first
        assert (status(stub).swaps, status(stub).refused_checkpoints) == (2, 1)


def test_without_a_root_a_peer_may_only_have_the_served_path_read_again(
    served: Path, checkpoints: tuple[Path, Path]
) -> None:
    first = load_checkpoint(checkpoints[0]).version
    with (
        running_service("ranking_service", "--checkpoint", str(served)) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        stub = RankingServiceStub(channel)
        code, message = refusal(lambda: _load(stub, str(checkpoints[1])))
        assert code == grpc.StatusCode.PERMISSION_DENIED
        assert "without --checkpoint-root" in message
        assert _load(stub, "") == first
        assert status(stub).swaps == 0
