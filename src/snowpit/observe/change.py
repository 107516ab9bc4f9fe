"""Where the trouble starts: the stretch of a series that stands out most."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from snowpit.model.observation import ChangePoint, RequestClass
from snowpit.model.window import MICROS
from snowpit.observe.scope import Scope
from snowpit.observe.timeline import timeline
from snowpit.store import Tables

SERIES = ("held_mutating", "held_readonly", "rejected", "timed_out", "arrived")
LEAST_BINS = 5
EXPLAINED = 0.4
GROWTH = 1.5
NOTHING = ChangePoint(at=None, what="", before=0.0, after=0.0, first_class="")


class Split(NamedTuple):
    """A raised stretch: index of its first value, means outside and in it, share of the variance that it explains."""

    at: int
    before: float
    after: float
    explained: float


def change(tables: Tables, scope: Scope) -> ChangePoint:
    """The instant at which one of the main series rises, to stay up or to fall again later.

    Unit: µs since the epoch; per second, or seats.

    Assumptions: there is one stretch of trouble; in it and outside of it the series is level, but for noise.

    How computed: for seats held, rejections, time-outs and arrivals per bin, the stretch with the largest sum of
    deviations from the mean. It counts if it explains 40 % of the variance, the mean is higher by half at least, by
    four standard errors, and by more than one per second. The series explained best is named; ``before`` is the
    mean outside of the stretch, ``after`` that in it.

    Cannot see: slow growth; trouble from the first seconds on; several changes (the largest wins).
    """
    line = timeline(tables, scope)
    best: tuple[Split, str] | None = None
    for name in SERIES:
        values = line.series[name]
        split = best_split(values)
        if split and (best is None or split.explained > best[0].explained):
            best = (split, name)
    if best is None:
        return NOTHING
    split, name = best
    at = line.start + int(split.at * line.step_s) * MICROS
    scale = 1.0 if name.startswith("held") else line.step_s
    return ChangePoint(
        at=at,
        what=name,
        before=split.before / scale,
        after=split.after / scale,
        first_class=_grown(tables, scope, at // MICROS),
    )


def best_split(values: Sequence[float]) -> Split | None:
    """The stretch of a series that is higher than the rest, clearly beyond its noise; null if there is none.

    The stretch has the largest sum of deviations from the mean (Levin and Kline, Statistics in Medicine 4, 1985:
    the epidemic alternative), found in one pass; a series that rises and stays up is the case in which it
    reaches to the end. It may not start with the series: then nothing is known of the time before.
    """
    size = len(values)
    if size < 2 * LEAST_BINS:
        return None
    mean = math.fsum(values) / size
    start, end = _largest([value - mean for value in values])
    inside, outside = end - start, size - (end - start)
    if start < LEAST_BINS or inside < LEAST_BINS:
        return None
    whole = math.fsum((value - mean) ** 2 for value in values)
    after = math.fsum(values[start:end]) / inside
    before = (mean * size - after * inside) / outside
    gain = inside * (after - mean) ** 2 + outside * (before - mean) ** 2
    if whole <= 0:
        return None
    noise = math.sqrt(max(0.0, whole - gain) / size * (1 / inside + 1 / outside))
    clear = gain >= EXPLAINED * whole and after - before > max(1.0, 4 * noise) and after >= GROWTH * before
    return Split(start, max(before, 0.0), after, gain / whole) if clear else None


def _largest(values: Sequence[float]) -> tuple[int, int]:
    """First and one past the last place of the stretch with the largest sum."""
    best, place = -math.inf, (0, 0)
    total, start = 0.0, 0
    for index, value in enumerate(values):
        if total <= 0:
            total, start = 0.0, index
        total += value
        if total > best:
            best, place = total, (start, index + 1)
    return place


def _grown(tables: Tables, scope: Scope, second: int) -> str:
    """The class whose arrivals per second grew most across a second, in words."""
    before = max(1, second - scope.first_second)
    after = max(1, scope.last_second + 1 - second)
    rows = tables.run(
        "SELECT v, g, r, s, coalesce(sum(n) FILTER (sec >= ?), 0) / ? - coalesce(sum(n) FILTER (sec < ?), 0) / ? AS d"
        " FROM starts GROUP BY v, g, r, s ORDER BY d DESC, v, g, r, s LIMIT 1",
        [second, after, second, before],
    )
    return str(RequestClass(*rows[0][:4])) if rows and rows[0][4] > 0 else ""
