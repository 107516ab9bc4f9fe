"""A database of Prometheus on disk (data directory or snapshot), read by way of ``promtool``."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from snowpit.errors import EvidenceError
from snowpit.ingest.metrics import text
from snowpit.ingest.metrics.queries import names
from snowpit.ingest.remote import Extent, Remote
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import CHUNK, Reader
from snowpit.model.evidence import FileCoverage

TOOL = "promtool"
_BLOCK = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_NAMED = re.compile(rb'^\{__name__="([a-zA-Z_:][a-zA-Z0-9_:]*)"(?:, ?)?', re.MULTILINE)


def is_database(path: str) -> bool:
    """Whether a directory is a database of Prometheus: it has a log of its own, or blocks."""
    place = Path(path)
    try:
        if not place.is_dir():
            return False
        if (place / "chunks_head").is_dir() and (place / "wal").is_dir():
            return True
        return any(_BLOCK.fullmatch(item.name) and (item / "meta.json").is_file() for item in place.iterdir())
    except OSError:
        return False


def apart(paths: Sequence[str]) -> tuple[list[str], list[Remote]]:
    """Paths to read as files, and databases among them as sources.

    Raises:
        EvidenceError: If there is a database and the tool that reads it is not installed.
    """
    plain = [path for path in paths if not is_database(path)]
    return plain, [source(path) for path in paths if path not in plain]


def source(path: str) -> Remote:
    """A database as a source of evidence.

    Raises:
        EvidenceError: If the tool that reads it is not installed.
    """
    tool = shutil.which(TOOL)
    if tool is None:
        raise EvidenceError(
            f"{path} is a database of Prometheus; {TOOL}, which reads it, is not installed.",
            "Install it (Debian, Ubuntu: apt install prometheus; others: https://prometheus.io/download),"
            " or start Prometheus on that directory and give --prometheus http://127.0.0.1:9090",
        )
    return Remote(path, "Prometheus database", partial(_ask, tool, path))


def _ask(tool: str, path: str, sink: Sink, coverage: FileCoverage, extent: Extent) -> None:
    """Read all families that are looked at; the extent of other evidence plays no part."""
    del extent
    match = f'{{__name__=~"{"|".join(names())}"}}'
    command = [tool, "tsdb", "dump", f"--match={match}", str(_complete(Path(path), sink.tables.directory))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:  # noqa: S603 - found on the path, arguments of our own
        text.read(Reader(_lines(running)), sink, coverage)
        if running.wait() != 0:
            coverage.truncated = f"{TOOL} could not read all of it"
    coverage.notes.append(f"read by {TOOL}")


def _complete(path: Path, scratch: Path) -> Path:
    """The database with a directory for its log: a snapshot has none, and the tool asks for one."""
    if (path / "wal").is_dir():
        return path
    place = scratch / f"database-{len(list(scratch.iterdir()))}"
    (place / "wal").mkdir(parents=True)
    for item in sorted(path.rglob("*")):
        copy = place / item.relative_to(path)
        if item.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            copy.symlink_to(item.resolve())
    return place


def _lines(running: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Its output with names in front of the labels, in whole lines."""
    rest = b""
    while running.stdout is not None and (chunk := running.stdout.read(CHUNK)):
        whole, end, rest = (rest + chunk).rpartition(b"\n")
        yield _NAMED.sub(rb"\1{", whole + end)
    yield _NAMED.sub(rb"\1{", rest)
