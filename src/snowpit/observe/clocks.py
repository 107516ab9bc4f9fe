"""Offsets between the clocks of sources, by facts that two of them tell."""

from collections import defaultdict
from collections.abc import Iterable

from snowpit.model.observation import ClockOffset
from snowpit.model.request import ACCESS_LOG
from snowpit.model.window import MICROS
from snowpit.observe.figures import median, percentile
from snowpit.observe.scope import Scope
from snowpit.store import Tables

LEAST = 5
"""Pairs of requests below which no offset is told."""

MOST = 200_000
"""Access lines that are looked at; the first ones."""

NEAR_S = 60
"""A start in a log and one in a metric that are further apart are taken for two starts."""

_AUDIT = f"(SELECT * FROM requests WHERE coalesce(stage, '') <> '{ACCESS_LOG}' AND finished IS NOT NULL)"
_LINES = f"(SELECT * FROM accesses LIMIT {MOST})"
_BY_ID = f"""SELECT line.file, told.file, line.finished - told.finished
FROM {_LINES} AS line JOIN {_AUDIT} AS told USING (audit_id)"""
_KEY = (
    "concat_ws('|', coalesce(verb, ''), coalesce(\"group\", ''), coalesce(resource, ''), coalesce(subresource, ''),"
    " coalesce(namespace, ''), coalesce(name, ''), coalesce(uri, ''), coalesce(user_agent, ''), coalesce(source, ''), code)"
)
_ONCE = "SELECT {key} AS key, file, any_value(finished) AS finished FROM {rows} GROUP BY key, file HAVING count(*) = 1"
_BY_REQUEST = (
    f"SELECT line.file, told.file, line.finished - told.finished FROM ({_ONCE.format(key=_KEY, rows=_LINES)}) AS line"
    f" JOIN ({_ONCE.format(key=_KEY, rows=_AUDIT)}) AS told USING (key)"
)
_BY_START = f"""SELECT told.file, seen.file, told."at" - seen.started
FROM (SELECT DISTINCT file, component, "at" FROM log_lines WHERE kind = 'started') AS told
JOIN (SELECT file, component, CAST(value * {MICROS} AS BIGINT) AS started FROM metrics
      WHERE name = 'process_start_time_seconds' AND value > 0 GROUP BY ALL) AS seen USING (component)
WHERE abs(told."at" - seen.started) < {NEAR_S * MICROS}
QUALIFY row_number() OVER (PARTITION BY seen.file, seen.started ORDER BY abs(told."at" - seen.started), told."at") = 1"""


def clocks(tables: Tables, scope: Scope) -> tuple[ClockOffset, ...]:
    """How far clocks of sources are apart: access lines against audit events, starts in logs against metrics.

    Unit: seconds.

    Assumptions: an access line and the audit event of one request are stamped within milliseconds of each other; a
    process logs its version within seconds of its start.

    How computed: pairs by audit ID (access lines since 1.22 tell it); without them, requests whose class, name, agent,
    source and status occur once in either log; medians and percentiles of the differences. At least 5 pairs.

    Cannot see: clocks of sources that share no fact; an offset that changed midway, which the spread shows.

    Source: kubernetes/apiserver ``pkg/server/httplog/httplog.go`` and ``pkg/audit/request.go``.
    """
    found: list[ClockOffset] = []
    if _has_accesses(tables):
        found = _offsets(scope, tables.run(_BY_ID), basis="audit ID", least=LEAST)
        if not found:
            found = _offsets(scope, tables.run(_BY_REQUEST), basis="same request", least=LEAST)
    found += _offsets(scope, tables.run(_BY_START), basis="start of the process", least=1)
    return tuple(found)


def _has_accesses(tables: Tables) -> bool:
    """Whether there is any access line: without one, looking for pairs would group all requests for nothing."""
    there = tables.run("SELECT 1 FROM information_schema.tables WHERE table_name = 'accesses'")
    return bool(there and tables.run("SELECT 1 FROM accesses LIMIT 1"))


def _offsets(
    scope: Scope, rows: Iterable[tuple[int, int, int]], *, basis: str, least: int
) -> list[ClockOffset]:
    """One record for each pair of files."""
    apart: dict[tuple[int, int], list[float]] = defaultdict(list)
    for source, reference, micros in rows:
        apart[source, reference].append(micros / MICROS)
    return [
        ClockOffset(
            source=scope.files.get(source, f"file {source}"),
            reference=scope.files.get(reference, f"file {reference}"),
            basis=basis,
            pairs=len(values),
            offset_s=median(values),
            spread_s=(percentile(values, 0.9) - percentile(values, 0.1)) / 2,
        )
        for (source, reference), values in sorted(apart.items())
        if len(values) >= least and source != reference
    ]
