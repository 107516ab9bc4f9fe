"""Reads text as a file of metrics, without a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from snowpit.ingest.metrics import api, text
from snowpit.ingest.parts import Parts
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.model.evidence import FileCoverage
from snowpit.store import Tables


class Read(NamedTuple):
    """A file that was read."""

    tables: Tables
    coverage: FileCoverage
    kind: str | None


@contextmanager
def reading(
    data: bytes | str, *, path: str = "metrics.prom", written: int | None = None, chunk: int = 1 << 18
) -> Iterator[Read]:
    """The tables and the coverage after bytes were read in chunks of a size."""
    raw = data.encode() if isinstance(data, str) else data
    coverage = FileCoverage(path=path)
    with Tables() as tables:
        place = tables.directory / "part"
        sink = Sink(tables, Parts(tables, place, label="x"), file=0, written=written)
        kind = api.recognise(raw[:65536])
        form = api if kind else text
        kind = kind or text.recognise(raw[:65536])
        form.read(Reader(iter([raw[i : i + chunk] for i in range(0, len(raw), chunk)])), sink, coverage)
        sink.flush()
        coverage.rows = dict(sink.rows)
        yield Read(tables, coverage, kind)


def balanced(coverage: FileCoverage, size: int) -> bool:
    """Whether every line and byte is accounted for."""
    lines = coverage.event_lines + coverage.empty_lines + coverage.other_lines
    kept = coverage.event_bytes + coverage.empty_bytes + coverage.other_bytes + coverage.rejected_bytes
    return coverage.lines == lines + sum(coverage.rejected.values()) and coverage.bytes == kept == size
