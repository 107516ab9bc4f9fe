"""Arrivals, ends and sojourn times per class of request."""

from collections import defaultdict
from typing import Any

from snowpit.model.observation import ClassTraffic, RequestClass, Traffic
from snowpit.model.window import MICROS
from snowpit.observe.figures import pointers, quantile
from snowpit.observe.scope import Scope, request_class
from snowpit.store import Tables

TOP = 200

_CLASSES = f"""
CREATE OR REPLACE TEMP TABLE classes AS
WITH peaks AS (SELECT v, g, r, s, max(n) AS peak FROM
  (SELECT v, g, r, s, sec, sum(n) AS n FROM starts GROUP BY ALL) GROUP BY ALL)
SELECT v, g, r, s, bool_or(mut) AS mut, bool_or(long) AS long, CAST(sum(n) AS BIGINT) AS n,
  CAST(sum(held) AS BIGINT) AS held, CAST(any_value(peak) AS BIGINT) AS peak,
  arg_max(slowest, (high, earliest)) FILTER (outcome <> 'rejected') AS slowest,
  arg_min(earliest, earliest) FILTER (outcome NOT IN ('ok', 'open')) AS failing
FROM cells JOIN peaks USING (v, g, r, s) GROUP BY v, g, r, s ORDER BY held DESC, n DESC, v, g, r, s LIMIT {TOP}
"""


def traffic(tables: Tables, scope: Scope) -> Traffic:
    """Arrival rate, goodput, outcomes and sojourn times of everything, and of each class of request.

    Unit: attempts; attempts per second; seconds.

    Assumptions: an attempt is one row, retries included. A rate is over the whole window, at least one second.

    How computed: counts and sums by class; quantiles from logarithmic buckets of the sojourn time (± 2.2 %),
    of attempts that ended and were not rejected. Seat time of requests still open counts to the end of the window.

    Cannot see: what the audit policy leaves out; before Kubernetes 1.20 the time spent on authentication.
    Sojourn times are null where the evidence carries none.
    """
    tables.run(_CLASSES)
    rows = tables.run("SELECT * FROM classes ORDER BY held DESC, n DESC, v, g, r, s")
    outcomes = _outcomes(tables)
    times = _sojourns(tables) if scope.timed else {}
    kinds: dict[bool, int] = dict(tables.run("SELECT mut, CAST(sum(held) AS BIGINT) FROM cells GROUP BY mut"))
    classes = tuple(
        _class(scope, row, outcomes=outcomes[request_class(row)], times=times, kinds=kinds) for row in rows
    )
    total: dict[str, int] = dict(
        tables.run("SELECT outcome, CAST(sum(n) AS BIGINT) FROM cells GROUP BY outcome ORDER BY outcome")
    )
    active = tables.run(
        "SELECT count(*) FROM (SELECT sec FROM starts UNION SELECT sec FROM ends WHERE outcome <> 'open')"
    )[0][0]
    return Traffic(
        attempts=scope.attempts,
        outcomes=total,
        arrival_rate=scope.attempts / scope.seconds,
        goodput=total.get("ok", 0) / scope.seconds,
        classes=classes,
        others=scope.attempts - sum(item.attempts for item in classes),
        active_seconds=active,
    )


def _outcomes(tables: Tables) -> dict[RequestClass, dict[str, int]]:
    """Attempts by outcome for each listed class."""
    found: dict[RequestClass, dict[str, int]] = defaultdict(dict)
    for row in tables.run(
        "SELECT v, g, r, s, outcome, CAST(sum(cells.n) AS BIGINT) FROM cells SEMI JOIN classes"
        " USING (v, g, r, s) GROUP BY v, g, r, s, outcome ORDER BY outcome"
    ):
        found[request_class(row)][row[4]] = row[5]
    return found


def _sojourns(tables: Tables) -> dict[RequestClass, tuple[dict[int, int], int, int]]:
    """Bucket counts, shortest and longest (µs) for each listed class."""
    found: dict[RequestClass, tuple[dict[int, int], int, int]] = {}
    for row in tables.run(
        "SELECT v, g, r, s, bucket, CAST(sum(cells.n) AS BIGINT), min(low), max(high) FROM cells SEMI JOIN classes"
        " USING (v, g, r, s) WHERE bucket IS NOT NULL AND outcome <> 'rejected' GROUP BY v, g, r, s, bucket"
    ):
        counts, low, high = found.get(request_class(row), ({}, row[6], row[7]))
        counts[row[4]] = row[5]
        found[request_class(row)] = (counts, min(low, row[6]), max(high, row[7]))
    return found


def _class(
    scope: Scope,
    row: tuple[Any, ...],
    *,
    outcomes: dict[str, int],
    times: dict[RequestClass, tuple[dict[int, int], int, int]],
    kinds: dict[bool, int],
) -> ClassTraffic:
    """One class from its row of ``classes``."""
    key = request_class(row)
    mutating, long_running, attempts, held, peak, slowest, failing = row[4:]
    counts, low, high = times.get(key, ({}, 0, 0))
    p50, p90, p99 = (quantile(counts, share, low=low, high=high) for share in (0.5, 0.9, 0.99))
    return ClassTraffic(
        key=key,
        mutating=mutating,
        long_running=long_running,
        attempts=attempts,
        outcomes=outcomes,
        arrival_rate=attempts / scope.seconds,
        peak_rate=peak,
        held_s=held / MICROS,
        held_share=held / kinds[mutating] if kinds.get(mutating) else 0.0,
        p50_s=p50,
        p90_s=p90,
        p99_s=p99,
        max_s=high / MICROS if counts else None,
        samples=pointers(scope, (slowest, failing)),
    )
