"""The whole of the evidence: every file read or taken from the cache, then merged into requests."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from snowpit.errors import EvidenceError
from snowpit.ingest import cache as shelf
from snowpit.ingest import merging, servers, sources, statistics
from snowpit.ingest.cache import Log
from snowpit.ingest.formats import Format, format_of
from snowpit.ingest.log import HEAD, read_log
from snowpit.ingest.parts import Parts
from snowpit.ingest.remote import Remote
from snowpit.ingest.sink import Sink
from snowpit.ingest.tolerant import UTF16
from snowpit.model.evidence import Coverage, FileCoverage
from snowpit.model.request import ACCESS_LOG
from snowpit.store import Tables

NAMED = 5
"""Files that an error message names."""

LEFT_OUT = "left out"
_EXTRA = "extra.parquet"


class Progress(NamedTuple):
    """How far reading has come.

    Args:
        bytes_done: Stored bytes read so far.
        bytes_total: Stored bytes of all files; null if standard input is among them.
        events: Events found so far.
        path: File being read.
    """

    bytes_done: int
    bytes_total: int | None
    events: int
    path: str


def read(
    paths: Sequence[str],
    *,
    tables: Tables,
    cache: Path | None = None,
    stdin: BinaryIO | None = None,
    progress: Callable[[Progress], None] | None = None,
    remotes: Sequence[Remote] = (),
) -> Coverage:
    """Read evidence into the request table and the tables beside it.

    Afterwards the view ``stored`` has one row a request, and the table
    ``files`` names the files by the column ``file``. The view ``accesses``
    has every line of access logs; those in a window that an audit log covers
    are no rows of ``stored``, which would count their requests twice.

    Args:
        paths: Files, directories (walked in order of names), archives, or ``-`` for standard input.
        tables: Where the rows go.
        cache: Directory for parsed large files; null for none.
        stdin: Standard input.
        progress: Called from time to time.
        remotes: Sources that are asked once the files are read.

    Returns:
        What was read, file by file.

    Raises:
        EvidenceError: If a path cannot be read, or no file holds anything that is understood.
    """
    origins, remarks = sources.find(paths)
    meter = _Meter(origins, progress)
    directory = tables.directory / "parts"
    directory.mkdir(mode=0o700, exist_ok=True)
    logs: list[Log] = []
    for origin in origins:
        meter.path = sources.text(origin.path)
        logs.extend(
            _read_origin(
                origin, tables, meter, directory=directory, cache=cache, stdin=stdin, first=len(logs)
            )
        )
    logs += list(_ask(remotes, tables, logs, directory=directory))
    files = [log.coverage for log in logs] + [_left_out(remark) for remark in remarks]
    if not any(file.events or file.rows or file.first is not None for file in files):
        raise _nothing(files, paths)
    alone = _entry(cache, origins[0]) if len(origins) == 1 else None
    _merge(tables, directory, logs, alone=alone)
    tables.run("CREATE OR REPLACE TABLE files (file INTEGER, path VARCHAR)")
    tables.run(
        "INSERT INTO files SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[])",
        [list(range(len(files))), [file.path for file in files]],
    )
    return Coverage(tuple(files))


class _Meter:
    """Bytes and events so far, told to whoever wants to know."""

    def __init__(
        self, origins: Sequence[sources.Origin], progress: Callable[[Progress], None] | None
    ) -> None:
        sizes = [origin.size for origin in origins]
        self.path = ""
        self._total = None if None in sizes else sum(size or 0 for size in sizes)
        self._progress = progress
        self._bytes = 0
        self._events = 0

    def moved(self, size: int) -> None:
        """Stored bytes were read."""
        self._bytes += size

    def found(self, events: int) -> None:
        """A block was read."""
        self._events += events
        if self._progress:
            self._progress(Progress(self._bytes, self._total, self._events, self.path))


def _entry(cache: Path | None, origin: sources.Origin) -> Path | None:
    """Directory of a file's entry in the cache, whether it is there or not."""
    name = shelf.key(origin.path, origin.size) if cache and origin.size else None
    return cache / name if cache and name else None


def _read_origin(
    origin: sources.Origin,
    tables: Tables,
    meter: _Meter,
    *,
    directory: Path,
    cache: Path | None,
    stdin: BinaryIO | None,
    first: int,
) -> list[Log]:
    """Logs of one file, from the cache or read afresh; ``first`` is the number of the first of them."""
    entry = _entry(cache, origin)
    if entry and (kept := shelf.load(entry, sources.text(origin.path))):
        meter.moved(origin.size or 0)
        meter.found(sum(log.coverage.events for log in kept))
        return kept
    logs = list(_read_afresh(origin, tables, meter, directory=directory, stdin=stdin, first=first))
    kept_whole = not any(log.coverage.rows for log in logs)
    if entry and kept_whole and sum(log.coverage.bytes for log in logs) >= shelf.LARGE:
        shelf.save(entry, sources.text(origin.path), logs)
    return logs


def _read_afresh(
    origin: sources.Origin,
    tables: Tables,
    meter: _Meter,
    *,
    directory: Path,
    stdin: BinaryIO | None,
    first: int,
) -> Iterator[Log]:
    written = _written(origin)
    numbers = count(sum(1 for _ in directory.iterdir()))
    for file, source in enumerate(sources.streams(origin, stdin, moved=meter.moved), start=first):
        place = directory / f"{next(numbers):06d}"
        parts = Parts(tables, place, label=source.label)
        known = format_of(source.reader.peek(HEAD))
        if known:
            sink = Sink(
                tables,
                parts,
                file=file,
                written=int(written.timestamp() * 1e6) if written else None,
            )
            coverage = _read_known(source, known, sink)
            meter.found(coverage.events)
        else:
            coverage = read_log(source, parts, year=written.year if written else None, tick=meter.found)
        statistics.describe(tables, coverage, parts.paths, doubtful=parts.doubtful)
        yield Log(coverage, parts.paths, parts.doubtful)


def _ask(remotes: Sequence[Remote], tables: Tables, logs: Sequence[Log], *, directory: Path) -> Iterator[Log]:
    """Ask sources that are no files for the time that the files tell."""
    instants = [at for log in logs for at in (log.coverage.first, log.coverage.last) if at is not None]
    extent = (min(instants), max(instants)) if instants else None
    for number, remote in enumerate(remotes):
        parts = Parts(tables, directory / f"remote-{number}", label=remote.label)
        sink = Sink(tables, parts, file=len(logs) + number)
        coverage = FileCoverage(path=sources.text(remote.label), kind=remote.kind)
        remote.ask(sink, coverage, extent)
        sink.flush()
        coverage.rows = dict(sink.rows)
        yield Log(coverage, [], doubtful=False)


def _read_known(source: sources.Source, known: tuple[Format, str], sink: Sink) -> FileCoverage:
    """Read evidence that is no audit log."""
    form, kind = known
    coverage = FileCoverage(
        path=source.label, kind=kind, container=source.container, stored_bytes=source.stored_bytes
    )
    form.read(source.reader, sink, coverage)
    sink.flush()
    coverage.rows = dict(sink.rows)
    coverage.truncated = source.truncated
    coverage.notes.extend(note for fate in source.fates for note in fate.notes)
    return coverage


def _written(origin: sources.Origin) -> datetime | None:
    """When a file was written last, for times that have no year or no date."""
    if origin.size is None:
        return None
    try:
        return datetime.fromtimestamp(Path(origin.path).stat().st_mtime, tz=UTC)
    except (OSError, OverflowError, ValueError):
        return None


def _merge(tables: Tables, directory: Path, logs: Sequence[Log], *, alone: Path | None) -> None:
    """Fold stages, leave out repeats, and complete the coverage of each file.

    What merging found is kept in the entry of a file that is read alone.
    """
    parts: list[Path] = []
    for index, log in enumerate(logs):
        place = directory / f"file={index}"
        place.mkdir(mode=0o700)
        for number, path in enumerate(log.paths):
            link = place / f"{number:06d}.parquet"
            link.symlink_to(path)
            parts.append(link)
    query = merging.scan(parts, doubtful=any(log.doubtful for log in logs))
    query = _without_repeats(tables, query, [log.coverage for log in logs])
    named = _named(logs)
    query = merging.name_servers(query, named)
    merged = merging.recall(tables, query, alone / shelf.MERGED / _EXTRA) if alone else None
    if merged is None:
        extra = directory / _EXTRA
        merged = found = merging.merge(tables, query, extra)
        if alone and alone.exists():
            shelf.keep_merged(alone, lambda place: merging.keep(tables, found, extra, directory=place))
    for index, (log, server) in enumerate(zip(logs, named, strict=True)):
        coverage = log.coverage
        coverage.kept = merged.kept.get(index, 0)
        coverage.duplicates = merged.duplicates.get(index, 0)
        skipped = sum(coverage.skipped.values())
        coverage.merged = coverage.events - coverage.kept - coverage.duplicates - skipped
        coverage.servers = coverage.servers or ((server,) if server else ())


_BESIDE = "access lines beside an audit log"


def _without_repeats(tables: Tables, query: str, files: Sequence[FileCoverage]) -> str:
    """The events without access lines in windows of audit logs, which are counted as skipped."""
    lines = f"SELECT * FROM ({query}) WHERE stage = '{ACCESS_LOG}'"
    tables.run(f"CREATE OR REPLACE VIEW accesses AS {lines}")
    if not any(ACCESS_LOG in file.stages for file in files):
        return query
    windows = [
        (file.first, file.last)
        for file in files
        if set(file.stages) - {ACCESS_LOG} and file.first is not None and file.last is not None
    ]
    fewer = merging.set_aside(query, windows)
    if fewer != query:
        left = dict(
            tables.run(f"SELECT file, count(*) FROM ({fewer}) WHERE stage = '{ACCESS_LOG}' GROUP BY file")
        )
        for file, every in tables.run("SELECT file, count(*) FROM accesses GROUP BY file"):
            if every > left.get(file, 0):
                files[file].skipped = {**files[file].skipped, _BESIDE: every - left.get(file, 0)}
    return fewer


def _named(logs: Sequence[Log]) -> list[str | None]:
    """The server of each log, by its path; audit logs are told apart from each other, and component logs likewise."""
    named: list[str | None] = [None] * len(logs)
    for component in (False, True):
        alike = [
            number
            for number, log in enumerate(logs)
            if log.coverage.events and log.coverage.kind.startswith("component log") is component
        ]
        found = servers.distinguish([logs[number].coverage.path for number in alike])
        for number, server in zip(alike, found, strict=True):
            named[number] = server
    return named


def _left_out(remark: sources.Remark) -> FileCoverage:
    return FileCoverage(path=remark.label, kind=LEFT_OUT, notes=[remark.why])


def _nothing(files: Sequence[FileCoverage], paths: Sequence[str]) -> EvidenceError:
    """The error for files without anything that can be used, with what each was taken for."""
    if not files:
        named = ", ".join(sources.text(path) for path in paths[:NAMED]) or "nothing"
        return EvidenceError(
            f"No files were found in {named}.",
            "Give audit logs, metrics, component logs or configuration, a directory that holds some, or -.",
        )
    lines = [_fruitless(file) for file in files[:NAMED]]
    if len(files) > NAMED:
        lines.append(f"and {len(files) - NAMED} more files")
    return EvidenceError("Nothing was found that can be used: " + "; ".join(lines) + ".", _advice(files))


def _fruitless(file: FileCoverage) -> str:
    """Why one file gave nothing, in a few words."""
    if file.kind == LEFT_OUT:
        return f"{file.path} was left out ({', '.join(file.notes)})"
    if not file.bytes:
        return f"{file.path} is empty" + (f" ({file.truncated})" if file.truncated else "")
    reasons = ", ".join(f"{lines} x {reason}" for reason, lines in sorted(file.rejected.items()))
    unread = f", unreadable lines: {reasons}" if reasons else ""
    ending = f", {file.truncated}" if file.truncated else ""
    return f"{file.path} was taken for {file.kind} ({file.lines} lines{unread}{ending})"


def _advice(files: Sequence[FileCoverage]) -> str:
    if any(file.kind == UTF16 for file in files):
        return "Convert it first: iconv -f UTF-16 -t UTF-8 FILE | snowpit diagnose -"
    if any(file.truncated for file in files):
        return "The file is cut off or damaged: fetch it again and compare sizes. Unpack encrypted archives first."
    if all(not file.bytes for file in files):
        return "Nothing was written there. Of an audit log, check the policy and --audit-log-path of kube-apiserver."
    return (
        "Give an audit log (the file that --audit-log-path of kube-apiserver names, or an export of the cloud's logging service), "
        "metrics (kubectl get --raw /metrics), logs of components (klog), or configuration (manifests, command lines)."
    )
