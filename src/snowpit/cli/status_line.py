"""One line of a terminal on which progress is shown."""

from typing import TextIO

CLEAR = "\r\x1b[K"


class StatusLine:
    """One line of a terminal that is written over and wiped at the end.

    Args:
        stream: A terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._printed = False

    def show(self, words: str) -> None:
        """Write over what stood there."""
        self._stream.write(CLEAR + words)
        self._stream.flush()
        self._printed = True

    def wipe(self) -> None:
        """Leave the line empty, if anything was written."""
        if self._printed:
            self._stream.write(CLEAR)
            self._stream.flush()
