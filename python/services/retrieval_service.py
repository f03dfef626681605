"""Retrieval over gRPC: the posts nearest to a viewer, out of an index that clients fill.

python -m services.retrieval_service --checkpoint DIR
"""

import sys
from collections.abc import Callable, Generator, Sequence
from functools import partial

import grpc
import numpy as np
from jaxtyping import Int

from phoenix.canary import check_retrieval
from phoenix.checkpoint_reading import Checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.phoenix_pb2_grpc import (
    RetrievalServiceServicer,
    add_RetrievalServiceServicer_to_server,
)
from phoenix.inference import InferenceEngine
from phoenix.retrieval_index import IndexedPosts, SearchResult
from services.batching import WorkQueue
from services.carry_over_index import POSTS_PER_STEP, carry_over_index
from services.column_checks import InvalidRequestError, require_id, to_integers
from services.model_service import ModelService, warmed_histories, with_statuses
from services.request_columns import ColumnLimits, to_history, to_posts
from services.retriever import Retriever, now_ms
from services.serving import run_service

RESULTS_DEFAULT = 1_000
RESULTS_MAX = 5_000
# Ids of one request's `among`: so many look-ups take some 100 ms of the one thread.
AMONG_MAX = 100_000
# Of one request to embed or to add; so many vectors of width 128 fill a message of 32 MB.
POSTS_MAX = 50_000
# Posts computed at a time, so that a viewer never waits behind a whole import. With the first
# bucket, the two programs that embedding needs.
_POSTS_PER_TURN = POSTS_PER_STEP
_WARMED_POSTS = (64, _POSTS_PER_TURN)


def _limits(model: Retriever) -> ColumnLimits:
    config = model.engine.config
    return ColumnLimits(config.history_length, config.product_surfaces, now_ms())


def _to_indexed_posts(packed: wire.PackedCandidates, limits: ColumnLimits) -> IndexedPosts:
    if len(packed.post_ids) > POSTS_MAX:
        raise InvalidRequestError(
            f"posts must be {POSTS_MAX} at most, found {len(packed.post_ids)}; split the request"
        )
    posts = to_posts(packed, "posts", limits)
    return IndexedPosts(posts.post_ids, posts.author_ids, posts.created_at_ms)


def _turns(posts: IndexedPosts) -> list[IndexedPosts]:
    """The posts, as many at a time as are computed at a time."""
    starts = range(0, posts.post_ids.shape[0], _POSTS_PER_TURN)
    return [posts.at(slice(start, start + _POSTS_PER_TURN)) for start in starts]


def _results_max(request: wire.RetrieveRequest) -> int:
    if not 0 <= request.max_results <= RESULTS_MAX:
        raise InvalidRequestError(
            f"max_results must be 0 (the default, {RESULTS_DEFAULT}) to {RESULTS_MAX}, "
            f"found {request.max_results}"
        )
    return request.max_results or RESULTS_DEFAULT


def _among(request: wire.RetrieveRequest) -> Int[np.ndarray, " n"] | None:
    """The ids that the search is restricted to; None = it is not."""
    if not request.HasField("among"):
        return None
    post_ids = request.among.post_ids
    if len(post_ids) > AMONG_MAX:
        raise InvalidRequestError(
            f"among.post_ids must be {AMONG_MAX} at most, found {len(post_ids)}"
        )
    return to_integers(post_ids, len(post_ids))


def _answer(found: SearchResult, version: str, *, is_packed: bool) -> wire.RetrieveResponse:
    columns = (found.posts.post_ids, found.posts.author_ids, found.posts.created_at_ms)
    post_ids, author_ids, created_at_ms = (column.tolist() for column in columns)
    answer = wire.RetrieveResponse(scores=found.scores.tolist(), model_version=version)
    if is_packed:
        answer.packed_candidates.post_ids.extend(post_ids)
        answer.packed_candidates.author_ids.extend(author_ids)
        answer.packed_candidates.created_at_ms.extend(created_at_ms)
        # Also with no result: an answer's form tells by itself.
        answer.packed_candidates.SetInParent()
    else:
        answer.candidates.extend(
            wire.Candidate(post_id=post_id, author_id=author_id, created_at_ms=created)
            for post_id, author_id, created in zip(post_ids, author_ids, created_at_ms, strict=True)
        )
    return answer


class RetrievalService(ModelService[Retriever], RetrievalServiceServicer):
    """phoenix.RetrievalService."""

    label = "phoenix-retrieval"
    grpc_name = wire.DESCRIPTOR.services_by_name["RetrievalService"].full_name

    def __init__(self, queue: WorkQueue, *, posts_per_author_max: int) -> None:
        super().__init__(queue)
        self._posts_per_author_max = posts_per_author_max

    def register(self, server: grpc.aio.Server) -> None:
        add_RetrievalServiceServicer_to_server(self, server)

    def load(self, checkpoint: Checkpoint) -> Retriever:
        return Retriever(InferenceEngine(checkpoint.retrieval), checkpoint.version)

    def warming_steps(self, model: Retriever) -> Sequence[Callable[[], None]]:
        histories = warmed_histories(model.engine.config)
        return [
            *(partial(model.engine.warm, [], [posts]) for posts in _WARMED_POSTS),
            *(partial(model.engine.warm, [history], [1]) for history in histories),
        ]

    def check(self, model: Retriever, checkpoint: Checkpoint) -> None:
        check_retrieval(model.engine, checkpoint.manifest)

    def carry_over(
        self, old: Retriever, new: Retriever
    ) -> Generator[Callable[[], None], None, None]:
        return carry_over_index(old, new)

    def model_version(self, model: Retriever) -> str:
        return model.version

    @with_statuses
    async def Retrieve(  # noqa: N802 - the wire's name
        self, request: wire.RetrieveRequest, context: grpc.aio.ServicerContext
    ) -> wire.RetrieveResponse:
        """The posts nearest to a viewer, best first."""
        model = self.model
        require_id(request.user_id, "user_id")
        if request.posts_per_author_max < 0:
            raise InvalidRequestError(
                "posts_per_author_max must be 0 (the server's setting) or more, "
                f"found {request.posts_per_author_max}"
            )
        work = partial(
            model.retrieve,
            user_id=request.user_id,
            history=to_history(request, _limits(model)),
            results_max=_results_max(request),
            posts_per_author_max=request.posts_per_author_max or self._posts_per_author_max,
            among=_among(request),
        )
        found = await self.compute(context, work)
        return _answer(found, model.version, is_packed=request.HasField("packed_actions"))

    @with_statuses
    async def UpsertPosts(  # noqa: N802 - the wire's name
        self, request: wire.UpsertPostsRequest, context: grpc.aio.ServicerContext
    ) -> wire.UpsertPostsResponse:
        """Adds posts or replaces them; when it fails half-way, the same request may come again."""
        model = self.model
        posts = _to_indexed_posts(request.posts, _limits(model))
        unknown = np.flatnonzero(posts.created_at_ms == 0)
        if unknown.shape[0]:
            row = int(unknown[0])
            raise InvalidRequestError(
                f"posts.created_at_ms[{row}] is missing, and the id {posts.post_ids[row]} does "
                "not tell when the post was created"
            )
        for part in _turns(posts):
            await self.compute(context, partial(model.upsert, part))
        return wire.UpsertPostsResponse(index_size=model.contents.size)

    @with_statuses
    async def RemovePosts(  # noqa: N802 - the wire's name
        self, request: wire.RemovePostsRequest, context: grpc.aio.ServicerContext
    ) -> wire.RemovePostsResponse:
        """Takes posts out of the index."""
        model = self.model
        post_ids = to_integers(request.post_ids, len(request.post_ids))
        await self.compute(context, partial(model.remove, post_ids))
        return wire.RemovePostsResponse(index_size=model.contents.size)

    @with_statuses
    async def EmbedPosts(  # noqa: N802 - the wire's name
        self, request: wire.EmbedPostsRequest, context: grpc.aio.ServicerContext
    ) -> wire.EmbedPostsResponse:
        """Unit vectors, in the order of the posts."""
        model = self.model
        turns = _turns(_to_indexed_posts(request.posts, _limits(model)))
        parts = [await self.compute(context, partial(model.embed, part)) for part in turns]
        return wire.EmbedPostsResponse(
            vectors=b"".join(part.astype("<f4").tobytes() for part in parts),
            dimension=model.engine.config.embedding_size,
            model_version=model.version,
        )

    @with_statuses
    async def GetStatus(  # noqa: N802 - the wire's name
        self, request: wire.GetStatusRequest, context: grpc.aio.ServicerContext
    ) -> wire.GetStatusResponse:
        """Version, queue and index, and how it is searched."""
        model = self.model
        contents = model.contents
        return self.status(
            index_size=contents.size, newest_ms=contents.newest_created_at_ms, scan=model.scan
        )


def main() -> int:
    """The command line; the exit status."""
    return run_service(
        lambda queue, options: RetrievalService(
            queue, posts_per_author_max=options.posts_per_author_max
        ),
        program="python -m services.retrieval_service",
        port_variable="HOMEFEED_RETRIEVAL_PORT",
        port=50_051,
    )


if __name__ == "__main__":
    sys.exit(main())
