"""Who held the in-flight seats, how many, and whether they met a ceiling."""

from typing import Any

from snowpit.model.observation import Holder, SeatKind, Seats
from snowpit.model.window import MICROS
from snowpit.observe.ceiling import Ceiling, ceiling
from snowpit.observe.scope import Scope, request_class
from snowpit.store import Tables

HOLDERS = 30

_FLOW = """
CREATE OR REPLACE TEMP TABLE flow AS
WITH marks AS (
  SELECT mut, sec, sum(n) AS n, sum(t) AS t FROM (
    SELECT mut, sec, n, n * 1000000 - rest AS t FROM starts WHERE holder AND srv = ?
    UNION ALL SELECT mut, sec, -n, -(n * 1000000 - rest) FROM ends WHERE holder AND srv = ?)
  GROUP BY mut, sec),
levels AS (
  SELECT mut, sec, t, sum(n) OVER (PARTITION BY mut ORDER BY sec) AS after, n,
    lead(sec) OVER (PARTITION BY mut ORDER BY sec) AS next FROM marks)
SELECT mut, sec, CAST((after - n) * 1000000 + t AS BIGINT) AS held, 1 AS seconds FROM levels
UNION ALL
SELECT mut, sec + 1, CAST(after * 1000000 AS BIGINT), next - sec - 1 FROM levels WHERE next > sec + 1 AND after > 0
"""

_HOLDERS = """
SELECT v, g, r, s, CASE WHEN named_node THEN 'system:node:*' ELSE coalesce(value, '') END AS client,
  greatest(1, count(DISTINCT id) FILTER (named_node)) AS clients, CAST(sum(total) AS BIGINT) AS held,
  CAST(sum(n) AS BIGINT) AS n, mut
FROM users JOIN sorts USING (sort) LEFT JOIN names USING (id) WHERE holder AND srv = ?
GROUP BY v, g, r, s, client, mut
QUALIFY row_number() OVER (PARTITION BY mut ORDER BY held DESC, v, g, r, s, client) <= {limit}
ORDER BY mut, held DESC, v, g, r, s, client
"""


def seats(tables: Tables, scope: Scope) -> Seats:
    """In-flight seats held: by whom, at most how many, and whether there was a flat top.

    Unit: seats; seconds of seat time; shares of the seat time of the kind.

    Assumptions: a request holds one seat of its kind (mutating: every verb but get, list, watch) from arrival to
    end. None is held by long-running requests, by refused ones (429, 401), by ``system:masters`` (they pass a
    full gate) and by the server itself; such clients may use a free read-only seat, which is left out here.
    Of several API servers the busiest is shown, as each has seats of its own.

    How computed: mean seats of each second from sums of arrivals and ends; the largest number at one instant from
    the intervals themselves within 10 s of the busiest second; a plateau as :mod:`snowpit.observe.ceiling` says.

    Cannot see: limits of priority and fairness levels; before 1.20 requests that wait in authentication (they hold
    no seat then, nor do they show). Handlers that go on after the answer of the 60 s time-out keep their seat unseen.

    Source: Kubernetes 1.12.0 ``staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go``.
    """
    tables.run(_FLOW, [scope.server, scope.server])
    holders = tables.run(_HOLDERS.format(limit=HOLDERS), [scope.server])
    return Seats(
        mutating=_kind(tables, scope, holders, mutating=True),
        readonly=_kind(tables, scope, holders, mutating=False),
        server=scope.server,
        servers=scope.servers,
    )


def _kind(tables: Tables, scope: Scope, holders: list[tuple[Any, ...]], *, mutating: bool) -> SeatKind:
    """Seats of one kind."""
    held, active, busiest = tables.run(
        "SELECT coalesce(sum(held * seconds), 0), count(*), arg_max(sec, (held, -sec)) FROM flow WHERE mut = ?",
        [mutating],
    )[0]
    held_us = max(int(held), 0)
    top = ceiling(tables, scope, mutating=mutating, busiest=busiest)
    rejected, full = _rejected(tables, scope, top, mutating=mutating)
    return SeatKind(
        kind="mutating" if mutating else "readonly",
        held_s=held_us / MICROS,
        mean=held_us / MICROS / _active(tables, mutating=mutating) if active else 0.0,
        peak=top.peak,
        peak_at=top.peak_at,
        plateau=top.plateau,
        plateau_share=top.share,
        plateau_s=top.seconds,
        plateau_window=top.window,
        rejected=rejected,
        rejected_on_plateau=full / rejected if rejected else 0.0,
        holders=tuple(_holder(row, held_us) for row in holders if row[8] is mutating),
    )


def _active(tables: Tables, *, mutating: bool) -> int:
    """Seconds in which any seat of that kind was held; at least one."""
    return max(
        1,
        int(
            tables.run("SELECT coalesce(sum(seconds), 0) FROM flow WHERE mut = ? AND held > 0", [mutating])[
                0
            ][0]
        ),
    )


def _holder(row: tuple[Any, ...], held_us: int) -> Holder:
    """One holder from its row."""
    return Holder(
        key=request_class(row),
        client=row[4],
        clients=row[5] if row[4] == "system:node:*" else 1,
        held_s=row[6] / MICROS,
        share=row[6] / held_us if held_us else 0.0,
        attempts=row[7],
    )


def _rejected(tables: Tables, scope: Scope, top: Ceiling, *, mutating: bool) -> tuple[int, int]:
    """Attempts answered 429, and those of them that arrived in a second with nearly all seats held.

    A second counts if its mean, or that of the next one, lies within 5 % of the ceiling: a burst fills the seats
    in milliseconds, so that the mean of its first second is already high, but that of a late start is not.
    """
    level = (top.plateau or top.peak) * 950_000
    total, full = tables.run(
        "SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (EXISTS (SELECT 1 FROM flow WHERE flow.mut = ?"
        " AND flow.held >= ? AND flow.sec + flow.seconds > starts.sec AND flow.sec <= starts.sec + 1)), 0)"
        " FROM starts WHERE rejected AND mut = ? AND srv = ?",
        [mutating, max(level, 1), mutating, scope.server],
    )[0]
    return int(total), int(full)
