"""A checkpoint that cannot be trusted is refused while the one before goes on serving."""

import re
import shutil
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2

from phoenix.atomic_directory import replacing_directory
from phoenix.checkpoint_reading import MANIFEST
from phoenix.checkpoints import install_checkpoint, load_checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub, RetrievalServiceStub
from tests.damages import Damage, cut, flipped, set_at, with_array, with_json, with_right_hash
from tests.random_checkpoint import save_random_checkpoint
from tests.service_process import RunningService, running_service
from tests.service_requests import packed_rank, random_events, random_posts
from tests.swap_requests import refusal, status, wait_for_version, wait_until

RANKER = "ranker/model_params.npz"
RETRIEVAL = "retrieval/model_params.npz"
OUTPUTS = "phoenix_model/unembeddings"
TOWER = (
    "phoenix_retrieval_model/~build_candidate_representation/candidate_tower/"
    "candidate_tower_projection_2"
)

RANKING_REFUSALS: list[tuple[Damage, str]] = [
    (cut("ranker/embedding_tables.npz"), r"ranker/embedding_tables\.npz: SHA-256 is"),
    (flipped(RANKER), r"ranker/model_params\.npz: SHA-256 is .*, manifest\.json says"),
    (
        with_right_hash(with_array(RANKER, OUTPUTS, set_at((1, 2), np.nan)), RANKER),
        rf"model_params\.npz: key {OUTPUTS}: expected finite numbers, found nan at \[1, 2\]",
    ),
    (with_json(MANIFEST, actions_sha256="0"), "trained on another actions.json: expected .* found"),
    (
        with_right_hash(with_array(RANKER, OUTPUTS, lambda found: -found), RANKER),
        r"key sample\[0\]\.probabilities\[0, 0\]: expected 0\.\d+, found 0\.\d+",
    ),
    (
        with_json(MANIFEST, base_rates={"reply": 0.0001}),
        r"key base_rates\.reply: expected a mean prediction from 0\.0000 to 0\.0055, found 0\.\d+",
    ),
]
RETRIEVAL_REFUSALS: list[tuple[Damage, str]] = [
    (
        with_right_hash(with_array(RETRIEVAL, TOWER, lambda found: -found), RETRIEVAL),
        r"key sample\[0\]\.similarities\[0\]: expected -?0\.\d+, found -?0\.\d+",
    ),
    (
        with_right_hash(with_array(RETRIEVAL, TOWER, np.zeros_like), RETRIEVAL),
        r"canary: post_vectors \(length\): expected 0\.999 to 1\.001, found 0",
    ),
]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models of the same shape."""
    folder = tmp_path_factory.mktemp("two")
    for name, seed in (("first", 1), ("second", 2)):
        save_random_checkpoint(folder / name, seed)
    return folder / "first", folder / "second"


def _put_damaged(source: Path, target: Path, damage: Damage) -> None:
    with replacing_directory(target) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True)
        damage(temporary)


def _require_serving(service: RunningService, channel: grpc.Channel) -> None:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    answer = check(health_pb2.HealthCheckRequest(service=""))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert service.process.poll() is None


@pytest.mark.parametrize(
    ("module", "refusals"),
    [("ranking_service", RANKING_REFUSALS), ("retrieval_service", RETRIEVAL_REFUSALS)],
)
def test_what_is_refused_leaves_the_old_one_serving(
    module: str,
    refusals: list[tuple[Damage, str]],
    tmp_path: Path,
    checkpoints: tuple[Path, Path],
) -> None:
    served = tmp_path / "served"
    first = install_checkpoint(checkpoints[0], served).version
    stub_of = RankingServiceStub if module == "ranking_service" else RetrievalServiceStub
    arguments = ("--checkpoint", str(served), "--watch-seconds", "0.05")
    with (
        running_service(module, *arguments) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        stub = stub_of(channel)
        for count, (damage, message) in enumerate(refusals, start=1):
            _put_damaged(checkpoints[1], served, damage)

            def is_refused(count: int = count) -> bool:
                return status(stub).refused_checkpoints == count

            wait_until(is_refused, f"refusal {count}: {message}")
            said = status(stub)
            assert re.search(message, said.last_refused_checkpoint), said.last_refused_checkpoint
            assert (said.model_version, said.swaps) == (first, 0)
            _require_serving(service, channel)
        # It stands there still, and is not tried over and over; a good one is taken at once.
        install_checkpoint(checkpoints[1], served)
        wait_for_version(stub, load_checkpoint(checkpoints[1]).version)
        assert status(stub).refused_checkpoints == len(refusals)
        service.process.terminate()
        assert service.process.stderr is not None
        lines = service.process.stderr.read().splitlines()
    # One sentence each, and nothing else.
    assert len(lines) == len(refusals)
    for line, (_, message) in zip(lines, refusals, strict=True):
        assert line.startswith(f"services.model_swap: checkpoint {served} is refused: ")
        assert re.search(message, line)


def test_a_peer_hears_why_and_the_old_answers_stay(
    tmp_path: Path, checkpoints: tuple[Path, Path]
) -> None:
    served = tmp_path / "served"
    install_checkpoint(checkpoints[0], served)
    request = packed_rank(random_events(4), random_posts(8))
    with (
        running_service("ranking_service", "--checkpoint", str(served)) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        stub = RankingServiceStub(channel)
        before = stub.Rank(request)
        cut(RANKER)(served)
        code, message = refusal(lambda: stub.LoadCheckpoint(wire.LoadCheckpointRequest()))
        assert code == grpc.StatusCode.FAILED_PRECONDITION
        assert f"checkpoint served is refused: {RANKER}: SHA-256 is" in message
        assert stub.Rank(request) == before
        # The very path gone: nothing to load, and no reason to stop.
        shutil.rmtree(served)
        code, message = refusal(lambda: stub.LoadCheckpoint(wire.LoadCheckpointRequest()))
        assert message == "checkpoint served is refused: served: is not a directory"
        assert stub.Rank(request) == before


def test_a_service_does_not_start_with_what_it_would_refuse(
    tmp_path: Path, checkpoints: tuple[Path, Path]
) -> None:
    served = tmp_path / "served"
    _put_damaged(checkpoints[0], served, RANKING_REFUSALS[4][0])
    with (
        pytest.raises(AssertionError, match=r"cannot be used \(manifest\.json: key sample\[0\]"),
        running_service("ranking_service", "--checkpoint", str(served)),
    ):
        pass
