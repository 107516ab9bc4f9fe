"""Reader of evidence that is no audit log: counted, not read."""

from collections.abc import Iterator

from snowpit.ingest.tolerant.pieces import Piece, piece

_SLICE = 1 << 20


class Foreign:
    """Cuts bytes into slices of a fixed size."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces of the slices that are full."""
        self._buffer += data
        while len(self._buffer) >= _SLICE:
            yield piece(bytes(self._buffer[:_SLICE]), "other")
            del self._buffer[:_SLICE]

    def finish(self) -> Iterator[Piece]:
        """The last slice."""
        if self._buffer:
            yield piece(bytes(self._buffer), "other")
            self._buffer.clear()
