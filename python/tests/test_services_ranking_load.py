"""Ranking under load and under odd requests, over real gRPC: a clear status each, never a crash."""

import asyncio
import socket

import grpc
import jax
import numpy as np

from phoenix.checkpoints import load_checkpoint
from phoenix.gen import phoenix_pb2 as wire
from services.compilations import compilation_count
from services.options import parse_options
from services.ranking_service import RankingService
from tests.random_checkpoint import shared_checkpoint
from tests.served_ranking import Served, counting, with_service
from tests.service_requests import packed_matrix, packed_rank, random_events, random_posts

ID_MAX = 2**63 - 1


def test_nothing_is_compiled_for_a_request_once_ready() -> None:
    async def test(served: Served) -> None:
        # What other tests compiled does not count.
        jax.clear_caches()
        service = served.service
        for step in service.warming_steps(service.model):
            await service.queue.run(step)
        # Ready: from here on requests may come, while the rest is compiled beside them.
        await served.client.Rank(packed_rank(random_events(40), random_posts(5_000)))
        await service.all_compiled()
        compiled = compilation_count()
        assert compiled > 0
        history_length = service.model.engine.config.history_length
        for events in (0, 1, history_length, history_length + 1, 10_000):
            for count in (0, 1, 63, 64, 65, 1_500, 5_000):
                request = packed_rank(random_events(events), random_posts(count, seed=events))
                matrix = packed_matrix(await served.client.Rank(request))
                assert matrix.shape == (count, 19)
                assert np.isfinite(matrix).all()
        status = await served.client.GetStatus(wire.GetStatusRequest())
        assert status.ranking.compilations == compiled == compilation_count()

    with_service(test, shared_checkpoint(), waiting_max=4)


def test_two_hundred_at_once_are_answered_or_refused() -> None:
    async def test(served: Served) -> None:
        asked = [
            packed_rank(random_events(n % 14), random_posts(n, seed=n), user_id=n + 1)
            for n in range(200)
        ]
        calls = [served.client.Rank(request) for request in asked]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        answered = 0
        for number, answer in enumerate(answers):
            if isinstance(answer, grpc.aio.AioRpcError):
                assert answer.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
                assert answer.details() == "the queue of 20 requests is full; retry later"
            else:
                assert isinstance(answer, wire.RankResponse)
                assert packed_matrix(answer).shape == (number, 19)
                answered += 1
        assert answered >= 20
        # Each got its own answer, and the service is as it was before.
        for number in (3, 77):
            alone = packed_matrix(await served.client.Rank(asked[number]))
            together = answers[number]
            if isinstance(together, wire.RankResponse):
                np.testing.assert_allclose(alone, packed_matrix(together), rtol=1e-5, atol=1e-6)
        status = await served.client.GetStatus(wire.GetStatusRequest())
        assert status.queue_length == 0

    with_service(test, shared_checkpoint(), waiting_max=20)


def test_those_that_wait_are_taken_together() -> None:
    async def test(served: Served) -> None:
        computed = counting(served.service)
        release = await served.block()
        posts = random_posts(30)
        calls = [
            asyncio.ensure_future(served.client.Rank(packed_rank(random_events(5), posts, user)))
            for user in (1, 2, 1, 3)
        ]
        await served.waiting(4)
        release.set()
        matrices = [packed_matrix(answer) for answer in await asyncio.gather(*calls)]
        assert computed == [30] * 4
        np.testing.assert_allclose(matrices[0], matrices[2], rtol=1e-5, atol=1e-6)
        assert np.abs(matrices[0] - matrices[1]).max() > 1e-4
        status = await served.client.GetStatus(wire.GetStatusRequest())
        assert (status.ranking.prefix_misses, status.ranking.prefix_hits) == (3, 1)

    with_service(test, shared_checkpoint(), waiting_max=4)


def test_a_peer_that_breaks_off_harms_nobody() -> None:
    async def test(served: Served) -> None:
        computed = counting(served.service)
        release = await served.block()
        leaving = grpc.aio.insecure_channel(f"127.0.0.1:{served.port}")
        path = "/phoenix.RankingService/Rank"
        rank = leaving.unary_unary(
            path,
            request_serializer=wire.RankRequest.SerializeToString,
            response_deserializer=wire.RankResponse.FromString,
        )
        calls = [
            asyncio.ensure_future(rank(packed_rank(random_events(2), random_posts(7))))
            for _ in range(3)
        ]
        await served.waiting(3)
        # The connection goes, and with it all that it asked for.
        await leaving.close()
        await asyncio.gather(*calls, return_exceptions=True)
        await served.waiting(0)
        # Others speak no HTTP/2 at all, or stop in the middle of a word.
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM", b"\x00" * 64):
            with socket.create_connection(("127.0.0.1", served.port)) as rude:
                rude.sendall(words)
        release.set()
        answer = await served.client.Rank(packed_rank(random_events(2), random_posts(9)))
        assert packed_matrix(answer).shape == (9, 19)
        assert computed == [9]

    with_service(test, shared_checkpoint(), waiting_max=4)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame of HTTP/2."""
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def _raw_request(message: bytes) -> bytes:
    """A whole connection's words that ask for a ranking, in plain HTTP/2."""
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/phoenix.RankingService/Rank",
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
    }
    # Literals that enter no table: 0, length and name, length and value.
    fields = b"".join(
        bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in headers.items()
    )
    body = b"\0" + len(message).to_bytes(4, "big") + message
    pieces = [body[start : start + 16_384] for start in range(0, len(body), 16_384)]
    frames = [_frame(4, 0, 0, b""), _frame(1, 4, 1, fields)]
    frames += [
        _frame(0, 1 if number == len(pieces) else 0, 1, piece)
        for number, piece in enumerate(pieces, 1)
    ]
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"".join(frames)


def test_clients_that_never_read_hold_up_nobody() -> None:
    async def test(served: Served) -> None:
        computed = counting(served.service)
        # Fits the window of a connection that was just opened; the answer, twice as long, does not.
        words = _raw_request(packed_rank(random_events(2), random_posts(2_200)).SerializeToString())
        silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(8)]
        try:
            for connection in silent:
                connection.sendall(words)
            async with asyncio.timeout(60):
                while computed.count(2_200) < len(silent):
                    await asyncio.sleep(0.005)
            for count in (5, 6, 7):
                request = packed_rank(random_events(2), random_posts(count))
                assert packed_matrix(await served.client.Rank(request)).shape == (count, 19)
            assert served.service.queue.length == 0
        finally:
            for connection in silent:
                connection.close()
        answer = await served.client.Rank(packed_rank(random_events(2), random_posts(9)))
        assert packed_matrix(answer).shape == (9, 19)

    with_service(test, shared_checkpoint(), waiting_max=16)


def test_the_largest_ids_are_ids() -> None:
    async def test(served: Served) -> None:
        history, posts = random_events(3), random_posts(3)
        history.post_ids[:] = history.author_ids[:] = ID_MAX
        posts.post_ids[:2] = posts.author_ids[:2] = ID_MAX
        answer = await served.client.Rank(packed_rank(history, posts, user_id=ID_MAX))
        matrix = packed_matrix(answer)
        assert np.isfinite(matrix).all()
        assert ((matrix[:, :18] > 0) & (matrix[:, :18] < 1)).all()

    with_service(test, shared_checkpoint(), waiting_max=4)


def test_a_refresh_is_known_and_says_so() -> None:
    async def test(served: Served) -> None:
        history, posts = random_events(8), random_posts(100)
        first = packed_matrix(await served.client.Rank(packed_rank(history, posts)))
        again = packed_matrix(await served.client.Rank(packed_rank(history, posts)))
        np.testing.assert_array_equal(first, again)
        status = await served.client.GetStatus(wire.GetStatusRequest())
        assert (status.ranking.score_hits, status.ranking.score_misses) == (100, 100)
        assert (status.ranking.prefix_hits, status.ranking.prefix_misses) == (0, 1)
        assert status.ranking.cached_bytes > 100 * 19 * 4

    with_service(test, shared_checkpoint(), waiting_max=4)


def test_half_precision_is_an_option() -> None:
    arguments = ["--checkpoint", str(shared_checkpoint()), "--port", "0"]
    for more, is_half in ((["--bf16", "--gather-ms", "0"], True), ([], False)):
        options = parse_options(
            [*arguments, *more], program="ranking", port_variable="UNSET", port=1
        )
        assert options.half_precision is is_half
        assert options.gather_ms == (0 if is_half else 2)

    async def test(served: Served) -> None:
        half = RankingService(served.service.queue, half_precision=True)
        served.service.serve(half.load(load_checkpoint(shared_checkpoint())))
        request = packed_rank(random_events(8), random_posts(40))
        rounded = packed_matrix(await served.client.Rank(request))
        served.service.serve(served.service.load(load_checkpoint(shared_checkpoint())))
        exact = packed_matrix(await served.client.Rank(request))
        assert np.abs(rounded - exact).max() > 1e-6
        np.testing.assert_allclose(rounded[:, :18], exact[:, :18], atol=0.05)

    with_service(test, shared_checkpoint(), waiting_max=4)
