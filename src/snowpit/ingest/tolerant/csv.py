"""Reader of CSV exports: the header names the columns, a record may span lines inside quotes."""

import csv
from collections.abc import Iterator

from snowpit.ingest.tolerant.kinds import LARGEST, Remarks, Verdict
from snowpit.ingest.tolerant.pieces import CUT_OFF, Piece, piece
from snowpit.ingest.tolerant.reader import BOM, read_value

_QUOTE = b'"'


class Csv:
    """Collects records and reads them.

    Args:
        remarks: Takes remarks and absent columns.
    """

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._rest: list[bytes] = []
        self._lines: list[bytes] = []
        self._held = 0
        self._open = False
        self._header: list[str] | None = None
        csv.field_size_limit(LARGEST)

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces of the records that end within these bytes."""
        start = 0
        while (end := data.find(b"\n", start) + 1) > 0:
            self._rest.append(data[start:end])
            start = end
            yield from self._line()
        if start < len(data):
            self._rest.append(data[start:])

    def finish(self) -> Iterator[Piece]:
        """Pieces of the last record."""
        if self._rest:
            yield from self._line()
        if self._lines:
            yield self._record(CUT_OFF)

    def _line(self) -> Iterator[Piece]:
        line = b"".join(self._rest)
        self._rest.clear()
        self._lines.append(line)
        self._held += len(line)
        self._open ^= line.count(_QUOTE) % 2 == 1
        if not self._open:
            yield self._record("")
        elif self._held > LARGEST:
            yield self._record("value too long")

    def _record(self, broken: str) -> Piece:
        data = b"".join(self._lines)
        self._lines.clear()
        self._held, self._open = 0, False
        if broken:
            return piece(data, f"reject:{broken}")
        return piece(data, *self._read(data))

    def _read(self, data: bytes) -> Verdict:
        words = data.removeprefix(BOM).decode("utf-8", "replace").replace("\0", "\ufffd")
        if not words.strip():
            return "empty", []
        try:
            fields = next(csv.reader(words.splitlines(keepends=True), strict=True), [])
        except csv.Error:
            return "reject:broken CSV", []
        if self._header is None:
            self._header = [name.strip() for name in fields]
            return "other", []
        if len(fields) != len(self._header):
            return "reject:wrong number of fields", []
        present = {name: field for name, field in zip(self._header, fields, strict=True) if field}
        verdict, rows = read_value(present, self._remarks)
        return verdict, rows
