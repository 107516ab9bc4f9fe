"""A Prometheus server, or its database on disk, as a source of metrics."""

import asyncio
from functools import partial

from snowpit.ingest.metrics.api import samples_of
from snowpit.ingest.metrics.dump import Dump
from snowpit.ingest.prometheus.client import MOST_SERIES, Answer, answers
from snowpit.ingest.prometheus.server import Server, checked, stretch
from snowpit.ingest.remote import Extent, Remote
from snowpit.ingest.sink import Sink
from snowpit.model.evidence import FileCoverage

__all__ = ["Server", "source"]


def source(server: Server) -> Remote:
    """A server as a source of evidence.

    Raises:
        EvidenceError: If its address is none.
    """
    return Remote(checked(server).label, "Prometheus server", partial(_ask, server))


def _ask(server: Server, sink: Sink, coverage: FileCoverage, extent: Extent) -> None:
    """Ask for all families that are looked at, over the time of the other evidence or the last hour."""
    asyncio.run(_fill(server, sink, coverage, extent=extent))


async def _fill(server: Server, sink: Sink, coverage: FileCoverage, *, extent: Extent) -> None:
    asked = stretch(server, extent)
    dump = Dump(sink, coverage)
    coverage.notes.append(
        f"asked for {(asked.end - asked.start) / 60:.0f} minutes in steps of {asked.step} s"
    )
    async for answer in answers(server, asked):
        _take(answer, dump, coverage)
    dump.finish()
    if dump.empty:
        coverage.notes.append("it has none of the metrics that are looked at in that time")


def _take(answer: Answer, dump: Dump, coverage: FileCoverage) -> None:
    query = answer.query
    dump.names.types[query.family] = query.form
    for series in answer.series:
        metric = series.get("metric")
        named = {**series, "metric": {**metric, "__name__": query.name}} if isinstance(metric, dict) else {}
        for sample in samples_of(named):
            dump.add(sample, None)
    if answer.cut:
        coverage.notes.append(f"{query.name}: only {MOST_SERIES} series of an answer were taken")
    if answer.failed:
        coverage.notes.append(f"{query.name}: the server refused the query ({answer.failed})")
