"""From events to requests: stages of one request folded together, repeats left out.

The request table is a view over the part files. Nearly every request gives one
row, its last stage, so the view simply shows those; only what departs from
that is written down:

* events to be left out although they end a request (repeats; a second end);
* rows to be added: requests without an end, and ends that need columns of
  their first stage (the legacy text format names verb and user there only).

An event *ends* its request if it has an end time or a stage other than
RequestReceived and ResponseStarted (Kubernetes 1.12
``staging/src/k8s.io/apiserver/pkg/endpoints/filters/audit.go``).
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from snowpit.errors import QueryError
from snowpit.ingest.events import PART
from snowpit.ingest.parts import FORMAT
from snowpit.model.request import ACCESS_LOG, STORED
from snowpit.store import Tables, literal, quoted

ENDS = "(finished IS NOT NULL OR coalesce(stage, '') NOT IN ('RequestReceived', 'ResponseStarted'))"
_BARE = '(verb IS NULL OR ("user" IS NULL AND coalesce(code, 0) <> 401))'
_COLUMNS = ", ".join(quoted(column.name) for column in STORED)
_PLACE = "file, line, nth"

_ODD = """CREATE OR REPLACE TEMP TABLE odd AS
SELECT hash(audit_id) AS key FROM events GROUP BY 1
HAVING NOT (bit_or({kind}) & 4 = 4 AND count(*) = bit_count(bit_or({kind}) & 7)
            AND (bit_or({kind}) < 8 OR count(*) = 1))""".format(
    kind=f"CAST(CASE WHEN {ENDS} THEN CASE WHEN {_BARE} THEN 12 ELSE 4 END"
    " WHEN stage = 'ResponseStarted' THEN 2 ELSE 1 END AS UTINYINT)"
)
"""Audit IDs, hashed, that are not simply at most one event of each stage with an end among them."""

_JUDGED = f"""CREATE OR REPLACE TEMP TABLE judged AS
SELECT *, row_number() OVER (PARTITION BY audit_id ORDER BY copy > 1, rank DESC, {_PLACE}) AS pick,
       count(*) FILTER (copy = 1) OVER (PARTITION BY audit_id) AS stages
FROM (SELECT {_PLACE}, audit_id, {ENDS} AS ends, {_BARE} AS bare,
             CASE stage WHEN 'Panic' THEN 4 WHEN 'RequestReceived' THEN 0
                        WHEN 'ResponseStarted' THEN CASE WHEN {ENDS} THEN 2 ELSE 1 END ELSE 3 END AS rank,
             row_number() OVER (PARTITION BY audit_id, coalesce(stage, '') ORDER BY {_PLACE}) AS copy
      FROM events SEMI JOIN odd ON hash(audit_id) = key)"""

_DROPPED = f"""CREATE OR REPLACE TEMP TABLE dropped AS
SELECT {_PLACE} FROM judged WHERE ends AND (pick > 1 OR (bare AND stages > 1))"""

_FIRST = ", ".join(
    f"{'min' if column.name == 'received' else 'any_value'}({quoted(column.name)}) AS {quoted(column.name)}"
    for column in STORED
    if column.name not in ("file", "line", "audit_id")
)
_MENDED = ", ".join(
    {
        "received": "least(ending.received, opening.received)",
        "finished": "ending.finished",
        "stage": "ending.stage",
    }.get(column.name)
    or (
        f"ending.{quoted(column.name)}"
        if column.name in ("file", "line", "audit_id")
        else f"coalesce(ending.{quoted(column.name)}, opening.{quoted(column.name)})"
    )
    for column in STORED
)

_EXTRA = f"""SELECT {_COLUMNS} FROM (FROM events WHERE finished IS NULL) SEMI JOIN (SELECT * FROM judged WHERE pick = 1 AND NOT ends) AS chosen
USING ({_PLACE})
UNION ALL
SELECT {_MENDED} FROM
(SELECT events.* FROM events SEMI JOIN (SELECT * FROM judged WHERE pick = 1 AND ends AND bare AND stages > 1) AS chosen
 USING ({_PLACE})) AS ending
JOIN (SELECT audit_id, {_FIRST} FROM events
      SEMI JOIN (SELECT * FROM judged WHERE pick > 1 AND copy = 1) AS chosen USING ({_PLACE}) GROUP BY audit_id) AS opening
USING (audit_id)"""


class Merged(NamedTuple):
    """What merging did, by index of the file.

    Args:
        kept: Rows of the request table.
        duplicates: Events seen before.
    """

    kept: Mapping[int, int]
    duplicates: Mapping[int, int]


def scan(paths: Sequence[Path], *, doubtful: bool) -> str:
    """SQL that reads part files, ``line`` made absolute.

    Args:
        paths: Part files, each in a directory named ``file=<index>``; may be none.
        doubtful: Whether some rows do not count.
    """
    if not paths:
        typed = {**PART, "file": "INTEGER"}
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in typed.items())
        return f"SELECT {nothing} WHERE false"
    names = ", ".join("line + file_row_number AS line" if name == "line" else quoted(name) for name in PART)
    files = ", ".join(literal(path) for path in paths)
    options = "hive_partitioning=true, hive_types={'file': INTEGER}, file_row_number=true"
    return f"SELECT {names}, file FROM read_parquet([{files}], {options})" + (" WHERE ok" if doubtful else "")


def set_aside(query: str, windows: Sequence[tuple[int, int]]) -> str:
    """SQL that leaves out access lines in windows which audit logs cover: the same requests, told with less.

    Args:
        query: All events, as :func:`scan` reads them.
        windows: First arrival and last instant of each audit log, µs since the epoch.
    """
    if not windows:
        return query
    within = " OR ".join(f"received BETWEEN {first} AND {last}" for first, last in windows)
    return f"SELECT * FROM ({query}) WHERE NOT (coalesce(stage, '') = {literal(ACCESS_LOG)} AND ({within}))"


def name_servers(query: str, servers: Sequence[str | None]) -> str:
    """SQL that fills ``server`` from the files' names where the events do not tell it."""
    if not any(servers):
        return query
    names = ", ".join("NULL" if name is None else literal(name) for name in servers)
    return f"SELECT * REPLACE (coalesce(server, list_extract([{names}], file + 1)) AS server) FROM ({query})"


def merge(tables: Tables, query: str, extra: Path) -> Merged:
    """Let ``stored`` show one row a request.

    Args:
        tables: Where the database is.
        query: All events, as :func:`scan` reads them.
        extra: Where rows that no part holds as they are may be written.
    """
    tables.run(f"CREATE OR REPLACE VIEW events AS {query}")
    tables.run(_ODD)
    duplicates: dict[int, int] = {}
    if tables.run("SELECT 1 FROM odd LIMIT 1"):
        tables.run(_JUDGED)
        tables.run(_DROPPED)
        duplicates = dict(tables.run("SELECT file, count(*) FROM judged WHERE copy > 1 GROUP BY file"))
        tables.run(f"COPY ({_EXTRA}) TO {literal(extra)} {FORMAT}")
        tables.run("DROP TABLE judged")
    tables.run("DROP TABLE odd")
    _show(tables, extra)
    kept = dict(tables.run("SELECT file, count(*) FROM stored GROUP BY file"))
    return Merged(kept, duplicates)


def _show(tables: Tables, extra: Path) -> None:
    """Lay ``stored`` over the events, the table ``dropped`` and the file of extra rows."""
    source = f"(FROM events WHERE {ENDS})"
    if extra.exists():
        if tables.run("SELECT 1 FROM dropped LIMIT 1"):
            source += f" ANTI JOIN dropped USING ({_PLACE})"
        source += f" UNION ALL SELECT {_COLUMNS} FROM read_parquet({literal(extra)}, hive_partitioning=false)"
    tables.show(f"SELECT {_COLUMNS} FROM {source}")


def keep(tables: Tables, merged: Merged, extra: Path, *, directory: Path) -> None:
    """Write down what merging found, for :func:`recall`.

    Args:
        tables: Where the database is.
        merged: What :func:`merge` gave.
        extra: The rows it wrote.
        directory: An empty directory.

    Raises:
        OSError: If it cannot be written.
    """
    if extra.exists():
        shutil.copyfile(extra, directory / extra.name)
        tables.run(f"COPY dropped TO {literal(directory / _DROPPED_FILE)} {FORMAT}")
    (directory / _COUNTS_FILE).write_bytes(msgspec.json.encode(merged))
    for path in directory.iterdir():
        path.chmod(0o600)


def recall(tables: Tables, query: str, extra: Path) -> Merged | None:
    """Let ``stored`` show what an earlier :func:`merge` of the same events found.

    Args:
        tables: Where the database is.
        query: All events, as :func:`scan` reads them.
        extra: The rows that were written then, beside what else :func:`keep` wrote.

    Returns:
        What merging did; null if that is not known or cannot be read.
    """
    try:
        merged = msgspec.json.decode((extra.parent / _COUNTS_FILE).read_bytes(), type=Merged)
        tables.run(f"CREATE OR REPLACE VIEW events AS {query}")
        if extra.exists():
            dropped = literal(extra.parent / _DROPPED_FILE)
            tables.run(
                f"CREATE OR REPLACE TEMP TABLE dropped AS FROM read_parquet({dropped}, hive_partitioning=false)"
            )
        _show(tables, extra)
    except (OSError, msgspec.MsgspecError, QueryError):
        return None
    return merged


_DROPPED_FILE = "dropped.parquet"
_COUNTS_FILE = "counts.json"
