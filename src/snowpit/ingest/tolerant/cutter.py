"""Cuts bytes into lines, in the memory of one line, and drops those beyond all bounds."""

from collections.abc import Iterator
from typing import NamedTuple

from snowpit.ingest.tolerant.kinds import LARGEST
from snowpit.ingest.tolerant.pieces import Piece


class Cut(NamedTuple):
    """One line with its line end, or what is known of one that was dropped.

    Args:
        line: Empty if it was dropped.
        dropped: Its length, if it was dropped; otherwise 0.
        closed: Whether it has a line end.
    """

    line: bytes
    dropped: int
    closed: bool

    def as_reject(self) -> Piece:
        """The piece of a line that was dropped."""
        return Piece(self.dropped, int(self.closed), self.closed, "reject:line too long", [])


class Cutter:
    """Collects lines.

    Args:
        largest: Bytes of the longest line that is kept.
    """

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._parts: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> Iterator[Cut]:
        """The lines that end within these bytes."""
        start = 0
        while (end := data.find(b"\n", start) + 1) > 0:
            self._keep(data[start:end])
            start = end
            yield self._cut(closed=True)
        if start < len(data):
            self._keep(data[start:])

    def finish(self) -> Iterator[Cut]:
        """The last line, if it has no line end."""
        if self._held:
            yield self._cut(closed=False)

    def _keep(self, part: bytes) -> None:
        self._held += len(part)
        if self._held > self._largest:
            self._parts.clear()
        else:
            self._parts.append(part)

    def _cut(self, *, closed: bool) -> Cut:
        held, self._held = self._held, 0
        if held > self._largest:
            return Cut(b"", held, closed)
        line = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        return Cut(line, 0, closed)
