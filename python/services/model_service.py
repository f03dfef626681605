"""What both services share: the model's life from absent to ready, and errors as gRPC statuses."""

import functools
import logging
import time
import uuid
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

import grpc

from phoenix.config import ModelConfig
from phoenix.gen import phoenix_pb2 as wire
from phoenix.inference import HISTORY_BUCKETS, bucket_for
from services.batching import DeadlinePassedError, QueueFullError, WorkQueue
from services.checkpoint_path import CheckpointPaths, ForbiddenPathError
from services.column_checks import InvalidRequestError
from services.model_hooks import Model, ModelHooks
from services.model_swap import CheckpointRefusedError, LoadingError, ModelSwap

Result = TypeVar("Result")
Answer = TypeVar("Answer")
Parameters = ParamSpec("Parameters")


def warmed_histories(config: ModelConfig) -> list[int]:
    """The lengths to which the engine pads the histories of a model."""
    longest = bucket_for(config.history_length, HISTORY_BUCKETS)
    return [*(bucket for bucket in HISTORY_BUCKETS if bucket < longest), longest]


class ModelNotReadyError(Exception):
    """The model is still loading or warming."""


def with_statuses(
    method: Callable[Parameters, Coroutine[Any, Any, Answer]],
) -> Callable[Parameters, Coroutine[Any, Any, Answer]]:
    """A method whose errors become gRPC statuses; an error that is a fault of ours is logged."""
    statuses: dict[type[Exception], grpc.StatusCode] = {
        InvalidRequestError: grpc.StatusCode.INVALID_ARGUMENT,
        QueueFullError: grpc.StatusCode.RESOURCE_EXHAUSTED,
        DeadlinePassedError: grpc.StatusCode.DEADLINE_EXCEEDED,
        ModelNotReadyError: grpc.StatusCode.UNAVAILABLE,
        ForbiddenPathError: grpc.StatusCode.PERMISSION_DENIED,
        LoadingError: grpc.StatusCode.ABORTED,
        CheckpointRefusedError: grpc.StatusCode.FAILED_PRECONDITION,
    }

    @functools.wraps(method)
    async def answer(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        # gRPC calls every method with (service, request, context).
        context = cast(grpc.aio.ServicerContext, args[-1])
        try:
            return await method(*args, **kwargs)
        except tuple(statuses) as error:
            status, message = statuses[type(error)], str(error)
        except Exception:
            logging.getLogger(__name__).exception("%s failed", method.__name__)
            status, message = grpc.StatusCode.INTERNAL, "internal error; see the service's log"
        await context.abort(status, message)
        raise AssertionError("abort always raises")

    return answer


class ModelService(ModelHooks[Model]):
    """A gRPC service around one model, which computes on the thread of one queue."""

    # Name in messages and logs.
    label: str
    # Of the proto file, package included.
    grpc_name: str

    def __init__(self, queue: WorkQueue) -> None:
        self.queue = queue
        self.swap: ModelSwap[Model] = ModelSwap(self, queue)
        # Which checkpoints peers may have loaded; None = none.
        self.paths: CheckpointPaths | None = None
        self._instance_id = uuid.uuid4().hex

    @abstractmethod
    def register(self, server: grpc.aio.Server) -> None:
        """Adds the methods to a server."""

    def serve(self, model: Model) -> None:
        """Answers from now on, with this model."""
        self.swap.model = model

    @property
    def model(self) -> Model:
        """The model that answers. Raises ModelNotReadyError before there is one.

        A request reads it once, at its begin, so that it ends with the model it began with.
        """
        if self.swap.model is None:
            raise ModelNotReadyError("the model is not loaded yet; retry in a few seconds")
        return self.swap.model

    async def compute(
        self, context: grpc.aio.ServicerContext, work: Callable[[], Result]
    ) -> Result:
        """`work` on the model thread, by the request's deadline. Errors as `WorkQueue.run`."""
        remaining = context.time_remaining()
        deadline = None if remaining is None else time.monotonic() + remaining
        return await self.queue.run(work, deadline)

    def status(
        self, *, index_size: int = 0, newest_ms: int = 0, scan: str = ""
    ) -> wire.GetStatusResponse:
        """The status of this service. Raises ModelNotReadyError."""
        state = self.swap.state
        return wire.GetStatusResponse(
            model_version=self.model_version(self.model),
            queue_length=self.queue.length,
            instance_id=self._instance_id,
            index_size=index_size,
            newest_post_created_at_ms=newest_ms,
            scan=scan,
            loading_model_version=state.loading_version,
            swaps=state.swaps,
            refused_checkpoints=state.refusals,
            last_refused_checkpoint=state.last_refusal,
        )

    @with_statuses
    async def LoadCheckpoint(  # noqa: N802 - the wire's name
        self, request: wire.LoadCheckpointRequest, context: grpc.aio.ServicerContext
    ) -> wire.LoadCheckpointResponse:
        """Swaps to a checkpoint; answers when it is the one that answers, or is refused."""
        # Before the first one is ready there is nothing to swap.
        _ = self.model
        if self.paths is None:
            raise ForbiddenPathError("this service loads no other checkpoint")
        directory = self.paths.resolve(request.directory)
        if self.swap.is_loading:
            raise LoadingError("another checkpoint is being loaded; retry when it is done")
        await self.swap.swap(directory)
        return wire.LoadCheckpointResponse(model_version=self.model_version(self.model))
