"""Reader of JSON that does not go by lines: pretty-printed events, arrays, and batches of any size.

Theory of operation. Only strings and brackets are looked at. Brackets above the
elements of a batch are structure; a value below them is an element, handed to the
line reader as a whole. An object at the top is an element until one of its
members, by the path of its keys, turns out to be a list of a batch: then all
that was before becomes structure. So a batch of any size is read in the memory
of one element.
"""

import re
from collections.abc import Iterator

from snowpit.ingest.tolerant.kinds import LARGEST, Remarks
from snowpit.ingest.tolerant.pieces import CUT_OFF, Piece, piece, read_stretch
from snowpit.ingest.tolerant.reader import BOM
from snowpit.ingest.tolerant.salvage import salvage

_WRAPPERS = (
    b"items",
    b"records",
    b"Records",
    b"logEvents",
    b"events",
    b"entries",
    b"hits",
    b"value",
    b"values",
    b"data",
    b"result",
    b"results",
    b"rows",
    b"logs",
)
# Strings end at a raw line end, which JSON forbids in them: a lost quote damages one line, not the rest.
_TOKEN = re.compile(rb'"(?:[^"\\\n]++|\\(?:[^\n]|\Z))*+(?:"|(?=\n)|(\Z))|[{}\[\]]')
_COLON = re.compile(rb"\s*:\s*\Z")
_SLICE = 1 << 20
_WAIT = 1.5


class Documents:
    """Finds the elements of JSON documents and reads them.

    Args:
        remarks: Takes remarks and absent columns.
    """

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._buffer = bytearray()
        self._scanned = 0  # bytes of the buffer that need not be looked at again
        self._wake = 0  # length of the buffer at which it is looked at again, so that work stays linear
        self._depth = 0  # brackets that are open
        self._base = 0  # how many of them are structure
        self._start: int | None = None  # where the current element begins
        self._wrapped = 0  # levels of an object at the top that may yet be a batch
        self._key = (b"", 0)  # the last string of such a level, and its end

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces that are complete with these bytes."""
        self._buffer += data
        if len(self._buffer) >= self._wake:
            yield from self._scan(final=False)

    def finish(self) -> Iterator[Piece]:
        """What was kept back; an element without an end is searched for whole events."""
        yield from self._scan(final=True)
        rest = bytes(self._buffer)
        self._buffer.clear()
        if self._start is None:
            yield from self._structure(rest)
            return
        yield from self._structure(rest[: self._start])
        yield from _salvaged(rest[self._start :], CUT_OFF, self._remarks)

    def _scan(self, *, final: bool) -> Iterator[Piece]:
        data = bytes(self._buffer)
        done = 0  # bytes of ``data`` that left as pieces
        position = self._scanned
        for token in _TOKEN.finditer(data, position):
            if token[1] is not None and not final:
                position = token.start()
                break
            position = token.end()
            for end, pieces in self._step(data, token.start(), token.end(), done=done):
                done = end
                yield from pieces
        else:
            position = max(position, len(data))
        self._release(done, position)
        yield from self._bound()
        self._wake = int(len(self._buffer) * _WAIT)

    def _release(self, done: int, position: int) -> None:
        del self._buffer[:done]
        self._scanned = position - done
        if self._start is not None:
            self._start -= done
        self._key = (self._key[0], self._key[1] - done)

    def _bound(self) -> Iterator[Piece]:
        """Keeps memory flat: whole slices of structure leave, and so does an element beyond all bounds."""
        if self._start is None:
            size = self._scanned // _SLICE * _SLICE
            if size:
                yield from self._structure(bytes(self._buffer[:size]))
                self._release(size, self._scanned)
        elif len(self._buffer) > LARGEST:
            data = bytes(self._buffer)
            yield from _salvaged(data, "value too long", self._remarks)
            self._buffer.clear()
            self._scanned, self._start, self._depth, self._wrapped = 0, None, self._base, 0

    def _step(self, data: bytes, start: int, end: int, *, done: int) -> Iterator[tuple[int, Iterator[Piece]]]:
        sign = data[start]
        if sign == ord('"'):
            if self._wrapped and self._depth == self._wrapped:
                self._key = (data[start + 1 : end - 1], end)
            elif self._start is None and self._depth and b'\\"kind\\"' in data[start:end]:
                yield start, self._structure(data[done:start])
                yield end, read_stretch(data[start:end], self._remarks)
        elif sign in b"{[":
            yield from self._open(data, start, done=done)
        else:
            yield from self._close(data, end, done=done)

    def _open(self, data: bytes, start: int, *, done: int) -> Iterator[tuple[int, Iterator[Piece]]]:
        listed = data[start] == ord("[")
        self._depth += 1
        if self._start is None and listed and self._depth == 1:
            yield start + 1, self._structure(data[done : start + 1])
            self._base = 1
        elif self._start is None:
            self._base = self._depth - 1
            self._start = start
            self._wrapped = 1 if self._base == 0 else 0
            yield start, self._structure(data[done:start])
        elif self._wrapped and self._depth == self._wrapped + 1 and self._names_batch(data, start):
            if not listed:
                self._wrapped += 1
                return
            self._base, self._start, self._wrapped = self._depth, None, 0
            yield start + 1, self._structure(data[done : start + 1])

    def _names_batch(self, data: bytes, start: int) -> bool:
        key, end = self._key
        return key in _WRAPPERS and 0 <= end <= start and _COLON.match(data[end:start]) is not None

    def _close(self, data: bytes, end: int, *, done: int) -> Iterator[tuple[int, Iterator[Piece]]]:
        self._depth = max(self._depth - 1, 0)
        self._wrapped = min(self._wrapped, max(self._depth, 1))
        if self._start is None:
            yield end, self._structure(data[done:end])
            self._base = min(self._base, self._depth)
        elif self._depth == self._base:
            self._start, self._wrapped = None, 0
            yield end, read_stretch(data[done:end], self._remarks)

    def _structure(self, data: bytes) -> Iterator[Piece]:
        """Brackets, commas and members of a batch that are no elements."""
        inside = self._base > 0
        for start in range(0, len(data), _SLICE):
            part = data[start : start + _SLICE]
            if not part.removeprefix(BOM).strip(b" \t\r\n,[]{}"):
                yield piece(part, "empty")
            elif not part.strip(b"\0 \t\r\n,"):
                yield piece(part, "reject:NUL bytes")
            else:
                yield piece(part, "other" if inside else "reject:not JSON")


def _salvaged(data: bytes, reason: str, remarks: Remarks) -> Iterator[Piece]:
    done = 0
    for part in salvage(data, reason, remarks):
        yield piece(data[done : part.end], part.verdict, part.rows)
        done = part.end
