"""A stream cut at line ends into blocks in memory; the next block is prepared while one is at work."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from snowpit.ingest.stream import Reader
from snowpit.model.evidence import Reject
from snowpit.store import Scratch

BLOCK_BYTES = 64 << 20
"""Size at which a block ends with its line."""

LONGEST_LINE = 64 << 20
"""Bytes beyond :data:`BLOCK_BYTES` after which a block ends inside a line."""

SLICE = 4 << 20
"""Bytes of a block that are held in Python at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive lines of one stream.

    Args:
        content: The bytes; valid until the next block is asked for.
        first_line: 1-based number of the first line.
        offset: Bytes of the stream before it.
        lines: Number of lines, one without a line end included.
        whole: False if it ends inside a line that goes on in the next block.
    """

    content: Scratch
    first_line: int
    offset: int
    lines: int
    whole: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return self.content.size

    def slices(self, start: int = 0) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        while data := self.content.read(start, SLICE):
            start += len(data)
            yield data

    def each_line(self) -> Iterator[bytes]:
        """The lines with their ends, one by one."""
        rest = b""
        for data in self.slices():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest


def cut(reader: Reader) -> Iterator[Block]:
    """Blocks of a stream, in order, each prepared ahead in a thread while the one before is at work."""
    pair = (Scratch(), Scratch())
    prepared = _prepare(reader, pair)
    try:
        block, more = next(prepared, (None, False))
        if not more:
            if block:
                yield block
            return
        with ThreadPoolExecutor(1) as thread:
            while block:
                ahead: Future[tuple[Block | None, bool]] = thread.submit(next, prepared, (None, False))
                yield block
                block, _ = ahead.result()
    finally:
        for scratch in pair:
            scratch.close()


def _prepare(reader: Reader, pair: tuple[Scratch, Scratch]) -> Iterator[tuple[Block | None, bool]]:
    """Blocks, and whether more may follow, written in turn into two scratches."""
    line, offset, rest, turn = 1, 0, b"", 0
    more = True
    while more:
        content = pair[turn]
        turn = 1 - turn
        content.reset()
        newlines, rest, more = _fill(reader, content, rest)
        content.seal()
        if not content.size:
            return
        open_end = content.read(content.size - 1, 1) != b"\n"
        yield Block(content, line, offset, newlines + (open_end and not more), not (open_end and more)), more
        line += newlines
        offset += content.size


def _fill(reader: Reader, content: Scratch, rest: bytes) -> tuple[int, bytes, bool]:
    """Write lines into a scratch until it is full.

    Returns:
        Line ends written, the beginning of the next line, and whether the
        stream may go on.
    """
    content.write(rest)
    newlines = 0
    while data := reader.chunk():
        end = data.rfind(b"\n") + 1
        if content.size + end >= BLOCK_BYTES and end:
            content.write(memoryview(data)[:end])
            return newlines + _line_ends(data), data[end:], True
        content.write(data)
        newlines += _line_ends(data)
        if content.size >= BLOCK_BYTES + LONGEST_LINE:
            return newlines, b"", True
    return newlines, b"", False


def _line_ends(data: bytes) -> int:
    """How many line ends; ``bytes.count`` looks at one byte at a time and takes 2.5 times as long."""
    return len(data) - len(data.replace(b"\n", b""))


@dataclass(slots=True)
class Layout:
    """Where the lines of a block stand that the fast tier skips or doubts.

    Args:
        rows: Lines that are not blank.
        empty_lines: Blank lines.
        empty_bytes: Their bytes.
        starts: 0-based rows from which on another number of blank lines stands before.
        shifts: That number, for each of them.
        places: The doubtful lines; line and offset count from 0 at the block's start.
    """

    rows: int = 0
    empty_lines: int = 0
    empty_bytes: int = 0
    starts: list[int] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)
    places: list[Reject] = field(default_factory=list)


def survey(block: Block, doubtful: Iterable[int]) -> Layout:
    """Go through a block line by line.

    Args:
        block: The block.
        doubtful: 0-based numbers, ascending, of doubtful lines among those that are not blank.
    """
    layout = Layout()
    awaited = iter(doubtful)
    wanted = next(awaited, None)
    offset = 0
    for number, line in enumerate(block.each_line()):
        if not line.strip():
            layout.empty_lines += 1
            layout.empty_bytes += len(line)
        else:
            if not layout.shifts or layout.shifts[-1] != layout.empty_lines:
                layout.starts.append(layout.rows)
                layout.shifts.append(layout.empty_lines)
            if layout.rows == wanted:
                layout.places.append(Reject(number, offset, len(line), ""))
                wanted = next(awaited, None)
            layout.rows += 1
        offset += len(line)
    return layout
