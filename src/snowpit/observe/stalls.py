"""Stalls of the whole server: every request slow at once, then a burst of completions."""

from collections import defaultdict

from snowpit.model.observation import RequestClass, Stall
from snowpit.model.window import MICROS, Window
from snowpit.observe.figures import quantile
from snowpit.observe.scope import Scope, request_class
from snowpit.store import Tables

LEAST_ATTEMPTS = 5
LEAST_S = 0.5
TIMES = 5.0
SHARE = 0.7
CANDIDATES = 20
STALLS = 5

_BURSTS = f"""
SELECT sec, CAST(sum(n) AS BIGINT) AS n, CAST(coalesce(sum(n) FILTER (slow), 0) AS BIGINT) AS late FROM ends
WHERE NOT long AND outcome NOT IN ('open', 'rejected', 'unauthorized') AND srv = ? GROUP BY sec
HAVING late >= {LEAST_ATTEMPTS} ORDER BY late DESC, sec LIMIT {CANDIDATES}
"""

_STRETCH = """
SELECT v, g, r, s, bucket, count(*) FROM base
WHERE received >= ? AND received < ? AND ended >= ? AND NOT long AND srv = ? AND bucket IS NOT NULL
  AND outcome NOT IN ('open', 'rejected', 'unauthorized') GROUP BY v, g, r, s, bucket
"""


def stalls(tables: Tables, scope: Scope) -> tuple[Stall, ...]:
    """Stretches in which nearly every class of request was slow at once and then ended in a burst.

    Unit: seconds; classes; completions.

    Assumptions: what stops the whole server (its database, its processor, its network) slows every class, while
    a slow webhook or a limiter slows some.

    How computed: for the seconds in which most slow requests (over 1 s) ended, the stretch from the tenth percentile
    of their arrivals to that second; for each class with at least five attempts that arrived in it, the median
    sojourn time against the class's usual one. A stall is found if at least two classes, and 70 % of them,
    took five times as long and over 0.5 s, and the burst is at least three times the usual completions a second.

    Cannot see: a stall that never ends within the evidence; one that lets less than two classes through.
    """
    if not scope.timed:
        return ()
    usual_rate = float(
        tables.run(
            "SELECT coalesce(quantile_disc(n, 0.5), 0) FROM (SELECT sum(n) AS n FROM ends WHERE NOT long AND srv = ?"
            " AND outcome NOT IN ('open', 'rejected', 'unauthorized') GROUP BY sec USING SAMPLE reservoir(20000 ROWS) REPEATABLE (1))",
            [scope.server],
        )[0][0]
    )
    usual = _usual(tables)
    found: list[Stall] = []
    for second, burst, _ in tables.run(_BURSTS, [scope.server]):
        if burst < 3 * usual_rate or any(
            item.window.start <= second * MICROS <= item.window.end for item in found
        ):
            continue
        stall = _stall(tables, scope, second, burst=burst, usual=usual, usual_rate=usual_rate)
        if stall is not None:
            found.append(stall)
    return tuple(sorted(found, key=lambda item: item.window)[:STALLS])


def _usual(tables: Tables) -> dict[RequestClass, float]:
    """Lower quartile of the sojourn time of each class over the whole window, in seconds."""
    counts: dict[RequestClass, dict[int, int]] = defaultdict(dict)
    for row in tables.run(
        "SELECT v, g, r, s, bucket, CAST(sum(n) AS BIGINT) FROM cells WHERE bucket IS NOT NULL AND NOT long"
        " AND outcome NOT IN ('open', 'rejected', 'unauthorized') GROUP BY v, g, r, s, bucket LIMIT 200000"
    ):
        counts[request_class(row)][row[4]] = row[5]
    return {key: quantile(values, 0.25, low=0, high=1 << 62) or 0.0 for key, values in counts.items()}


def _stall(
    tables: Tables,
    scope: Scope,
    second: int,
    *,
    burst: int,
    usual: dict[RequestClass, float],
    usual_rate: float,
) -> Stall | None:
    """The stall that ends with a burst in one second; null if that is none."""
    end = second * MICROS
    start, waiting = tables.run(
        "SELECT CAST(approx_quantile(received, 0.1) AS BIGINT), count(*) FROM base WHERE ended >= ? AND ended < ? AND"
        " ended - received > 1000000 AND outcome <> 'open' AND NOT long AND srv = ?",
        [end, end + MICROS, scope.server],
    )[0]
    if start is None:
        return None
    counts: dict[RequestClass, dict[int, int]] = defaultdict(dict)
    for row in tables.run(_STRETCH, [start, end, start, scope.server]):
        counts[request_class(row)][row[4]] = row[5]
    seen = {key: values for key, values in counts.items() if sum(values.values()) >= LEAST_ATTEMPTS}
    slow = [
        key
        for key, values in seen.items()
        if (quantile(values, 0.5, low=0, high=1 << 62) or 0.0) > max(LEAST_S, TIMES * usual.get(key, 0.0))
    ]
    if len(slow) < 2 or len(slow) < SHARE * len(seen):  # noqa: PLR2004
        return None
    return Stall(
        window=Window(start, end),
        classes=len(seen),
        slow_classes=len(slow),
        waiting=waiting,
        burst=burst,
        usual=usual_rate,
    )
