"""Where a reader of one stream puts its rows: requests into parts, all else into tables of their own."""

from collections.abc import Mapping
from datetime import UTC, datetime

from snowpit.ingest.parts import Parts
from snowpit.store import Tables

BATCH = 50_000
"""Rows of a table that are held before they are stored."""


class Sink:
    """Rows of one stream, on their way into the store.

    Args:
        tables: Where the database is.
        parts: Where rows of the request table go.
        file: Number of the stream in the table ``files``.
        written: When the file was written last, µs since the epoch; null if nothing tells it.
    """

    def __init__(
        self,
        tables: Tables,
        parts: Parts,
        *,
        file: int,
        written: int | None = None,
    ) -> None:
        self.tables = tables
        self.parts = parts
        self.file = file
        self.written = written
        self.rows: dict[str, int] = {}
        self._held: dict[str, list[Mapping[str, object]]] = {}

    @property
    def year(self) -> int | None:
        """Year of times that have none, as the file's own time tells; null if nothing tells it."""
        return None if self.written is None else datetime.fromtimestamp(self.written / 1e6, UTC).year

    def add(self, table: str, row: Mapping[str, object]) -> None:
        """Take a row of ``metrics``, ``log_lines`` or ``settings``; the column ``file`` is set here."""
        held = self._held.setdefault(table, [])
        held.append({**row, "file": self.file})
        self.rows[table] = self.rows.get(table, 0) + 1
        if len(held) >= BATCH:
            self._store(table)

    def flush(self) -> None:
        """Store the rows held."""
        for table in list(self._held):
            self._store(table)
        self.parts.flush()

    def _store(self, table: str) -> None:
        self.tables.append_to(table, self._held.pop(table, []))
