"""Priority levels: how the seats of a server are divided by shares, and lent from level to level.

Server total = --max-requests-inflight + --max-mutating-requests-inflight. Nominal
seats of a level = total * shares / sum of shares, rounded up, so that their sum may
exceed the total a little. From 1.26 a level lends part of its nominal seats; every
10 s the current limits are set anew from demand. Requests of an exempt level are
never limited; from 1.28 such a level can lend seats too.

Sources: kubernetes/apiserver pkg/apis/flowcontrol/bootstrap/default.go 1.18 to 1.36,
pkg/util/flowcontrol/apf_controller.go and conc_alloc.go 1.26; KEP-1040.
"""

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

ADJUST_PERIOD_S = 10.0
DEMAND_SMOOTHING = 0.977
"""Weight of the past when demand falls, per adjustment. Source: ``seatDemandSmoothingCoefficient`` in
kubernetes/apiserver pkg/util/flowcontrol/apf_controller.go: a half-life of five minutes."""

LEAST_TARGET = 0.001
"""Target that stands for none, so that a level without demand still has a place in the proportion."""


class Bounds(NamedTuple):
    """Limits between which a level's seats move.

    Args:
        nominal: Seats by shares.
        least: Seats it never lends.
        most: Seats it may hold with all that it can borrow.
    """

    nominal: int
    least: int
    most: int


def nominal_seats(total: int, shares: int, all_shares: int) -> int:
    """Seats of a level by its shares, rounded up.

    >>> nominal_seats(600, 30, 245), nominal_seats(600, 40, 145), nominal_seats(600, 5, 245)
    (74, 166, 13)
    """
    if all_shares <= 0:
        return 0
    return (total * shares + all_shares - 1) // all_shares


def part(nominal: int, percent: int) -> int:
    """That percentage of a level's seats, rounded to the nearest whole, halves up.

    >>> part(74, 33), part(245, 90), part(25, 0)
    (24, 221, 0)
    """
    return (nominal * percent + 50) // 100


def bounds(nominal: int, lendable_percent: int, borrow_percent: int, total: int) -> Bounds:
    """Bounds of a level; ``borrow_percent`` below zero sets no bound but the server's total."""
    least = nominal - part(nominal, lendable_percent)
    if borrow_percent < 0:
        return Bounds(nominal, least, max(nominal, total))
    return Bounds(nominal, least, nominal + part(nominal, borrow_percent))


def smoothed_demand(before: float, mean: float, deviation: float, smoothing: float) -> float:
    """Demand for seats that counts at an adjustment: rises at once, falls slowly.

    Args:
        before: The same at the adjustment before, seats.
        mean: Mean demand (held and waiting) over the period, seats.
        deviation: Its standard deviation over time, seats.
        smoothing: Weight of the past in [0, 1).
    """
    envelope = mean + deviation
    return max(envelope, smoothing * before + (1.0 - smoothing) * envelope)


def floor_seats(limits: Bounds, high_demand: float) -> float:
    """Seats that an adjustment leaves a level at least: what it used lately, up to nominal, never below ``least``."""
    return max(float(limits.least), min(float(limits.nominal), high_demand))


def _sum_at(
    proportion: float, target: Sequence[float], least: Sequence[float], most: Sequence[float]
) -> float:
    total = 0.0
    for i in range(len(target)):
        total += max(least[i], min(most[i], proportion * max(LEAST_TARGET, target[i])))
    return total


def _next_bound(
    proportion: float, target: Sequence[float], least: Sequence[float], most: Sequence[float]
) -> float:
    bound = float("inf")
    for i in range(len(target)):
        wanted = max(LEAST_TARGET, target[i])
        if proportion < least[i] / wanted < bound:
            bound = least[i] / wanted
        if proportion < most[i] / wanted < bound:
            bound = most[i] / wanted
    return bound


def fair_proportion(
    total: float, target: Sequence[float], least: Sequence[float], most: Sequence[float]
) -> float:
    """The one proportion p for which the seats max(least, min(most, p * target)) add up to ``total``.

    The sum is piecewise linear in p and never falls, so the walk from bound to
    bound ends at the piece that holds the total.

    Args:
        total: Seats to divide; between the sums of ``least`` and of ``most``.
        target: Wanted seats by level, float.
        least: Lower bounds by level, float.
        most: Upper bounds by level, float. None of the arrays is written to.
    """
    low = 0.0
    at_low = _sum_at(low, target, least, most)
    high = _next_bound(low, target, least, most)
    while high != float("inf"):
        at_high = _sum_at(high, target, least, most)
        if at_high >= total:
            if at_high <= at_low:
                return low
            return low + (high - low) * max(0.0, total - at_low) / (at_high - at_low)
        low = high
        at_low = at_high
        high = _next_bound(low, target, least, most)
    return low


def divide(
    total: float,
    target: Sequence[float],
    least: Sequence[float],
    most: Sequence[float],
    seats: MutableSequence[float],
) -> None:
    """Write each level's seats of an adjustment to ``seats`` (float by level, same length).

    Kubernetes rounds each to the nearest whole seat afterwards, at least 1.
    """
    proportion = fair_proportion(total, target, least, most)
    for i in range(len(target)):
        seats[i] = max(least[i], min(most[i], proportion * max(LEAST_TARGET, target[i])))
