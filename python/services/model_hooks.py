"""What differs between the services: how a model is made, warmed, checked, and followed by another.

`model_swap.py` calls these, at the start of a process and whenever another checkpoint comes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from typing import Generic, TypeVar

from phoenix.checkpoint_reading import Checkpoint

Model = TypeVar("Model")


class ModelHooks(ABC, Generic[Model]):
    """The steps of a model's life, in the order in which they are called.

    `load`, `warming_steps` and `check` run on the warming thread, while the model thread answers
    with another model: they may touch nothing that the two share.
    """

    @abstractmethod
    def load(self, checkpoint: Checkpoint) -> Model:
        """The model of a checkpoint. Raises ValueError when it cannot be used."""

    @abstractmethod
    def warming_steps(self, model: Model) -> Sequence[Callable[[], None]]:
        """What compiles every program that a request needs."""

    @abstractmethod
    def check(self, model: Model, checkpoint: Checkpoint) -> None:
        """The canary: asks the model a few requests, of shapes that are warmed.

        Raises:
          CheckpointError: An answer is not what it must be.
        """

    def carry_over(self, old: Model, new: Model) -> Generator[Callable[[], None], None, None]:
        """What the new model needs of the old one's state, in steps for the model thread.

        Requests are computed between two steps. When all are done, `new` answers; when one raises,
        or the generator is closed before its end, `old` goes on as if nothing had been.
        """
        del old, new
        yield from ()

    def serve(self, model: Model) -> None:
        """Called on the event loop when a model begins to answer: the first, and each after it."""
        del model

    @abstractmethod
    def model_version(self, model: Model) -> str:
        """The version of the checkpoint."""
