"""A log in blocks that end before a message begins; blank, binary and endless lines are counted here."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from snowpit.ingest.stream import Reader
from snowpit.model.evidence import FileCoverage, Reject

BLOCK_BYTES = 4 << 20
"""Size at which a block ends."""

LONGEST_LINE = 16 << 20
"""Bytes of a line beyond which it is not read."""

SAMPLES = 20
"""Places of rejected lines that are kept, per log."""

TOO_LONG = "line too long"
BINARY = "binary data"

_BACK = 64 << 10
"""Bytes before the end of a block in which the last message is looked for: it may go on."""

_BLANK = re.compile(rb"\n((?:\r?\n)+)")


class Block(NamedTuple):
    """Some consecutive lines.

    Args:
        data: Their bytes.
        line: 1-based number of the first of them.
        offset: Bytes before them.
    """

    data: bytes
    line: int
    offset: int


def blocks(reader: Reader, coverage: FileCoverage, starts: re.Pattern[bytes] | None) -> Iterator[Block]:
    """Blocks of a stream, in order.

    Args:
        reader: The stream; it is used up.
        coverage: Takes the counts of all lines and bytes, and of those rejected here.
        starts: Finds a line end with the beginning of a message after it; null to end blocks at line ends.
    """
    line, offset, held, skipped = 1, 0, b"", 0
    for data in _lumps(reader):
        coverage.bytes += len(data)
        held += data
        first = held.find(b"\n") + 1
        if not first and len(held) < LONGEST_LINE and not skipped:
            continue
        if not first or skipped:
            gone = first or len(held)
            held, skipped, offset = held[gone:], skipped + gone, offset + gone
            if not first:
                continue
            reject(coverage, Reject(line, offset - skipped, skipped, TOO_LONG))
            line, skipped = line + 1, 0
        end = _end(held, starts)
        if not end:
            continue
        block, held = Block(held[:end], line, offset), held[end:]
        line, offset = line + block.data.count(b"\n"), offset + end
        yield block
    coverage.lines += line - 1
    if skipped:
        reject(coverage, Reject(line, offset - skipped, skipped + len(held), TOO_LONG))
        coverage.lines += 1
    elif held:
        coverage.lines += held.count(b"\n") + (not held.endswith(b"\n"))
        yield Block(held, line, offset)


def _lumps(reader: Reader) -> Iterator[bytes]:
    """The bytes of a stream in pieces of about a block."""
    pieces: list[bytes] = []
    size = 0
    while data := reader.chunk():
        pieces.append(data)
        size += len(data)
        if size >= BLOCK_BYTES:
            yield b"".join(pieces)
            pieces, size = [], 0
    if pieces:
        yield b"".join(pieces)


def _end(held: bytes, starts: re.Pattern[bytes] | None) -> int:
    """Where to end a block: before the last message that begins in it, else after its last line.

    Null while that would part a message for want of a few more lines.
    """
    whole = held.rfind(b"\n") + 1
    if starts is None:
        return whole
    last = 0
    for found in starts.finditer(held, max(0, whole - _BACK)):
        last = found.start() + 1
    return last or (whole if len(held) > 4 * _BACK else 0)


def reject(coverage: FileCoverage, place: Reject) -> None:
    """Count a line that could not be read."""
    coverage.rejected[place.reason] = coverage.rejected.get(place.reason, 0) + 1
    coverage.rejected_bytes += place.length
    if len(coverage.rejected_at) < SAMPLES:
        coverage.rejected_at.append(place)


def without_binary(block: Block, coverage: FileCoverage) -> Block:
    """A block in which lines that hold zero bytes are blanked out, byte for byte, and counted as rejected."""
    if b"\0" not in block.data:
        return block
    lines = block.data.split(b"\n")
    offset = block.offset
    for index, text in enumerate(lines):
        ended = index < len(lines) - 1
        if b"\0" in text:
            place = Reject(block.line + index, offset, len(text) + ended, BINARY)
            reject(coverage, place)
            lines[index] = b" " * len(text)
        offset += len(text) + ended
    return block._replace(data=b"\n".join(lines))


def count_blank(block: Block, coverage: FileCoverage) -> None:
    """Count the blank lines of a block."""
    data = block.data
    returns = b"\r" in data and b"\n\r\n" in data
    if not returns and b"\n\n" not in data and data[:1] not in (b"\n", b"\r"):
        return
    for run in _BLANK.findall(b"\n" + data):
        coverage.empty_lines += run.count(b"\n")
        coverage.empty_bytes += len(run)
