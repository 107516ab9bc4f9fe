"""The largest number of seats held at once, and whether the seats met a ceiling.

A gate with L seats under pressure holds exactly L, again and again, and never
more; free traffic wanders around its mean by the square root of it. So the
level is told from the exact number of seats over the busiest stretch: where
the requests arrive at a ceiling, a large part of that time is spent within a
narrow band and next to nothing above it. How much of the window lies at that
level is then counted from the mean of every second, which alone could not
tell: averaging over a second flattens free traffic of short requests too.
"""

import math
from typing import Any, NamedTuple

from snowpit.model.window import MICROS, Window
from snowpit.observe.scope import Scope
from snowpit.store import Tables

REACH_S = 10
"""Seconds before and after the busiest one over which seats are counted exactly."""

MARKS = 400_000
"""Arrivals and ends that are counted exactly; a busier stretch is made shorter."""

FEW = 50_000
"""Holders in the window up to which seats are counted exactly all over it."""

LEAST = 10
"""A flat top below this many seats is no evidence of a limit."""

_EXACT = """
WITH marks AS (
  SELECT greatest(received, {low}) AS t, 1 AS n FROM base
  WHERE holder AND mut = {mut} AND srv = ? AND received < {high} AND ended > greatest(received, {low})
  UNION ALL SELECT ended, -1 FROM base
  WHERE holder AND mut = {mut} AND srv = ? AND received < {high} AND ended < {high} AND ended > greatest(received, {low})),
moments AS (SELECT t, sum(n) AS n FROM marks GROUP BY t),
levels AS (SELECT t, sum(n) OVER (ORDER BY t) AS level, coalesce(lead(t) OVER (ORDER BY t), {high}) - t AS lasted
  FROM moments)
SELECT CAST(level AS BIGINT), CAST(sum(lasted) AS BIGINT), min(t) FROM levels GROUP BY level ORDER BY level
"""


class Ceiling(NamedTuple):
    """Peak and plateau of one kind of seats; see ``SeatKind``."""

    peak: int
    peak_at: int | None
    plateau: int | None = None
    share: float = 0.0
    seconds: int = 0
    window: Window | None = None


def ceiling(tables: Tables, scope: Scope, *, mutating: bool, busiest: int | None) -> Ceiling:
    """Peak and plateau of one kind of seats.

    Args:
        tables: Tables with ``flow`` (see ``seats``).
        scope: What is looked at.
        mutating: Which kind.
        busiest: The second with the most seats held, since the epoch; null if none ever was.
    """
    if busiest is None:
        return Ceiling(0, None)
    levels = _levels(tables, scope, mutating=mutating, busiest=busiest)
    if not levels:
        return Ceiling(0, None)
    peak, _, peak_at = levels[-1]
    level = flat_top({row[0]: row[1] for row in levels})
    if level is None:
        return Ceiling(peak, peak_at)
    return _spent(tables, Ceiling(peak, peak_at, level), mutating=mutating)


def _levels(tables: Tables, scope: Scope, *, mutating: bool, busiest: int) -> list[tuple[Any, ...]]:
    """(seats, µs spent with so many, first such instant): over the whole window if small, else around the busiest second."""
    total, nearby = tables.run(
        "SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (sec BETWEEN ? AND ?), 0) FROM starts"
        " WHERE holder AND mut = ? AND srv = ?",
        [busiest - REACH_S, busiest + REACH_S, mutating, scope.server],
    )[0]
    reach = REACH_S if nearby <= MARKS else 0
    whole = total <= FEW
    query = _EXACT.format(
        low=scope.window.start if whole else (busiest - reach) * MICROS,
        high=scope.window.end if whole else min((busiest + reach + 1) * MICROS, scope.window.end),
        mut="true" if mutating else "false",
    )
    return tables.run(query, [scope.server, scope.server])


def flat_top(spent: dict[int, int]) -> int | None:
    """Height of a flat top in the time spent at each number of seats.

    Args:
        spent: µs by number of seats held.

    Returns:
        The most frequent number L of at least ten seats, if a band of 2 % (and of half a standard deviation of
        free traffic at most) around it holds half of the time with more than half of the peak, or a quarter and
        next to nothing lies above, for at least half a second; else null.
    """
    peak = max(spent)
    busy = {level: time for level, time in spent.items() if level * 2 > peak}
    total = sum(busy.values())
    if not total:
        return None
    level = max(busy, key=lambda item: (busy[item], item))
    band = min(max(0.02 * level, 1.0), max(1.0, 0.5 * math.sqrt(level)))
    inside = sum(time for item, time in busy.items() if abs(item - level) <= band)
    above = sum(time for item, time in busy.items() if item > level + band)
    flat = inside >= total / 2 or (inside >= total / 4 and above <= 0.03 * total)
    return level if flat and level >= LEAST and inside >= MICROS // 2 else None


def _spent(tables: Tables, top: Ceiling, *, mutating: bool) -> Ceiling:
    """How long the seats stayed at the level, from the mean of each second."""
    level = top.plateau or 0
    low, high = level * 980_000, level * 1_020_000
    busy, at, first, last = tables.run(
        "SELECT coalesce(sum(seconds) FILTER (held > ?), 0), coalesce(sum(seconds) FILTER (held BETWEEN ? AND ?), 0),"
        " min(sec) FILTER (held BETWEEN ? AND ?), max(sec + seconds) FILTER (held BETWEEN ? AND ?)"
        " FROM flow WHERE mut = ?",
        [top.peak * 500_000, low, high, low, high, low, high, mutating],
    )[0]
    window = Window(first * MICROS, last * MICROS) if at else None
    return top._replace(share=float(at / busy) if busy else 0.0, seconds=int(at), window=window)
