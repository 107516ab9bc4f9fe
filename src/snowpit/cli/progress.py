"""How far reading has come, on one line of a terminal."""

import time
from typing import TextIO

from snowpit.cli.status_line import StatusLine
from snowpit.ingest import Progress
from snowpit.report.figures import count, seconds, size
from snowpit.report.visible import shortened, visible

EVERY_S = 0.2
WIDTH = 78


class Meter:
    """Prints progress now and then and wipes it at the end of reading.

    Args:
        stream: A terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._line = StatusLine(stream)
        self._start = self._shown = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Show where reading is, at most five times a second."""
        now = time.monotonic()
        if now - self._shown < EVERY_S:
            return
        self._shown = now
        self._line.show(shortened(visible(line(progress, now - self._start)), WIDTH))

    def close(self) -> None:
        """Wipe the line."""
        self._line.wipe()


def line(progress: Progress, elapsed_s: float) -> str:
    """Progress in words: bytes, events, rate, time left.

    Args:
        progress: Where reading is.
        elapsed_s: Seconds since it began.
    """
    rate = progress.bytes_done / max(elapsed_s, 1e-3)
    total = "" if progress.bytes_total is None else f" of {size(progress.bytes_total)}"
    left = ""
    if progress.bytes_total and rate:
        left = f", {seconds(max(0.0, (progress.bytes_total - progress.bytes_done) / rate))} left"
    return f"read {size(progress.bytes_done)}{total}, {count(progress.events)} events, {size(rate)}/s{left}  {progress.path}"
