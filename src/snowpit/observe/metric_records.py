"""Rows of prepared samples as records: gauges, counters, distributions."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from snowpit.model.evidence import Pointer
from snowpit.model.observation import Counter, Distribution, Gauge
from snowpit.store import Tables

TOP = 30
"""Series of one family and process that get a record of their own."""

MOST = 20_000
"""Records of one kind; those of kube-apiserver come first."""

_ORDER = f"ORDER BY component <> 'kube-apiserver', component, server, name, rank LIMIT {MOST}"
_ERROR = "coalesce(TRY_CAST(list_filter(key, lambda e: e.key = 'code')[1].value AS INTEGER), 0) >= 400 DESC"
_FOLD = f"CASE WHEN rank <= {TOP} THEN key END"

_GAUGES = f"""WITH each AS (
  SELECT component, server, name, key, count(*) AS n, min(instant) AS start, max(instant) AS finish,
    arg_min(value, step) AS first, arg_max(value, step) AS last, min(value) AS low, max(value) AS high,
    arg_max(instant, value) AS high_at, avg(value) AS mean, avg(CAST(value >= 0.95 * most AS INTEGER)) AS at_high,
    arg_max(struct_pack(f := file, l := line), value) AS place
  FROM metric_steps WHERE kind = 'gauge' GROUP BY component, server, name, key),
ranked AS (SELECT *, row_number() OVER (PARTITION BY component, server, name ORDER BY high DESC, key) AS rank FROM each)
SELECT component, server, name, {_FOLD} AS key, count(*), max(n), min(start), max(finish), sum(first), sum(last),
  sum(low), sum(high), any_value(high_at), sum(mean), any_value(at_high), any_value(place), min(rank) AS rank
FROM ranked GROUP BY component, server, name, {_FOLD} {_ORDER}"""

_COUNTERS = f"""WITH each AS (
  SELECT component, server, name, key, max(instants) AS n, min(start) AS start, max(finish) AS finish,
    arg_max(value, step) AS total, sum(grown) AS grown, count(*) FILTER (fell) AS resets,
    max(grown / (instant - since)) FILTER (instant > since) AS peak,
    arg_max(instant, grown / (instant - since)) FILTER (instant > since) AS peak_at,
    arg_max(struct_pack(f := file, l := line), step) AS place
  FROM metric_steps WHERE kind = 'counter' GROUP BY component, server, name, key),
ranked AS (SELECT *, row_number() OVER (PARTITION BY component, server, name
  ORDER BY {_ERROR}, grown DESC, total DESC, key) AS rank FROM each)
SELECT component, server, name, {_FOLD} AS key, count(*), max(n), min(start), max(finish), sum(total), sum(grown),
  any_value(peak), any_value(peak_at), max(resets), any_value(place), min(rank) AS rank
FROM ranked GROUP BY component, server, name, {_FOLD} {_ORDER}"""

_DISTRIBUTIONS = f"""WITH parts AS (
  SELECT component, server, name, key, kind, le, max(instants) AS n, min(start) AS start, max(finish) AS finish,
    arg_max(value, step) AS last, sum(grown) AS grown, arg_max(struct_pack(f := file, l := line), step) AS place
  FROM metric_steps WHERE kind IN ('bucket', 'sum', 'count', 'quantile')
  GROUP BY component, server, name, key, kind, le),
each AS (
  SELECT component, server, name, key, max(n) AS n, min(start) AS start, max(finish) AS finish,
    max(last) FILTER (kind = 'count') AS count, max(grown) FILTER (kind = 'count') AS count_grown,
    max(last) FILTER (kind = 'sum') AS sum, max(grown) FILTER (kind = 'sum') AS sum_grown,
    list(struct_pack(le, last, grown) ORDER BY le) FILTER (kind = 'bucket' AND le IS NOT NULL) AS buckets,
    list(struct_pack(le, last) ORDER BY le) FILTER (kind = 'quantile') AS quantiles,
    coalesce(any_value(place) FILTER (kind = 'count'), any_value(place)) AS place
  FROM parts GROUP BY component, server, name, key),
ranked AS (SELECT *, row_number() OVER (PARTITION BY component, server, name
  ORDER BY greatest(count_grown, 0) DESC NULLS LAST, count DESC NULLS LAST, key) AS rank FROM each)
SELECT component, server, name, key, n, start, finish, count, count_grown, sum, sum_grown, buckets, quantiles, place, rank
FROM ranked WHERE rank <= {TOP} {_ORDER}"""

Bucket = tuple[float, float]
"""Upper bound, values up to it."""


def gauges(tables: Tables, files: Mapping[int, str]) -> tuple[Gauge, ...]:
    """Gauges of every process."""
    return tuple(
        Gauge(
            component=row[0],
            server=row[1],
            name=row[2],
            labels=_labels(row[3]),
            others=0 if row[3] is not None else row[4],
            instants=row[5],
            first_at=row[6],
            last_at=row[7],
            first=row[8],
            last=row[9],
            low=row[10],
            high=row[11],
            high_at=row[12],
            mean=row[13],
            at_high=row[14],
            pointer=_pointer(row[15], files),
        )
        for row in tables.run(_GAUGES)
    )


def counters(tables: Tables, files: Mapping[int, str]) -> tuple[Counter, ...]:
    """Counters of every process."""
    return tuple(
        Counter(
            component=row[0],
            server=row[1],
            name=row[2],
            labels=_labels(row[3]),
            others=0 if row[3] is not None else row[4],
            instants=row[5],
            first_at=row[6],
            last_at=row[7],
            total=row[8],
            increase=row[9],
            rate=_rate(row[9], row[6], row[7]),
            peak_rate=row[10] * 1e6 if row[10] is not None else None,
            peak_at=row[11],
            resets=row[12],
            pointer=_pointer(row[13], files),
        )
        for row in tables.run(_COUNTERS)
    )


def distributions(tables: Tables, files: Mapping[int, str]) -> tuple[Distribution, ...]:
    """Histograms and summaries of every process."""
    return tuple(_distribution(row, files) for row in tables.run(_DISTRIBUTIONS))


def _distribution(row: Sequence[Any], files: Mapping[int, str]) -> Distribution:
    (component, server, name, key, instants, start, finish, count, grown, total, total_grown, *rest) = row
    buckets, quantiles, place, _ = rest
    since_start = not (instants > 1 and (grown or 0) > 0)
    which = "last" if since_start else "grown"
    values = (count if since_start else grown) or 0.0
    added = total if since_start else total_grown
    cumulated: list[Bucket] = monotonic([(item["le"], item[which]) for item in buckets or ()])
    given = {item["le"]: item["last"] for item in quantiles or ()}
    bounds = [bound for bound, _ in cumulated if math.isfinite(bound)]
    whole = cumulated[-1][1] if cumulated else 0.0
    inside = max((held for bound, held in cumulated if math.isfinite(bound)), default=0.0)
    return Distribution(
        name=name,
        component=component,
        server=server,
        labels=_labels(key),
        instants=instants,
        since_start=since_start,
        count=values,
        rate=_rate(grown or 0.0, start, finish),
        mean=added / values if values > 0 and added is not None else None,
        p50=quantile(cumulated, 0.5) if cumulated else given.get(0.5),
        p90=quantile(cumulated, 0.9) if cumulated else given.get(0.9),
        p99=quantile(cumulated, 0.99) if cumulated else given.get(0.99),
        last_bound=bounds[-1] if bounds else None,
        beyond=1 - inside / whole if whole > 0 else 0.0,
        pointer=_pointer(place, files),
    )


def monotonic(buckets: Sequence[Bucket]) -> list[Bucket]:
    """Cumulated counts that never fall: buckets scraped at unequal instants may."""
    found: list[Bucket] = []
    most = 0.0
    for bound, held in buckets:
        most = max(most, held)
        found.append((bound, most))
    return found


def quantile(buckets: Sequence[Bucket], share: float) -> float | None:
    """Quantile of a histogram, by straight lines within a bucket.

    Args:
        buckets: Upper bounds in order with cumulated counts; the last bound may be infinite.
        share: 0 to 1.

    Returns:
        The quantile; the largest finite bound where it lies above that; null without values.

    Reference:
        Prometheus ``promql/quantile.go``, bucketQuantile.

    >>> quantile([(1.0, 50.0), (2.0, 100.0), (float("inf"), 100.0)], 0.75)
    1.5
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    wanted = share * buckets[-1][1]
    for (low, below), (high, held) in pairwise([(0.0, 0.0), *buckets]):
        if held >= wanted and held > below:
            return low + (high - low) * (wanted - below) / (held - below) if math.isfinite(high) else low
    return None


def _labels(key: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    return {item["key"]: item["value"] for item in key or ()}


def _rate(increase: float, start: int | None, finish: int | None) -> float | None:
    """Growth a second; null where no time passed."""
    return (
        increase * 1e6 / (finish - start)
        if start is not None and finish is not None and finish > start
        else None
    )


def _pointer(place: Mapping[str, int | None] | None, files: Mapping[int, str]) -> Pointer | None:
    """Where a value stands; null if it stands in no file."""
    path = files.get(place["f"] if place and place["f"] is not None else -1)
    return Pointer(path, place["l"] or 1) if path and place else None
