"""Demand for look-ups over the time that a miss takes, and where it crosses the capacity of the limiter."""

from math import inf

from snowpit.forecast.askers import Asker, Cache

SHORTEST_S, LONGEST_S, POINTS = 0.02, 7200.0, 80
"""Waits over which demand is looked at; a bad state beyond the longest diverges."""

SLOW_S = 1.0
"""Waits up to which a queue is no failure, as in ``observe.outcome``."""

HALVINGS = 60


def total(found: tuple[Asker, ...], wait: float, cache: Cache) -> float:
    """Look-ups per second of all askers together when a miss takes ``wait`` seconds."""
    return sum(asker.lookups_per_s(wait, cache) for asker in found)


def over_waits(found: tuple[Asker, ...], cache: Cache) -> tuple[tuple[float, float], ...]:
    """Demand over waits, those included at which patience ends and the laws jump."""
    step = (LONGEST_S / SHORTEST_S) ** (1.0 / (POINTS - 1))
    steps = {asker.patience_s for asker in found if asker.patience_s < LONGEST_S}
    waits = sorted({0.0, *steps, *(SHORTEST_S * step**place for place in range(POINTS))})
    return tuple((wait, total(found, wait, cache)) for wait in waits)


def crossings(
    found: tuple[Asker, ...], cache: Cache, curve: tuple[tuple[float, float], ...], *, rate: float
) -> tuple[float | None, float | None]:
    """Where demand crosses the capacity upwards, and after that back down; infinite if it stays above.

    Clients that wait for each answer may ask for more than the capacity at no wait at all and less at a short one: that
    is a short queue and no overload.
    """
    well = next((place for place, (_, value) in enumerate(curve) if value < rate), len(curve))
    if not curve or (well and (well == len(curve) or curve[well][0] > SLOW_S)):
        return (0.0, inf) if curve else (None, None)
    above = [place for place in range(well, len(curve)) if curve[place][1] >= rate]
    if not above:
        return None, None
    first, last = above[0], above[-1]
    unstable = _root(found, cache, curve[first - 1][0], curve[first][0], rate=rate)
    if last == len(curve) - 1:
        return unstable, inf
    return unstable, _root(found, cache, curve[last + 1][0], curve[last][0], rate=rate)


def _root(found: tuple[Asker, ...], cache: Cache, below: float, above: float, *, rate: float) -> float:
    """Wait between one with less and one with more demand than the capacity."""
    for _ in range(HALVINGS):
        middle = (below + above) / 2.0
        if total(found, middle, cache) < rate:
            below = middle
        else:
            above = middle
    return above
