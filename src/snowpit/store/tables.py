"""An embedded database with one view that everything above reads: ``requests``."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import duckdb
import msgspec

from snowpit.errors import QueryError
from snowpit.model.log_line import LOG_LINE
from snowpit.model.metric import METRIC
from snowpit.model.request import DERIVED, STORED, Column
from snowpit.model.setting import SETTING
from snowpit.store.scratch import Scratch

MEMORY_LIMIT = "512MB"
"""Below about 500 MB DuckDB writes Parquet with one thread (measured with 2.0.1 on two cores)."""

SETTINGS: dict[str, str | int | float | list[str]] = {
    "memory_limit": MEMORY_LIMIT,
    "preserve_insertion_order": True,
    # Blocks of a log come under one path, again and again: nothing of it may be kept.
    "enable_external_file_cache": False,
    "autoinstall_known_extensions": False,
}


Selected = tuple[list[str], list[tuple[Any, ...]]]
"""Column names and rows."""

OTHERS: Mapping[str, tuple[Column, ...]] = {
    "metrics": METRIC,
    "log_lines": LOG_LINE,
    "settings": SETTING,
}
"""Tables beside the request table."""

_PATIENCE_S = 0.05

SEE_COLUMNS = "See the columns with: snowpit sql --schema"


def quoted(name: str) -> str:
    """An SQL identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """An SQL string in quotes."""
    return "'" + str(text).replace("'", "''") + "'"


class Tables:
    """Tables of one analysis; temporary, spilled to disk when large, gone at exit.

    Rows come in by :meth:`append` (records) or :meth:`show` (a query over
    files) and are read through the view ``requests``, which adds the derived
    columns of ``model.request``. That view shows only what :meth:`restrict`
    lets through.
    """

    def __init__(self) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="snowpit-", ignore_cleanup_errors=True)
        self._condition = ""
        self._connection = duckdb.connect(
            config={**SETTINGS, "temp_directory": str(self.directory / "spill")}
        )
        for name, columns in {"rows": STORED, **OTHERS}.items():
            typed = ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in columns)
            self._connection.execute(f"CREATE TABLE {name} ({typed})")
        self.show("SELECT * FROM rows")

    def __enter__(self) -> Self:
        """Nothing to do: the tables are open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close and remove what was spilled."""
        self.close()

    @property
    def directory(self) -> Path:
        """A directory (mode 0700) that lives as long as the tables."""
        return Path(self._spill.name)

    def close(self) -> None:
        """Close and remove what was spilled."""
        self._connection.close()
        self._spill.cleanup()

    def show(self, query: str) -> None:
        """Let ``stored``, and with it ``requests``, be the rows of a query with the stored columns."""
        self.run(f"CREATE OR REPLACE VIEW stored AS {query}")
        self._derive()

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
        before, self._condition = self._condition, condition
        try:
            self._derive()
        except QueryError:
            self._condition = before
            raise

    def _derive(self) -> None:
        """Lay ``requests`` over ``stored``."""
        derived = ", ".join(f"{column.derived} AS {column.name}" for column in DERIVED)
        where = f" WHERE ({self._condition})" if self._condition else ""
        self.run(f"CREATE OR REPLACE VIEW requests AS SELECT * FROM (SELECT *, {derived} FROM stored){where}")

    def lock(self, *directories: Path) -> None:
        """From now on statements reach no file, network or setting but this analysis' own directory.

        For statements that a user wrote or pasted. Irrevocable: the database offers no way back.

        Args:
            directories: Where else part files may lie (the database follows links before it compares).
        """
        allowed = ", ".join(literal(f"{path.resolve()}/") for path in (self.directory, *directories))
        self.run(f"SET allowed_directories = [{allowed}]")
        self.run("SET enable_external_access = false")
        self.run("SET lock_configuration = true")

    def select(self, sql: str, *, most: int | None = None) -> Selected:
        """Run one SELECT (or DESCRIBE, SHOW, SUMMARIZE) and give its column names and rows.

        Args:
            sql: The statement.
            most: Rows given at most; null for all.

        Raises:
            QueryError: If the text is not exactly one statement that only reads, or the database refuses it.
        """
        if any("\ud800" <= letter <= "\udfff" for letter in sql):
            raise QueryError("The statement is not valid UTF-8.", SEE_COLUMNS)
        try:
            statements = duckdb.extract_statements(sql)
            if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
                raise QueryError("Only one statement that reads (SELECT ...) is taken.", SEE_COLUMNS)
            return self._stoppable(lambda: self._fetch(statements[0], most))
        except duckdb.Error as error:
            raise QueryError(f"The query failed: {str(error).splitlines()[0]}", SEE_COLUMNS) from error

    def _fetch(self, statement: duckdb.Statement, most: int | None) -> Selected:
        cursor = self._connection.execute(statement)
        names = [column[0] for column in cursor.description or ()]
        return names, cursor.fetchall() if most is None else cursor.fetchmany(most)

    def _stoppable(self, work: Callable[[], Selected]) -> Selected:
        """Do work in a thread of its own, so that a signal ends it at once.

        In this thread signals are delivered only between two tasks of the database, and one
        task of a cross join may take hours.
        """
        done: list[Selected] = []
        failed: list[Exception] = []

        def attempt() -> None:
            try:
                done.append(work())
            except Exception as error:  # noqa: BLE001 - raised again below
                failed.append(error)
            finally:
                over.set()

        over = Event()  # a join that a signal ends takes the thread for finished (Python 3.11)
        Thread(target=attempt, daemon=True).start()
        try:
            over.wait()
        finally:
            while not over.wait(_PATIENCE_S):  # an interrupt before the query has begun is forgotten
                self._connection.interrupt()
        if failed:
            raise failed[0]
        return done[0]

    def run(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and give its rows.

        Raises:
            QueryError: If the database refuses the statement.
        """
        try:
            return self._connection.execute(sql, list(parameters)).fetchall()
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise QueryError(
                f"The query failed: {first}", "See the columns with: snowpit sql --schema"
            ) from error

    def attempt(self, sql: str) -> int | None:
        """Run a statement over hostile input: the number of rows it wrote, or null if it failed.

        Why it failed is not told: the database's message may quote the input.
        """
        try:
            row = self._connection.execute(sql).fetchone()
        except duckdb.Error:
            return None
        return int(row[0]) if row else 0

    def append(self, records: Iterable[Mapping[str, object]]) -> None:
        """Add rows of the request table, given as mappings from stored column names; absent ones are null."""
        columns = {column.name: column.sql_type for column in STORED}
        self.load(records, columns, target="INSERT INTO rows SELECT * FROM {source}")

    def append_to(self, table: str, records: Iterable[Mapping[str, object]]) -> None:
        """Add rows to a table of ``OTHERS``, given as mappings from column names; absent ones are null."""
        columns = {column.name: column.sql_type for column in OTHERS[table]}
        self.load(records, columns, target=f"INSERT INTO {table} SELECT * FROM {{source}}")

    def load(
        self, records: Iterable[Mapping[str, object]], columns: Mapping[str, str], *, target: str
    ) -> None:
        """Run a statement over records.

        Args:
            records: Mappings from column names; absent ones are null.
            columns: SQL type by column name.
            target: The statement; ``{source}`` stands for the records as a table.
        """
        encode = msgspec.json.Encoder().encode
        payload = b"\n".join(encode(record) for record in records)
        if not payload:
            return
        names = ", ".join(f"{quoted(name)}: '{sql_type}'" for name, sql_type in columns.items())
        scratch = Scratch()
        fallback = self.directory / "records.json"
        try:
            if scratch.path:
                scratch.write(payload)
            else:
                fallback.write_bytes(payload)
            path = literal(scratch.path or fallback)
            self.run(
                target.format(source=f"read_json({path}, format='newline_delimited', columns={{{names}}})")
            )
        finally:
            scratch.close()
            fallback.unlink(missing_ok=True)
