"""Ctrl-C and SIGTERM: the first asks for a save and the end, the second ends at once."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether somebody asked for the end."""

    requested = False


class InterruptedTrainingError(RuntimeError):
    """Training was asked to end and saved itself; the message says at which step."""


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Within it the first signal only sets `requested`; a further one has its usual effect.

    In the main thread only, as Python wants it.
    """
    state = Interruption()

    def note(number: int, _frame: FrameType | None) -> None:
        state.requested = True
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        print(
            f"\n{signal.Signals(number).name}: saving at the next step; once more ends at once",
            file=sys.stderr,
            flush=True,
        )

    before = {each: signal.signal(each, note) for each in _SIGNALS}
    try:
        yield state
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
