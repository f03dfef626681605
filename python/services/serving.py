"""The life of a service process: bind, load, warm, serve, end."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import grpc
import jax
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.batching import WorkQueue
from services.checkpoint_path import CheckpointPaths
from services.model_service import ModelService
from services.options import ServiceOptions, StartError, parse_options

MESSAGE_BYTES_MAX = 32 * 1024 * 1024
# A request that runs when the process is told to end has this long; the whole end takes 2 s.
_GRACE_SECONDS = 1.0
# The gateway pings idle connections, to notice a frozen service.
_PING_INTERVAL_MS_MIN = 5_000
_STREAMS_MAX = 256
_KEEPALIVE_MS = 30_000
_START_FAILED = 2

ServiceFactory = Callable[[WorkQueue, ServiceOptions], ModelService[Any]]


def _say(line: dict[str, Any]) -> None:
    """One JSON line for whoever started us; nobody may be left to read it."""
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(line), flush=True)


def _keep_compiled_programs(options: ServiceOptions) -> None:
    if options.compilation_cache is None:
        return
    try:
        options.compilation_cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"--compilation-cache {options.compilation_cache} cannot be made "
            f"({error.strerror}): name a directory that can be written."
        ) from error
    jax.config.update("jax_compilation_cache_dir", str(options.compilation_cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _watch_standard_input(on_end: Callable[[], object]) -> None:
    """Calls back once standard input is closed: the parent is gone."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4_096):
                pass
        on_end()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def create_server() -> grpc.aio.Server:
    """A server with the limits of the wire contract, no port yet."""
    return grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
            # Else a second service on the same port would quietly take half of the calls.
            ("grpc.so_reuseport", 0),
            # A client that does not read holds this many answers at most, and a connection that
            # answers no ping is closed with all that it holds.
            ("grpc.max_concurrent_streams", _STREAMS_MAX),
            ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
            ("grpc.keepalive_timeout_ms", _KEEPALIVE_MS),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_ping_interval_without_data_ms", _PING_INTERVAL_MS_MIN),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", _PING_INTERVAL_MS_MIN),
        ]
    )


def _bind(server: grpc.aio.Server, options: ServiceOptions, program: str) -> int:
    try:
        port = server.add_insecure_port(options.address)
    except RuntimeError:
        port = 0
    if port == 0:
        raise StartError(
            f"{options.address} is in use or cannot be bound: end what listens there, or start "
            f"{program} with another --port (0 = any free one)."
        )
    return port


async def load_and_warm(service: ModelService[Any], options: ServiceOptions) -> str:
    """Serves the first model once every program is compiled and the canary passed.

    Returns:
      Its version; not the model itself, which goes when another takes over.

    Raises:
      StartError: The checkpoint cannot be used.
    """

    def say_warmed(done: int, total: int) -> None:
        _say({"progress": "warming", "done": done, "total": total})

    try:
        model = await service.swap.start(options.checkpoint, say_warmed)
    except (ValueError, OSError) as error:
        raise StartError(
            f"The checkpoint {options.checkpoint} cannot be used ({error}): restore it, or name "
            "another with --checkpoint."
        ) from error
    service.serve(model)
    return service.model_version(model)


def _watch_checkpoint(
    service: ModelService[Any], options: ServiceOptions, asked: asyncio.Event
) -> asyncio.Task[None]:
    """Swaps whenever the checkpoint's path changes, and when asked."""
    service.paths = CheckpointPaths(options.checkpoint, options.checkpoint_root)
    service.swap.on_swap = lambda old, new: _say(
        {"swapped": True, "modelVersion": new, "previousVersion": old}
    )
    seconds = options.watch_seconds if options.watch_seconds > 0 else None
    watching = service.swap.watch(options.checkpoint, seconds=seconds, asked=asked)
    return asyncio.create_task(watching)


async def _serve(make_service: ServiceFactory, options: ServiceOptions, program: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    look = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, look.set)
    if options.parent_stdin:
        _watch_standard_input(lambda: loop.call_soon_threadsafe(stop.set))
    queue = WorkQueue(options.waiting_max, gather_seconds=options.gather_ms / 1_000)
    service = make_service(queue, options)
    server = create_server()
    service.register(server)
    state = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
    health_pb2_grpc.add_HealthServicer_to_server(state, server)
    names = (service.grpc_name, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)

    async def report(status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for name in ("", service.grpc_name):
            await state.set(name, status)

    await report(health_pb2.HealthCheckResponse.NOT_SERVING)
    port = _bind(server, options, program)
    await server.start()
    loading = asyncio.ensure_future(load_and_warm(service, options))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if loading.done():
        version = loading.result()
        watching = _watch_checkpoint(service, options, look)
        await report(health_pb2.HealthCheckResponse.SERVING)
        _say(
            {
                "ready": True,
                "service": service.label,
                "host": options.host,
                "port": port,
                "modelVersion": version,
            }
        )
        await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            # It never returns: this raises what ended it.
            watching.result()
    await report(health_pb2.HealthCheckResponse.NOT_SERVING)
    await server.stop(_GRACE_SECONDS)


def run_service(
    make_service: ServiceFactory, *, program: str, port_variable: str, port: int
) -> int:
    """Runs a service until it is told to end.

    Never returns after serving: the process leaves at once, for the model thread may be in the
    middle of a long compilation that nothing can interrupt.

    Returns:
      2 when it cannot start; standard error then has one sentence.
    """
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    status = 0
    try:
        options = parse_options(None, program=program, port_variable=port_variable, port=port)
        _keep_compiled_programs(options)
        asyncio.run(_serve(make_service, options, program))
    except StartError as error:
        print(error, file=sys.stderr)
        status = _START_FAILED
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
