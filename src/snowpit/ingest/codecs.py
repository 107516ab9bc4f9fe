"""Decompression that keeps what came before a break and never holds more than a chunk.

Library readers either give nothing for a truncated file or end in silence
(zstd), so every codec is driven by hand here: several members or frames in one
stream are read through, and the end is checked.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import zstandard
from isal import isal_zlib

from snowpit.ingest.stream import CHUNK, Fate, Reader

GZIP_WINDOW = 31
ZSTD_WINDOW = 128 << 20
XZ_MEMORY = 256 << 20

IsalError = cast("type[Exception]", isal_zlib.IsalError)

FAILURES: tuple[type[Exception], ...] = (
    IsalError,
    zlib.error,
    zstandard.ZstdError,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
)


class _Gzip:
    """One gzip member."""

    def __init__(self) -> None:
        self._inner = isal_zlib.decompressobj(GZIP_WINDOW)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompressed chunks of some compressed bytes."""
        yield self._inner.decompress(data, CHUNK)
        while self._inner.unconsumed_tail and not self._inner.eof:
            yield self._inner.decompress(self._inner.unconsumed_tail, CHUNK)

    @property
    def left(self) -> bytes | None:
        """Bytes behind the member; null as long as it is not complete."""
        return bytes(self._inner.unused_data) if self._inner.eof else None


class _Zstd:
    """One zstd frame."""

    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompressed chunks of some compressed bytes."""
        yield self._inner.decompress(data)

    @property
    def left(self) -> bytes | None:
        """Bytes behind the frame; null as long as it is not complete."""
        return self._inner.unused_data if self._inner.eof else None


class _Stream:
    """One bzip2 or xz stream.

    Args:
        inner: Decompressor of the standard library.
    """

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._inner = inner

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompressed chunks of some compressed bytes."""
        yield self._inner.decompress(data, CHUNK)
        while not self._inner.eof and not self._inner.needs_input:
            yield self._inner.decompress(b"", CHUNK)

    @property
    def left(self) -> bytes | None:
        """Bytes behind the stream; null as long as it is not complete."""
        return self._inner.unused_data if self._inner.eof else None


class Codec(NamedTuple):
    """A way of compression.

    Args:
        name: As coverage names it.
        magic: First bytes, all of one length, that a member may have.
        portion: Compressed bytes to unfold at once.
        member: Makes the decompressor of one member.
    """

    name: str
    magic: tuple[bytes, ...]
    portion: int
    member: Callable[[], _Gzip | _Zstd | _Stream]


SKIPPABLE = tuple(bytes((low,)) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
"""First bytes of zstd frames without content (RFC 8878, 3.1.2); pzstd writes one before each frame."""

ZSTD = b"\x28\xb5\x2f\xfd"

CODECS = (
    Codec("gzip", (b"\x1f\x8b",), 64 << 10, _Gzip),
    # A hostile frame unfolds each 4 bytes into 128 KiB, and the library gives all at once.
    Codec("zstd", (ZSTD, *SKIPPABLE), 4 << 10, _Zstd),
    Codec("bzip2", (b"BZh",), 64 << 10, lambda: _Stream(bz2.BZ2Decompressor())),
    Codec(
        "xz", (b"\xfd7zXZ\x00",), 64 << 10, lambda: _Stream(lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY))
    ),
)
"""Every compression that is undone, told by its first bytes."""


def unfold(reader: Reader, fate: Fate, codec: Codec) -> Iterator[bytes]:
    """Decompressed chunks of all members of a stream, up to its end or to where it breaks.

    Args:
        reader: The compressed bytes.
        fate: Told whether the stream is whole.
        codec: How it is compressed.
    """
    given = 0
    while _next_member(reader, fate, codec):
        member = codec.member()
        while (left := member.left) is None:
            data = reader.chunk(codec.portion)
            if not data:
                fate.truncated = f"the {codec.name} stream ends too early, after {given} bytes of content"
                return
            try:
                for chunk in member.feed(data):
                    given += len(chunk)
                    yield chunk
            except FAILURES:
                fate.truncated = f"the {codec.name} stream is damaged after {given} bytes of content"
                return
        reader.unread(left)


def _next_member(reader: Reader, fate: Fate, codec: Codec) -> bool:
    """Whether another member follows; zeros between members are padding."""
    while reader.peek(1) == b"\x00":
        data = reader.chunk(codec.portion)
        reader.unread(data.lstrip(b"\x00"))
    head = reader.peek(len(codec.magic[0]))
    if head and head not in codec.magic:
        fate.notes.append(f"what follows the {codec.name} stream is not {codec.name} and was left out")
        return False
    return bool(head)
