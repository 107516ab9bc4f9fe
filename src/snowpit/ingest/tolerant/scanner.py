"""The tolerant reader: bytes of one file in, chunks with rows out, every byte accounted for."""

from collections.abc import Iterable, Iterator

from snowpit.ingest.tolerant.csv import Csv
from snowpit.ingest.tolerant.documents import Documents
from snowpit.ingest.tolerant.foreign import Foreign
from snowpit.ingest.tolerant.kinds import Chunk, Kind, Remarks, Row
from snowpit.ingest.tolerant.lines import Lines
from snowpit.ingest.tolerant.pieces import Piece, Reader, read_stretch
from snowpit.ingest.tolerant.yaml import Yaml


class Scanner:
    """Reads one file of any shape, in the memory of one line or one value.

    Args:
        kind: What the file was taken for.
        year: Year of times that carry none.
    """

    def __init__(self, kind: Kind, *, year: int | None = None) -> None:
        self._remarks = Remarks(year=year)
        self._reader = _reader(kind, self._remarks)
        self._offset = 0
        self._newlines = 0
        self._at_start = True

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """Chunks that are complete with these bytes; the iterator must be drained before the next call."""
        return self._chunks(self._reader.feed(data))

    def finish(self) -> Iterator[Chunk]:
        """Chunks of what was kept back; nothing may be fed after it."""
        return self._chunks(self._reader.finish())

    @property
    def absent(self) -> tuple[str, ...]:
        """Columns that this evidence does not carry, and ``latency`` where one end of a request is missing."""
        return tuple(sorted(self._remarks.absent))

    @property
    def notes(self) -> list[str]:
        """Remarks about the evidence, e.g. an assumed zone."""
        return list(self._remarks.notes)

    def _chunks(self, pieces: Iterable[Piece]) -> Iterator[Chunk]:
        for part in pieces:
            lines = part.newlines + self._at_start - part.closed
            yield Chunk(self._newlines + 1, lines, self._offset, part.length, part.verdict, part.rows)
            self._offset += part.length
            self._newlines += part.newlines
            self._at_start = part.closed


def _reader(kind: Kind, remarks: Remarks) -> Reader:
    if kind.shape == "lines":
        return Lines(remarks)
    if kind.shape == "document":
        return Documents(remarks)
    if kind.shape == "yaml":
        return Yaml(remarks)
    return Csv(remarks) if kind.shape == "csv" else Foreign()


def parse_line(line: bytes, kind: Kind) -> tuple[str, list[Row]]:
    """Reads one line of a file of shape ``lines``.

    Args:
        line: With or without its line end.
        kind: What the file was taken for.

    Returns:
        ``event`` with the rows found, ``empty``, ``other`` or ``reject:<reason>``. A broken
        line from which events were salvaged is an ``event``; only the scanner tells its parts.
    """
    if kind.shape == "foreign":
        return "other", []
    parts = list(read_stretch(line, Remarks()))
    rows = [row for part in parts for row in part.rows]
    if rows:
        return "event", rows
    return (parts[0].verdict if parts else "empty"), []
