"""Progress lines on standard error, in a form that a parent process can read and redraw."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Writes `progress <done>/<total> <label>` lines, one a step, unless it is quiet."""

    total: int
    quiet: bool = False

    def step(self, done: int, label: str) -> None:
        """Says that `done` of `total` steps are finished and that `label` begins."""
        if not self.quiet:
            print(f"progress {done}/{self.total} {label}", file=sys.stderr, flush=True)
