"""Part files: the columns of some events of one log, written by either tier.

A part is a Parquet file with the columns of ``events.PART``. Parts of one
stream lie in one directory, numbered in the order in which they were written.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from snowpit.ingest.blocks import Block
from snowpit.ingest.events import PART, select_events
from snowpit.store import Tables, literal, quoted

FORMAT = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480)"
"""Small row groups let two threads write one block (measured: half the wall time, 8 % more bytes)."""

BATCH = 20_000
"""Rows of the tolerant tier that are held before they are written."""


class Parts:
    """Writer of the parts of one stream.

    Args:
        tables: Where the database is.
        directory: Made if it does not exist.
        label: Name of the stream, for audit IDs of events that have none.
    """

    def __init__(self, tables: Tables, directory: Path, *, label: str) -> None:
        self.paths: list[Path] = []
        self.doubtful = False
        self._tables = tables
        self._directory = directory
        self._label = label
        self._rows: list[dict[str, object]] = []
        self._line = 0
        self._nth = 0
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _next(self) -> Path:
        return self._directory / f"{len(self.paths):06d}.parquet"

    def write(self, block: Block) -> tuple[int, list[int]] | None:
        """Read a block with the fast tier.

        Returns:
            The number of rows, one for each line that is not blank, and the
            0-based numbers of those that are not vouched for; null if the
            database gave up, in which case nothing was written.
        """
        if block.content.path is None:
            return None
        path = self._next()
        query = select_events(literal(block.content.path), block.first_line)
        rows = self._tables.attempt(f"COPY ({query}) TO {literal(path)} {FORMAT}")
        if rows is None:
            path.unlink(missing_ok=True)
            return None
        self.paths.append(path)
        bad = self._tables.run(
            f"SELECT file_row_number FROM read_parquet({literal(path)}, file_row_number=true) WHERE NOT ok"
        )
        self.doubtful = self.doubtful or bool(bad)
        return rows, [int(row[0]) for row in bad]

    def drop(self) -> None:
        """Remove the part written last."""
        self.paths.pop().unlink()

    def shift(self, starts: list[int], by: list[int]) -> None:
        """Correct the line numbers of the part written last for blank lines.

        Args:
            starts: 0-based rows, ascending, from 0.
            by: How many blank lines stand before each of them, up to the next start.
        """
        path = self.paths[-1]
        fresh = path.with_suffix(".shifted")
        self._tables.run(
            "CREATE OR REPLACE TEMP TABLE shifts AS SELECT unnest(?::BIGINT[]) AS start, unnest(?::BIGINT[]) AS shift",
            [starts, by],
        )
        names = ", ".join("line + shift AS line" if name == "line" else quoted(name) for name in PART)
        source = f"read_parquet({literal(path)}, file_row_number=true)"
        query = f"SELECT {names} FROM {source} ASOF JOIN shifts ON file_row_number >= start ORDER BY file_row_number"
        self._tables.run(f"COPY ({query}) TO {literal(fresh)} {FORMAT}")
        fresh.replace(path)

    def add(self, rows: Iterable[Mapping[str, object]], line: int) -> int:
        """Take rows of the tolerant tier; they are written in batches.

        Returns:
            How many there were.
        """
        if line != self._line:
            self._line, self._nth = line, 0
        before = self._nth
        for row in rows:
            identity = row.get("audit_id") or f"{self._label}:{line}" + (f"#{self._nth}" if self._nth else "")
            known = {"audit_id": identity, "line": line - len(self._rows), "nth": self._nth, "ok": True}
            self._rows.append({**row, **known})
            self._nth += 1
            if len(self._rows) >= BATCH:
                self.flush()
        return self._nth - before

    def flush(self) -> None:
        """Write the rows held."""
        if not self._rows:
            return
        path = self._next()
        self.paths.append(path)
        names = ", ".join(quoted(name) for name in PART)
        self._tables.load(
            self._rows, PART, target=f"COPY (SELECT {names} FROM {{source}}) TO {literal(path)} {FORMAT}"
        )
        self._rows.clear()
