"""Memory that is freed and asked for again costs no new pages."""

import subprocess
import sys

import pytest

from phoenix.keep_pages import keep_freed_pages

_PROGRAM = """
import resource
import numpy as np
from phoenix.keep_pages import keep_freed_pages

kept = keep_freed_pages()
np.ones(4_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(4_000_000)
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_freed_memory_is_used_again() -> None:
    out = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    kept, faults = map(int, out.stdout.split())
    if not kept:
        pytest.skip("malloc is not glibc's")
    # 32 MB are 8,000 pages, which glibc's own settings fetch anew in each of the five rounds.
    assert faults < 1_000


def test_other_allocators_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phoenix.keep_pages.ctypes.CDLL", lambda _: object())
    assert keep_freed_pages() is False
