"""Reader of YAML: ``gcloud logging read``, and events that somebody wrote down by hand."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

from snowpit.ingest.tolerant.kinds import LARGEST, Remarks
from snowpit.ingest.tolerant.pieces import Piece, piece
from snowpit.ingest.tolerant.reader import BOM, read_value

_SEPARATOR = re.compile(rb"---(?:\s|$)")
_COMMENTS = re.compile(rb"(?:\s*(?:#[^\n]*)?(?:\n|\Z))*\Z")


class Yaml:
    """Collects documents and reads them.

    Args:
        remarks: Takes remarks and absent columns.
    """

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._rest: list[bytes] = []
        self._lines: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces of the documents that end within these bytes."""
        start = 0
        while (end := data.find(b"\n", start) + 1) > 0:
            self._rest.append(data[start:end])
            start = end
            yield from self._line()
        if start < len(data):
            self._rest.append(data[start:])

    def finish(self) -> Iterator[Piece]:
        """Pieces of the last document."""
        if self._rest:
            yield from self._line()
        yield from self._document()

    def _line(self) -> Iterator[Piece]:
        line = b"".join(self._rest)
        self._rest.clear()
        if _SEPARATOR.match(line) or self._held + len(line) > LARGEST:
            yield from self._document()
        self._lines.append(line)
        self._held += len(line)

    def _document(self) -> Iterator[Piece]:
        data = b"".join(self._lines)
        self._lines.clear()
        self._held = 0
        if not data:
            return
        if not data.strip(b"- \t\r\n"):
            yield piece(data, "empty")
        elif _COMMENTS.match(data):
            yield piece(data, "other")
        else:
            value = _load(data)
            verdict, rows = ("reject:broken YAML", []) if value is None else read_value(value, self._remarks)
            yield piece(data, verdict, rows)


def _load(data: bytes) -> Any:  # noqa: ANN401  evidence may hold any type
    """The value of one document, all scalars as text; null if it is broken."""
    # PyYAML takes 20 ms to import, which every run would pay for a rare shape.
    yaml = importlib.import_module("yaml")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(data.removeprefix(BOM).decode("utf-8", "replace"), loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
