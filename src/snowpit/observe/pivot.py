"""A pivot over any columns of the request table, with a series per row: the question of ``snowpit top``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from snowpit.errors import QueryError
from snowpit.model.request import BUCKETS_PER_OCTAVE, COLUMNS
from snowpit.model.window import MICROS, Window
from snowpit.store import Tables, quoted

MEASURES = ("count", "held", "p99", "errors", "rejected")
"""What a pivot can be ordered by."""

BINS = 30
MOST_BINS = 10_000
_HELD = "greatest(coalesce(finished, {end}) - received, 0) / 1e6"
_BUCKET = "CASE WHEN outcome NOT IN ('rejected', 'open') THEN latency_bucket END"
_SEATED = "NOT long_running AND outcome NOT IN ('rejected', 'unauthorized') AND client_kind NOT IN ('master', 'loopback')"
_ERRORS = "outcome IN ('client_error', 'unauthorized', 'timed_out', 'server_error', 'aborted')"


class Row(NamedTuple):
    """One combination of values.

    Args:
        values: In the order of the columns asked for; null where the evidence has none.
        attempts: Attempts.
        held: Seconds of seat time; long-running, exempt (system:masters, loopback), rejected (429) and unauthorized (401) attempts hold none.
        p99: 99th percentile of the sojourn time of finished attempts that were not rejected, seconds (within 2.2 %).
        errors: Attempts that ended in 4xx (but 429), 5xx, a time-out or were aborted.
        rejected: Attempts answered 429.
        series: The measure per bin (attempts where the measure is ``p99``).
    """

    values: tuple[str | None, ...]
    attempts: int
    held: float
    p99: float | None
    errors: int
    rejected: int
    series: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """Rows by the measure, largest first.

    Args:
        columns: What was grouped by.
        measure: What the rows are ordered by.
        window: First arrival to last instant.
        step_s: Width of a bin of the series.
        rows: The largest.
        groups: How many combinations there are in all.
        total: The measure over all rows (for ``p99``: the attempts).
    """

    columns: tuple[str, ...]
    measure: str
    window: Window
    step_s: float
    rows: tuple[Row, ...]
    groups: int
    total: float


def pivot(
    tables: Tables,
    columns: Sequence[str],
    *,
    measure: str = "count",
    limit: int = 20,
    per_s: float | None = None,
) -> Pivot:
    """Group the requests and measure each group.

    Seat time of a group is the sum of sojourn times on a seat (Little's identity: divided by the length of
    the window it is the mean number of seats held); open requests count to the end of the window.

    Args:
        tables: The request table.
        columns: Columns to group by.
        measure: One of :data:`MEASURES`.
        limit: Rows given at most.
        per_s: Width of a bin, seconds; null for 30 bins over the window.

    Raises:
        QueryError: If a column or measure does not exist, or there would be too many bins.
    """
    _check(columns, measure)
    window = extent(tables)
    step = max(1, round(per_s * MICROS) if per_s else -(-(window.end - window.start) // BINS))
    bins = -(-(window.end - window.start) // step)
    if bins > MOST_BINS:
        raise QueryError(
            f"{bins} bins are too many.", "Take longer bins, or narrow with --since and --until."
        )
    names = [f"k{number}" for number in range(len(columns))]
    keys = ", ".join(
        f"CAST({quoted(column)} AS VARCHAR) AS {name}" for column, name in zip(columns, names, strict=True)
    )
    _group(tables, keys, names, measure=measure, limit=limit, end=window.end)
    series = _series(tables, keys, names, measure=measure, window=window, step=step)
    groups, total = tables.run("SELECT count(*), coalesce(sum(measure), 0) FROM groups")[0]
    return Pivot(
        columns=tuple(columns),
        measure=measure,
        window=window,
        step_s=step / MICROS,
        rows=tuple(_rows(tables, names, series, bins=bins)),
        groups=groups,
        total=float(total),
    )


def _rows(
    tables: Tables, names: Sequence[str], series: Mapping[int, Mapping[int, float]], *, bins: int
) -> Iterator[Row]:
    """The largest groups in order, each with its series."""
    for place, attempts, held, p99, errors, rejected, *values in tables.run(
        f"SELECT place, n, held, p99, errors, rejected, {', '.join(names)} FROM top ORDER BY place"
    ):
        line = series.get(place, {})
        yield Row(
            values=tuple(values),
            attempts=attempts,
            held=held,
            p99=p99,
            errors=errors,
            rejected=rejected,
            series=tuple(line.get(number, 0.0) for number in range(bins)),
        )


def extent(tables: Tables) -> Window:
    """First arrival to just after the last instant; empty at the epoch if there are no requests."""
    start, end = tables.run(
        "SELECT min(received), max(greatest(received, coalesce(finished, received))) + 1 FROM requests"
    )[0]
    return Window(start or 0, end or 0)


def _check(columns: Sequence[str], measure: str) -> None:
    known = {column.name for column in COLUMNS}
    for name in columns:
        if name not in known:
            raise QueryError(f"There is no column {name[:40]!a}.", f"Columns: {', '.join(sorted(known))}")
    if measure not in MEASURES:
        raise QueryError(f"{measure[:40]!a} is no measure.", f"Measures: {', '.join(MEASURES)}")
    if not columns:
        raise QueryError("No columns to group by.", "For instance: --by user,verb,resource")


def measured(end: int) -> str:
    """SQL for the measures of a group of requests, as columns n, held, errors and rejected."""
    return (
        f"count(*) AS n, sum(CASE WHEN {_SEATED} THEN {_HELD.format(end=end)} ELSE 0 END) AS held,"
        f" count(*) FILTER ({_ERRORS}) AS errors, count(*) FILTER (outcome = 'rejected') AS rejected"
    )


def grouped(keys: str, names: Sequence[str], end: int) -> str:
    """SQL for groups with their measures and the 99th percentile of the sojourn time, from bucket counts."""
    by = ", ".join(names)
    return (
        f"WITH h AS (SELECT {keys}, {_BUCKET} AS b, {measured(end)} FROM requests GROUP BY ALL),"
        f" c AS (SELECT *, sum(CASE WHEN b IS NULL THEN 0 ELSE n END) OVER (PARTITION BY {by} ORDER BY b NULLS FIRST) AS upto,"
        f" sum(CASE WHEN b IS NULL THEN 0 ELSE n END) OVER (PARTITION BY {by}) AS done FROM h)"
        f" SELECT {by}, CAST(sum(n) AS BIGINT) AS n, sum(held) AS held,"
        f" pow(2, (min(b) FILTER (b IS NOT NULL AND upto >= 0.99 * done) + 0.5) / {BUCKETS_PER_OCTAVE}) / 1e6 AS p99,"
        " CAST(sum(errors) AS BIGINT) AS errors, CAST(sum(rejected) AS BIGINT) AS rejected"
        f" FROM c GROUP BY {by}"
    )


def _group(tables: Tables, keys: str, names: Sequence[str], *, measure: str, limit: int, end: int) -> None:
    """Make the tables ``groups`` (all) and ``top`` (the largest, numbered by ``place``)."""
    value = {"count": "n"}.get(measure, measure)
    tables.run(
        f"CREATE OR REPLACE TEMP TABLE groups AS SELECT *, {value} AS measure FROM ({grouped(keys, names, end)})"
    )
    order = ", ".join(["measure DESC NULLS LAST", "n DESC", *names])
    tables.run(
        "CREATE OR REPLACE TEMP TABLE top AS SELECT row_number() OVER () AS place, *"
        f" FROM (SELECT * FROM groups ORDER BY {order} LIMIT {int(limit)})"
    )


def _series(
    tables: Tables, keys: str, names: Sequence[str], *, measure: str, window: Window, step: int
) -> dict[int, dict[int, float]]:
    """Per place in ``top``, the measure by bin of arrival."""
    value = {"count": "n", "p99": "n"}.get(measure, measure)
    same = " AND ".join(f"s.{name} IS NOT DISTINCT FROM top.{name}" for name in names)
    found: dict[int, dict[int, float]] = {}
    for place, bin_, number in tables.run(
        f"SELECT place, bin, {value} FROM (SELECT {keys}, (received - {window.start}) // {step} AS bin,"
        f" {measured(window.end)} FROM requests GROUP BY ALL) s"
        f" JOIN (SELECT place, {', '.join(names)} FROM top) top ON {same}"
    ):
        found.setdefault(place, {})[bin_] = float(number)
    return found
