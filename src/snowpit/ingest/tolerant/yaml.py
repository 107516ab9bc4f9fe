"""Reader of YAML: ``gcloud logging read``, and events that somebody wrote down by hand."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

from snowpit.ingest.tolerant.cutter import Cut, Cutter
from snowpit.ingest.tolerant.kinds import Remarks
from snowpit.ingest.tolerant.pieces import Piece, piece
from snowpit.ingest.tolerant.reader import BOM, read_value

_SEPARATOR = re.compile(rb"---(?:\s|$)")
_LARGE = 4 << 20  # the parser is slow and its tree large; entries are a few kilobytes


class Yaml:
    """Collects documents and reads them.

    Args:
        remarks: Takes remarks and absent columns.
    """

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._cutter = Cutter(_LARGE)
        self._lines: list[bytes] = []
        self._held = 0
        self._too_long = False
        self._items: bool | None = None  # whether the document is a list, whose items can be read one by one

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces of the documents that end within these bytes."""
        for cut in self._cutter.feed(data):
            yield from self._line(cut)

    def finish(self) -> Iterator[Piece]:
        """Pieces of the last document."""
        for cut in self._cutter.finish():
            yield from self._line(cut)
        yield from self._document()

    def _line(self, cut: Cut) -> Iterator[Piece]:
        line = cut.line
        if cut.dropped or _SEPARATOR.match(line) or (self._items and line.startswith(b"- ")):
            yield from self._document()
            self._too_long = False
        if _SEPARATOR.match(line):
            self._items = None
        elif self._items is None and line.strip() and not line.startswith(b"#"):
            self._items = line.startswith(b"- ")
        if cut.dropped:
            yield cut.as_reject()
            return
        self._lines.append(line)
        self._held += len(line)
        if self._held > _LARGE:
            self._too_long = True
            yield from self._document()

    def _document(self) -> Iterator[Piece]:
        data = b"".join(self._lines)
        self._lines.clear()
        self._held = 0
        if not data:
            return
        if not data.strip(b"- \t\r\n"):
            yield piece(data, "empty")
        elif _only_comments(data):
            yield piece(data, "other")
        elif self._too_long:
            yield piece(data, "reject:value too long")
        else:
            value = _load(data)
            verdict, rows = ("reject:broken YAML", []) if value is None else read_value(value, self._remarks)
            yield piece(data, verdict, rows)


def _only_comments(data: bytes) -> bool:
    """Whether no line says anything; line by line, as one pattern over all of them would backtrack without end."""
    return all(not line or line.startswith(b"#") for line in map(bytes.strip, data.split(b"\n")))


def _load(data: bytes) -> Any:  # noqa: ANN401  evidence may hold any type
    """The value of one document, all scalars as text; null if it is broken."""
    # PyYAML takes 20 ms to import, which every run would pay for a rare shape.
    yaml = importlib.import_module("yaml")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(data.removeprefix(BOM).decode("utf-8", "replace"), loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
