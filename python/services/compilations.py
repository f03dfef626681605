"""How many programs this process compiled: what proves that no request waits for a compiler."""

import functools
from dataclasses import dataclass

import jax

_COMPILED_EVENT = "backend_compile_duration"


@dataclass
class _Count:
    compilations: int = 0


_count = _Count()


def _listen(event: str, duration_secs: float, **_: object) -> None:
    if event.endswith(_COMPILED_EVENT):
        _count.compilations += 1


@functools.cache
def count_compilations() -> None:
    """Counts from now on. A program that the persistent cache holds counts too: it is loaded."""
    jax.monitoring.register_event_duration_secs_listener(_listen)


def compilation_count() -> int:
    """Programs compiled, or loaded from the persistent cache, since counting began."""
    return _count.compilations
