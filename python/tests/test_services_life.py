"""The life of a service process: ready, ended, orphaned, refused."""

import json
import shutil
import signal
import socket
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub
from tests.random_checkpoint import shared_checkpoint, shared_folder
from tests.service_process import (
    END_SECONDS_MAX,
    await_ready,
    end,
    running_service,
    start_service,
    usual_arguments,
)

SERVICES = [
    ("ranking_service", "phoenix-ranking", "phoenix.RankingService"),
    ("retrieval_service", "phoenix-retrieval", "phoenix.RetrievalService"),
]


def _health(channel: grpc.Channel, service: str) -> int:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    return check(health_pb2.HealthCheckRequest(service=service)).status


@pytest.mark.parametrize(("module", "label", "name"), SERVICES)
def test_a_service_says_when_it_is_ready_and_what_it_serves(
    module: str, label: str, name: str
) -> None:
    with running_service(module) as service, grpc.insecure_channel(service.address) as channel:
        assert service.ready.keys() == {"ready", "service", "host", "port", "modelVersion"}
        assert service.ready["service"] == label
        total = service.progress[-1]["total"]
        assert service.progress == [
            {"progress": "warming", "done": done, "total": total} for done in range(total + 1)
        ]
        for asked in ("", name):
            assert _health(channel, asked) == health_pb2.HealthCheckResponse.SERVING
        reflect = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        [listed] = reflect(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        assert name in {entry.name for entry in listed.list_services_response.service}


def test_before_it_is_ready_a_service_answers_unavailable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    # An empty cache, so that warming takes a while.
    process = start_service(
        "ranking_service",
        *("--checkpoint", str(shared_checkpoint()), "--compilation-cache", str(tmp_path)),
        *("--port", str(port)),
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["done"] == 0
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert _health(channel, "") == health_pb2.HealthCheckResponse.NOT_SERVING
            with pytest.raises(grpc.RpcError) as caught:
                RankingServiceStub(channel).Rank(wire.RankRequest(user_id=1))
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        # Ending does not wait for the compilation that runs.
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS_MAX) == 0
    finally:
        end(process)


def test_a_later_start_compiles_nothing() -> None:
    with running_service("ranking_service"):
        compiled = {path.name for path in (shared_folder() / "compiled").glob("*-cache")}
    assert compiled
    with running_service("ranking_service"):
        later = {path.name for path in (shared_folder() / "compiled").glob("*-cache")}
    assert later == compiled


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", ["ranking_service", "retrieval_service"])
def test_a_signal_ends_it_in_silence(module: str, number: signal.Signals) -> None:
    with running_service(module) as service:
        process = service.process
        process.send_signal(number)
        assert process.wait(END_SECONDS_MAX) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == process.stderr.read() == ""


@pytest.mark.parametrize("module", ["ranking_service", "retrieval_service"])
def test_it_ends_when_its_parent_is_gone(module: str) -> None:
    with running_service(module, "--parent-stdin") as service:
        assert service.process.stdin is not None
        service.process.stdin.close()
        assert service.process.wait(END_SECONDS_MAX) == 0


def _refused(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """Standard error of a service that ends with status 2."""
    process = start_service("ranking_service", *arguments, environment=environment)
    try:
        out, message = process.communicate(timeout=END_SECONDS_MAX)
        assert process.returncode == 2
        assert '"ready"' not in out
        return message
    finally:
        end(process)


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert _refused(*usual_arguments(), "--port", str(port)) == (
            f"127.0.0.1:{port} is in use or cannot be bound: end what listens there, or start "
            "python -m services.ranking_service with another --port (0 = any free one).\n"
        )


def test_two_services_never_share_a_port() -> None:
    with running_service("ranking_service") as service:
        port = str(service.ready["port"])
        assert f"127.0.0.1:{port} is in use" in _refused(*usual_arguments(), "--port", port)


def test_a_damaged_checkpoint_is_one_sentence(tmp_path: Path) -> None:
    damaged = tmp_path / "checkpoint"
    shutil.copytree(shared_checkpoint(), damaged)
    weights = damaged / "ranker" / "model_params.npz"
    weights.write_bytes(weights.read_bytes()[:-100])
    message = _refused("--checkpoint", str(damaged), "--port", "0")
    assert message.startswith(f"The checkpoint {damaged} cannot be used (ranker/model_params.npz")
    assert message.endswith("): restore it, or name another with --checkpoint.\n")
    assert message.count("\n") == 1
    absent = _refused("--checkpoint", str(tmp_path / "none"), "--port", "0")
    assert "is not a directory" in absent


def test_settings_that_cannot_be_are_one_sentence() -> None:
    remote = _refused(*usual_arguments(), "--host", "0.0.0.0")
    assert remote.startswith("--host 0.0.0.0 can be reached from other machines")
    assert remote.count("\n") == 1
    checkpoint = ("--checkpoint", str(shared_checkpoint()))
    from_environment = _refused(*checkpoint, environment={"HOMEFEED_RANKING_PORT": "many"})
    assert from_environment == (
        "HOMEFEED_RANKING_PORT must be a port from 0 to 65535 (0 = any free), found 'many'.\n"
    )


def test_the_port_comes_from_the_environment() -> None:
    arguments = usual_arguments()[:-2]
    process = start_service(
        "ranking_service", *arguments, environment={"HOMEFEED_RANKING_PORT": "0"}
    )
    try:
        assert await_ready(process).ready["port"] not in (0, 50_052)
    finally:
        end(process)
