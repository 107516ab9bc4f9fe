"""How far replications have come, on one line of a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from snowpit.cli.status_line import StatusLine
from snowpit.report.figures import seconds

BAR = 30
COMPILING_S = 2.0
"""Time without a run that ended after which compilation may be the reason."""


class Meter:
    """Prints a bar and wipes it at the end.

    Args:
        stream: A terminal.
        shown: False to print nothing.
    """

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self._line = StatusLine(stream)
        self._shown = shown
        self._start = time.monotonic()
        self._what = ""

    def __call__(self, done: int, total: int) -> None:
        """Show how many runs are done."""
        if self._shown:
            self._line.show(line(done, total, time.monotonic() - self._start))

    def phase(self, what: str, done: int, total: int) -> None:
        """Show how many runs of one part of the work are done; each part has its own time left."""
        if what != self._what:
            self._what, self._start = what, time.monotonic()
        if self._shown:
            self._line.show(f"{what}: {line(done, total, time.monotonic() - self._start)}")

    def close(self) -> None:
        """Wipe the line."""
        self._line.wipe()


@contextmanager
def metered(*, shown: bool) -> Iterator[Meter]:
    """Progress for the time of a ``with``, on a terminal only.

    Args:
        shown: False to print nothing there either.
    """
    meter = Meter(sys.stderr, shown=shown and sys.stderr.isatty())
    try:
        yield meter
    finally:
        meter.close()


def line(done: int, total: int, elapsed_s: float) -> str:
    """Progress in words.

    >>> line(3, 12, 6.0)
    'simulated 3 of 12 [#######.......................] 18.0 s left'
    """
    full = BAR * done // total
    left = f" {seconds(elapsed_s / done * (total - done))} left" if done else ""
    if not done and elapsed_s > COMPILING_S:
        left = f" {seconds(elapsed_s)} (a first run compiles first)"
    return f"simulated {done} of {total} [{'#' * full}{'.' * (BAR - full)}]{left}"
