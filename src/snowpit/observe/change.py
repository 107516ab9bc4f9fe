"""Where the trouble starts: the best split of a series in two."""

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
    """A split of a series: index of the first value after it, means, share of the variance that it explains."""

    index: int
    before: float
    after: float
    explained: float


def change(tables: Tables, scope: Scope) -> ChangePoint:
    """The instant at which one of the main series rises and stays up.

    Unit: µs since the epoch; per second, or seats.

    Assumptions: there is one change for the worse; before and after it the series is level, but for noise.

    How computed: for seats held, rejections, time-outs and arrivals per bin, the split in two that leaves the
    least squared deviation. It counts if it explains 40 % of the variance, the mean grows by half at least, by
    four standard errors, and by more than one per second. The series explained best is named.

    Cannot see: slow growth; trouble from the first second on; several changes (the largest step wins).
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
    at = line.start + int(split.index * line.step_s) * MICROS
    scale = 1.0 if name.startswith("held") else line.step_s
    return ChangePoint(
        at=at,
        what=name,
        before=split.before / scale,
        after=split.after / scale,
        first_class=_grown(tables, scope, at // MICROS),
    )


def best_split(values: Sequence[float]) -> Split | None:
    """The split of a series in two after which it is higher, clearly beyond its noise; null if there is none."""
    size = len(values)
    if size < 2 * LEAST_BINS:
        return None
    total = math.fsum(values)
    squares = math.fsum(value * value for value in values)
    whole = squares - total * total / size
    best, gain, left = 0, 0.0, 0.0
    for index in range(1, size):
        left += values[index - 1]
        if LEAST_BINS <= index <= size - LEAST_BINS:
            between = left * left / index + (total - left) ** 2 / (size - index) - total * total / size
            best, gain = (index, between) if between > gain else (best, gain)
    if not best or whole <= 0:
        return None
    before = math.fsum(values[:best]) / best
    after = math.fsum(values[best:]) / (size - best)
    noise = math.sqrt(max(0.0, whole - gain) / size * (1 / best + 1 / (size - best)))
    clear = gain >= EXPLAINED * whole and after - before > max(1.0, 4 * noise) and after >= GROWTH * before
    return Split(best, before, after, gain / whole) if clear else None


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
