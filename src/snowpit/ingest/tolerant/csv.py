"""Reader of CSV exports: the header names the columns, a record may span lines inside quotes."""

import csv
from collections.abc import Iterator
from io import StringIO

from snowpit.ingest.tolerant.cutter import Cut, Cutter
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
        self._cutter = Cutter()
        self._lines: list[bytes] = []
        self._held = 0
        self._open = False
        self._header: list[str] | None = None
        self._delimiter = ","
        csv.field_size_limit(LARGEST)

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces of the records that end within these bytes."""
        for cut in self._cutter.feed(data):
            yield from self._line(cut)

    def finish(self) -> Iterator[Piece]:
        """Pieces of the last record."""
        for cut in self._cutter.finish():
            yield from self._line(cut)
        if self._lines:
            yield self._record(CUT_OFF)

    def _line(self, cut: Cut) -> Iterator[Piece]:
        line = cut.line
        if cut.dropped:
            if self._lines:
                yield self._record("value too long")
            yield cut.as_reject()
            return
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
        if self._header is None and words.count(";") > words.count(","):
            self._delimiter = ";"
        try:
            fields = next(csv.reader(StringIO(words, newline=""), strict=True, delimiter=self._delimiter), [])
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
