"""One stretch of decompressed bytes, read forwards, and what is known of its end."""

from collections.abc import Iterator
from dataclasses import dataclass, field

CHUNK = 256 << 10
"""Bytes that pass through at once."""


@dataclass(slots=True)
class Fate:
    """What happened to a stream, known once it is used up.

    Args:
        truncated: What is missing at the end, in words; empty if the stream is whole.
        notes: Remarks.
    """

    truncated: str = ""
    notes: list[str] = field(default_factory=list)


class Reader:
    """Bytes from an iterator of chunks, with a look ahead.

    Args:
        chunks: The bytes; empty chunks are skipped.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""

    def peek(self, size: int) -> bytes:
        """The next bytes, without moving on; fewer at the end."""
        while len(self._held) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._held += chunk
        return self._held[:size]

    def read(self, size: int) -> bytes:
        """The next bytes; fewer at the end. For small sizes: they are held in memory."""
        data = self.peek(size)
        self._held = self._held[len(data) :]
        return data

    def unread(self, data: bytes) -> None:
        """Put bytes back in front."""
        self._held = data + self._held

    def chunk(self, most: int = CHUNK) -> bytes:
        """Some next bytes, as they come; empty at the end."""
        if not self._held:
            self._held = next((chunk for chunk in self._chunks if chunk), b"")
        if len(self._held) <= most:
            data, self._held = self._held, b""
            return data
        data, self._held = self._held[:most], self._held[most:]
        return data

    def rest(self) -> Iterator[bytes]:
        """All that follows, chunk by chunk."""
        while data := self.chunk():
            yield data

    def take(self, size: int) -> Iterator[bytes]:
        """The next bytes, chunk by chunk; stops early where the stream ends."""
        while size > 0 and (data := self.chunk(min(size, CHUNK))):
            size -= len(data)
            yield data
