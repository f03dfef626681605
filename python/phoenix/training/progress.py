"""How far training is: one bar on a terminal, lines elsewhere."""

import math
import sys
import time
from collections import deque
from dataclasses import dataclass, field

_BAR_WIDTH = 24
_LINE_SECONDS = 5.0
_BAR_SECONDS = 0.2
_RECENT_STEPS = 50


def duration(seconds: float) -> str:
    """Whole seconds in words: 8 s, 2 min 05 s, 1 h 10 min."""
    whole = int(seconds + 0.5)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _mean(values: deque[float]) -> float:
    return sum(values) / len(values) if values else math.nan


@dataclass
class TrainingProgress:
    """Progress of one model on standard error.

    Loss and AUC are means over the latest 50 steps, each measured before its step, so on examples
    that the model had not been trained on in this epoch. done: steps of an earlier process.
    """

    name: str
    steps: int
    done: int = 0
    quiet: bool = False
    started: float = field(default_factory=time.monotonic)
    shown: float = 0.0
    losses: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT_STEPS))
    aucs: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT_STEPS))
    examples: int = 0

    def step(self, number: int, *, loss: float, auc: float, examples: int) -> None:
        """Step `number` (from 1) is done; it had so many examples."""
        if math.isfinite(loss):
            self.losses.append(loss)
            self.aucs.append(auc)
        self.examples += examples
        on_terminal = sys.stderr.isatty()
        now = time.monotonic()
        wait = _BAR_SECONDS if on_terminal else _LINE_SECONDS
        if self.quiet or (now - self.shown < wait and number != self.steps):
            return
        self.shown = now
        line = self._line(number, now - self.started)
        if on_terminal:
            end = "\n" if number == self.steps else ""
            print(f"\r\x1b[K{self._bar(number)}{line}", end=end, file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def say(self, sentence: str) -> None:
        """A line of its own, whether quiet or not."""
        lead = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(f"{lead}{sentence}", file=sys.stderr, flush=True)

    def _bar(self, number: int) -> str:
        filled = _BAR_WIDTH * number // self.steps
        return f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] "

    def _line(self, number: int, seconds: float) -> str:
        ours = number - self.done
        left = seconds / ours * (self.steps - number)
        return (
            f"{self.name}  step {number}/{self.steps}  "
            f"loss {_mean(self.losses):.4f}  AUC {_mean(self.aucs):.3f}  "
            f"{self.examples / max(seconds, 1e-9):,.0f} examples/s  {duration(left)} left"
        )
