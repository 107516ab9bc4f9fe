"""Members of a tar archive, read forwards from a stream.

The standard library's reader holds headers of any size in memory and gives up
at the first damage; this one holds a block. Formats: POSIX ustar and pax, GNU
long names, the nameless format of Unix V7. Sparse files are left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

from snowpit.ingest.stream import Fate, Reader

BLOCK = 512
LONGEST_NAME = 1 << 20
_REGULAR = (b"0", b"\x00", b"7")


class Member(NamedTuple):
    """One regular file of an archive.

    Args:
        name: Its path inside.
        size: Bytes.
        content: The bytes; what is not read of them is skipped.
    """

    name: str
    size: int
    content: Iterator[bytes]


def is_tar(head: bytes) -> bool:
    """Whether bytes start with a tar header, told by its checksum."""
    if len(head) < BLOCK or not head[0]:
        return False
    stated = _number(head[148:156])
    return stated is not None and stated == sum(head[:148]) + sum(head[156:BLOCK]) + 8 * 32


def members(reader: Reader, fate: Fate) -> Iterator[Member]:
    """Regular files of an archive, in order; each must be used before the next is asked for.

    Args:
        reader: The archive.
        fate: Told whether it is whole.
    """
    longer = ""
    while header := reader.read(BLOCK):
        if not header.strip(b"\x00"):
            return
        size = _number(header[124:136])
        if not is_tar(header) or size is None:
            fate.truncated = "the tar archive is cut off or damaged"
            return
        kind = header[156:157]
        body = _Body(reader, size, fate)
        if kind in (b"L", b"x") and size <= LONGEST_NAME:
            text = b"".join(body.chunks())
            longer = (
                text.rstrip(b"\x00").decode("utf-8", "replace") if kind == b"L" else _pax_path(text) or longer
            )
        elif kind in _REGULAR:
            yield Member(longer or _name(header), size, body.chunks())
            longer = ""
        elif kind == b"S":
            fate.notes.append(f"sparse file {_name(header)} was left out")
        if not body.finish():
            return
    fate.truncated = fate.truncated or "the tar archive has no end; members may be missing"


class _Body:
    """Content of one member, and how much of it was read."""

    def __init__(self, reader: Reader, size: int, fate: Fate) -> None:
        self._reader = reader
        self._fate = fate
        self._left = size
        self._padding = -size % BLOCK

    def chunks(self) -> Iterator[bytes]:
        """What is left of the content."""
        for chunk in self._reader.take(self._left):
            self._left -= len(chunk)
            yield chunk
        if self._left:
            self._fate.truncated = "the tar archive is cut off"

    def finish(self) -> bool:
        """Skip the rest and the padding; whether the content was complete."""
        for _ in self.chunks():
            pass
        self._reader.read(self._padding)
        return self._left == 0


def _number(field: bytes) -> int | None:
    """A number in octal digits, or in base 256 if the first bit is set; null if it is none."""
    if not field:
        return None
    if field[0] & 0x80:
        return int.from_bytes(bytes((field[0] & 0x7F,)) + field[1:], "big")
    try:
        return int(field.strip(b"\x00 ") or b"0", 8)
    except ValueError:
        return None


def _name(header: bytes) -> str:
    name, prefix = header[:100].split(b"\x00")[0], header[345:500].split(b"\x00")[0]
    if header[257:263] == b"ustar\x00" and prefix:
        name = prefix + b"/" + name
    return name.decode("utf-8", "replace")


def _pax_path(records: bytes) -> str:
    """The path in a pax header, a list of ``length key=value`` lines; empty if there is none."""
    for record in records.split(b"\n"):
        key, _, value = record.partition(b" ")[2].partition(b"=")
        if key == b"path":
            return value.decode("utf-8", "replace")
    return ""
