"""Who asks for what while all is well: classes of requests, ServiceAccounts, rounds of reviews."""

import math
from collections import Counter
from collections.abc import Sequence

from snowpit.model.observation.demand import Asking, Rounds, Spread
from snowpit.model.window import MICROS, Window
from snowpit.observe.figures import median
from snowpit.store import Tables

CLASSES = 200
TOKENS = 10_000
PERIODS_S = (300.0, 120.0, 60.0, 30.0, 15.0, 10.0)
"""Periods of scrapers that occur, longest first."""

ROUND = 0.8
"""Mean resultant length from which arrivals come in rounds."""

LEAST_ROUNDS = 3
ONE_ROUND = 0.6
MOST_REVIEWS = 200_000
_LEAST_ASKS = 10

_IN = "received >= {start} AND received < {end}"

_QUARTILES = "quantile_cont(latency, [0.25, 0.5, 0.75]) FILTER (outcome = 'ok' AND finished > received), count(*) FILTER (outcome = 'ok' AND finished > received)"

_ASKING = f"""
SELECT client_kind, verb, coalesce("group", ''), coalesce(resource, ''), coalesce(subresource, ''),
  coalesce(mode(namespace), ''), coalesce(mode("user"), ''), coalesce(mode(groups), ''), coalesce(mode(user_agent), ''),
  count(*), count(DISTINCT "user"), count(DISTINCT hash("user", source, user_agent)), count(DISTINCT source), {_QUARTILES}
FROM requests WHERE {_IN} AND client_kind NOT IN ('loopback', 'anonymous') AND verb IS NOT NULL
GROUP BY ALL ORDER BY 10 DESC, 1, 2, 3, 4, 5 LIMIT {CLASSES}
"""

_TOKENS = f"""
SELECT count(*) AS n FROM requests WHERE {_IN} AND client_kind = 'serviceaccount' GROUP BY "user" ORDER BY n DESC LIMIT {TOKENS}
"""

_CALLERS = f"""
SELECT count(DISTINCT hash("user", source, user_agent)), count(DISTINCT source) FROM requests
WHERE {_IN} AND client_kind = 'serviceaccount'
"""

_GAPS = f"""
SELECT median(cv) FROM (
  SELECT stddev_samp(gap) / avg(gap) AS cv FROM (
    SELECT hash("user", source, user_agent) AS caller,
      received - lag(received) OVER (PARTITION BY hash("user", source, user_agent) ORDER BY received) AS gap
    FROM requests WHERE {_IN} AND client_kind = 'serviceaccount')
  WHERE gap IS NOT NULL GROUP BY caller HAVING count(*) >= {_LEAST_ASKS} AND avg(gap) > 0)
"""

_REVIEWS = f"""
SELECT received, node FROM requests WHERE {_IN} AND client_kind = 'node' AND resource = 'tokenreviews' AND verb = 'create'
ORDER BY received LIMIT {MOST_REVIEWS}
"""

_REVIEWED = f"""
SELECT {_QUARTILES} FROM requests WHERE {_IN} AND client_kind = 'node' AND verb = 'create' AND resource = '{{resource}}'
"""

_SUBJECT = f"""
SELECT subject FROM requests WHERE {_IN} AND client_kind = 'node' AND resource = 'tokenreviews' AND subject <> ''
GROUP BY subject ORDER BY count(*) DESC, subject LIMIT 1
"""


def asking(tables: Tables, calm: Window) -> tuple[Asking, ...]:
    """Classes of requests by kind of client, most attempts first; the server's own and refused logins left out."""
    rows = tables.run(_ASKING.format(start=calm.start, end=calm.end))
    return tuple(
        Asking(
            kind=row[0],
            verb=row[1],
            group=row[2],
            resource=row[3],
            subresource=row[4],
            namespace=row[5],
            user=row[6],
            groups=row[7],
            user_agent=row[8],
            attempts=row[9],
            users=row[10],
            callers=row[11],
            sources=row[12],
            sojourn=spread(row[13], row[14]),
        )
        for row in rows
    )


def spread(quartiles: Sequence[float] | None, measured: int) -> Spread | None:
    """Quartiles in µs as seconds; null without any."""
    if not quartiles or not measured:
        return None
    low, middle, high = (value / MICROS for value in quartiles)
    return Spread(low, middle, high, measured)


def tokens(tables: Tables, calm: Window) -> tuple[int, ...]:
    """Requests of each ServiceAccount, most first."""
    return tuple(row[0] for row in tables.run(_TOKENS.format(start=calm.start, end=calm.end)))


def callers(tables: Tables, calm: Window) -> tuple[int, int]:
    """Distinct (user, address, user agent) of ServiceAccounts, and distinct addresses."""
    found = tables.run(_CALLERS.format(start=calm.start, end=calm.end))[0]
    return int(found[0]), int(found[1])


def gap_cv(tables: Tables, calm: Window) -> float | None:
    """How irregular callers with ServiceAccounts ask: 0 like a clock, 1 by chance; null if none asked often enough."""
    found = tables.run(_GAPS.format(start=calm.start, end=calm.end))[0][0]
    return None if found is None else float(found)


def rounds(tables: Tables, calm: Window) -> Rounds | None:
    """Reviews that kubelets ask for, and whether they come in rounds; null without any.

    Unit: seconds.

    How computed: arrivals on a circle of each period that scrapers have; the longest period whose mean resultant length is
    above 0.8 is taken. A kubelet keeps a review for two minutes, so that it asks in every second or third round only.

    Cannot see: a period of which all kubelets use the same few rounds looks like its multiple.
    """
    span = {"start": calm.start, "end": calm.end}
    rows = tables.run(_REVIEWS.format(**span))
    if not rows:
        return None
    arrivals = [(received - calm.start) / MICROS for received, _ in rows]
    period, strength = _period(arrivals)
    offset, within = _arc(arrivals, period) if period else (0.0, 0.0)
    subject = tables.run(_SUBJECT.format(**span))
    return Rounds(
        nodes=len({node for _, node in rows}),
        reviews=len(rows),
        gap=_gap(rows),
        period_s=period,
        concentration=strength,
        within_s=within,
        first_at=offset,
        review=_reviewed(tables, calm, "tokenreviews"),
        access=_reviewed(tables, calm, "subjectaccessreviews"),
        subject=subject[0][0] if subject else "",
    )


def _reviewed(tables: Tables, calm: Window, resource: str) -> Spread | None:
    quartiles, measured = tables.run(
        _REVIEWED.format(start=calm.start, end=calm.end, resource=resource).replace(
            "outcome = 'ok'", "outcome = 'ok' AND code IN (200, 201)"
        )
    )[0]
    return spread(quartiles, measured)


def _gap(rows: Sequence[tuple[int, str]]) -> Spread | None:
    """Time between two reviews of one kubelet; tries that follow within seconds are one."""
    last: dict[str, int] = {}
    gaps = []
    for received, node in rows:
        if node in last and received - last[node] > _LEAST_ASKS * MICROS:
            gaps.append((received - last[node]) / MICROS)
        last[node] = received
    if not gaps:
        return None
    ordered = sorted(gaps)
    size = len(ordered)
    return Spread(ordered[size // 4], median(ordered), ordered[(3 * size) // 4], size)


def _period(arrivals: Sequence[float]) -> tuple[float | None, float]:
    """The longest period in which arrivals come in rounds, with their concentration; null if none."""
    span = arrivals[-1] - arrivals[0] if arrivals else 0.0
    best = 0.0
    for period in PERIODS_S:
        if span < LEAST_ROUNDS * period or not _recurs(arrivals, period):
            continue
        strength = _resultant(arrivals, period)
        if strength > ROUND:
            return period, strength
        best = max(best, strength)
    return None, best


def _recurs(arrivals: Sequence[float], period: float) -> bool:
    """Whether arrivals fall into several rounds, none of which has most of them: one burst is no rhythm."""
    by_round = Counter(int(at // period) for at in arrivals)
    return len(by_round) >= LEAST_ROUNDS and max(by_round.values()) <= ONE_ROUND * len(arrivals)


def _resultant(arrivals: Sequence[float], period: float) -> float:
    turns = [2.0 * math.pi * at / period for at in arrivals]
    return math.hypot(sum(map(math.cos, turns)), sum(map(math.sin, turns))) / len(turns)


def _arc(arrivals: Sequence[float], period: float) -> tuple[float, float]:
    """Where in the period a round begins, and the shortest arc that holds 95 % of the arrivals."""
    places = sorted(at % period for at in arrivals)
    inside = max(1, math.ceil(0.95 * len(places)))
    around = [*places, *(place + period for place in places)]
    arcs = [(around[start + inside - 1] - around[start], places[start]) for start in range(len(places))]
    width, begin = min(arcs)
    return begin, width
