"""Evidence opened for a question: read, locked against what a filter might do, narrowed to a window."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from snowpit.errors import EvidenceError, QueryError
from snowpit.ingest import Progress, read, tsdb
from snowpit.ingest.remote import Remote
from snowpit.model.evidence import Coverage
from snowpit.model.window import iso
from snowpit.store import Tables
from snowpit.workflow.instants import instant

_STRINGS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_FORBIDDEN = re.compile(
    r";|--|/\*|\b(?:select|with|values|from|pivot|unpivot|union|limit|table)\b", re.IGNORECASE
)

TIMED = ("metrics", "log_lines")
"""Tables beside the requests whose rows have a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where evidence comes from and which part of it is asked about.

    Args:
        paths: Files, directories, archives, or ``-``.
        since: First instant, as typed; empty for the start.
        until: Instant after the last, as typed; empty for the end.
        where: SQL condition over the request table; empty for all requests.
        cache: Directory of parsed large files; null for none.
        stdin: Standard input.
        progress: Told how far reading has come.
        remotes: Sources that are asked once the files are read, such as a Prometheus server.
    """

    paths: Sequence[str]
    since: str = ""
    until: str = ""
    where: str = ""
    cache: Path | None = None
    stdin: BinaryIO | None = None
    progress: Callable[[Progress], None] | None = None
    remotes: Sequence[Remote] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Opened evidence.

    Args:
        tables: The request table, narrowed.
        coverage: What was read, before narrowing.
        remarks: Sentences on how it was narrowed.
    """

    tables: Tables
    coverage: Coverage
    remarks: tuple[str, ...]


@contextmanager
def opened(source: Source) -> Iterator[Evidence]:
    """Evidence read, locked and narrowed; everything temporary is gone afterwards.

    Raises:
        EvidenceError: If it cannot be read, or nothing is left of it.
        QueryError: If the window or the filter does not hold.
    """
    with Tables() as tables:
        paths, databases = tsdb.apart(source.paths)
        coverage = read(
            paths,
            tables=tables,
            cache=source.cache,
            stdin=source.stdin,
            progress=source.progress,
            remotes=(*databases, *source.remotes),
        )
        tables.lock(*((source.cache,) if source.cache else ()))
        yield Evidence(tables, coverage, narrow(tables, coverage, source))


def narrow(tables: Tables, coverage: Coverage, source: Source) -> tuple[str, ...]:
    """Restrict the tables to the window and filter of a source; sentences that say so."""
    since, until = bounds(coverage, source)
    _beside(tables, since, until)
    conditions = [f"received >= {since}"] if since is not None else []
    conditions += [f"received < {until}"] if until is not None else []
    conditions += [f"({condition(source.where)})"] if source.where else []
    if not conditions:
        return ()
    asked = bool(tables.run("SELECT 1 FROM requests LIMIT 1"))
    tables.restrict(" AND ".join(conditions))
    if asked and not tables.run("SELECT 1 FROM requests LIMIT 1"):
        first, last = extent(coverage)
        raise EvidenceError(
            "No request is left in this window and filter.",
            f"The evidence runs from {iso(first)} to {iso(last)}.",
        )
    return _remarks(since, until, source.where)


def _beside(tables: Tables, since: int | None, until: int | None) -> None:
    """Drop metrics and lines of logs outside of the window; what tells no time stays."""
    for table in TIMED:
        if since is not None:
            tables.run(f'DELETE FROM {table} WHERE "at" < {since}')
        if until is not None:
            tables.run(f'DELETE FROM {table} WHERE "at" >= {until}')


def extent(coverage: Coverage) -> tuple[int, int]:
    """First arrival and last instant of all evidence; the epoch where it tells no times."""
    first = min((file.first for file in coverage.files if file.first is not None), default=0)
    return first, max((file.last for file in coverage.files if file.last is not None), default=first)


def bounds(coverage: Coverage, source: Source) -> tuple[int | None, int | None]:
    """Start and end of the window that was asked for; null where it is open.

    Raises:
        QueryError: If one of them is no instant, or nothing lies between them.
    """
    _, end = extent(coverage)
    since = instant(source.since, end) if source.since else None
    until = instant(source.until, end) if source.until else None
    if since is not None and until is not None and since >= until:
        raise QueryError("The window is empty: --since is not before --until.", "Swap or widen them.")
    return since, until


def condition(text: str) -> str:
    """A filter that is one SQL expression and nothing else.

    Raises:
        QueryError: If it holds a sub-query, a comment, a second statement or unbalanced brackets.
    """
    bare = _STRINGS.sub("''", text)
    forbidden = _FORBIDDEN.search(re.sub(r"\bdistinct\s+from\b", "distinct", bare, flags=re.IGNORECASE))
    depth = 0
    for char in bare:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
    if forbidden or depth != 0 or "'" in bare.replace("''", "") or not text.strip():
        raise QueryError(
            "--where takes one condition over the columns, without sub-queries, comments or semicolons.",
            "For instance: --where \"verb = 'list' AND client_kind = 'node'\"; columns: snowpit sql --schema",
        )
    return text


def _remarks(since: int | None, until: int | None, where: str) -> tuple[str, ...]:
    remarks = []
    if since is not None or until is not None:
        first = f" from {iso(since)}" if since is not None else ""
        last = f" until {iso(until)}" if until is not None else ""
        remarks.append(f"Only requests that arrived{first}{last} were looked at.")
    if where:
        remarks.append(f"Only requests with {where} were looked at: shares are shares of those.")
    return tuple(remarks)
