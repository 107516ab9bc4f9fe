"""An embedded database with one view that everything above reads: ``requests``."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import duckdb
import msgspec

from snowpit.errors import QueryError
from snowpit.model.request import DERIVED, STORED

MEMORY_LIMIT = "400MB"
"""Below about 350 MB DuckDB falls back to one thread (measured with 2.0.1 on two cores)."""


def quoted(name: str) -> str:
    """An SQL identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


class Tables:
    """Tables of one analysis; temporary, spilled to disk when large, gone at exit.

    Rows come in by :meth:`append` (records) and are read through the view
    ``requests``, which adds the derived columns of ``model.request``. The view
    shows only what :meth:`restrict` lets through.
    """

    def __init__(self) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="snowpit-")
        self._connection = duckdb.connect(
            config={"memory_limit": MEMORY_LIMIT, "temp_directory": self._spill.name, "preserve_insertion_order": True},
        )
        columns = ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in STORED)
        self._connection.execute(f"CREATE TABLE rows ({columns})")
        self._connection.execute("CREATE VIEW stored AS SELECT * FROM rows")
        self.restrict()

    def __enter__(self) -> Self:
        """Nothing to do: the tables are open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close and remove what was spilled."""
        self.close()

    def close(self) -> None:
        """Close and remove what was spilled."""
        self._connection.close()
        self._spill.cleanup()

    def restrict(self, condition: str = "", parameters: Sequence[int] = ()) -> None:
        """Let the view ``requests`` show only rows for which an SQL condition holds.

        Args:
            condition: SQL over the columns of the request table; empty for all rows.
            parameters: Integers for its question marks.

        Raises:
            QueryError: If the condition is not valid SQL over those columns.
        """
        for value in parameters:
            condition = condition.replace("?", str(int(value)), 1)
        derived = ", ".join(f"{column.derived} AS {column.name}" for column in DERIVED)
        where = f" WHERE ({condition})" if condition else ""
        self.run(f"CREATE OR REPLACE VIEW requests AS SELECT * FROM (SELECT *, {derived} FROM stored){where}")

    def run(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and give its rows.

        Raises:
            QueryError: If the database refuses the statement.
        """
        try:
            return self._connection.execute(sql, list(parameters)).fetchall()
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise QueryError(f"The query failed: {first}", "See the columns with: snowpit sql --schema") from error

    def append(self, records: Iterable[Mapping[str, object]]) -> None:
        """Add rows of the request table, given as mappings from stored column names; absent ones are null."""
        encoder = msgspec.json.Encoder()
        payload = b"\n".join(encoder.encode(record) for record in records)
        if not payload:
            return
        columns = ", ".join(f"{quoted(column.name)}: '{column.sql_type}'" for column in STORED)
        descriptor = os.memfd_create("rows")
        try:
            with os.fdopen(os.dup(descriptor), "wb") as target:
                target.write(payload)
            self.run(f"INSERT INTO rows SELECT * FROM read_ndjson('/proc/self/fd/{descriptor}', columns={{{columns}}})")
        finally:
            os.close(descriptor)
