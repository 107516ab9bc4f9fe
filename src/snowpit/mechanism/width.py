"""Seats of one request under priority and fairness: 1 for most, more for long lists and watched writes.

Law from 1.22: a list takes a seat per 100 objects, at most 10; a write to a resource
that is watched keeps a seat per 10 watchers, each for 5 ms, after its handler has
returned. To 1.21 every request takes one seat. A TokenReview takes one in all versions.
Source: kubernetes/apiserver pkg/util/flowcontrol/request/list_work_estimator.go and
mutating_work_estimator.go 1.22 to 1.28.
"""

from typing import NamedTuple

MOST_SEATS = 10
OBJECTS_PER_SEAT = 100
WATCHERS_PER_SEAT = 10
PER_EVENT_S = 0.005


class Width(NamedTuple):
    """Seats of a request over its life.

    Args:
        seats: Held while the handler runs.
        final_seats: Held afterwards.
        final_s: For how long, s.
    """

    seats: int
    final_seats: int
    final_s: float


ORDINARY = Width(1, 0, 0.0)


def list_width(objects: int) -> Width:
    """A list that touches that many stored objects (twice the limit if paged from etcd without selector).

    >>> list_width(0).seats, list_width(250).seats, list_width(100_000).seats
    (1, 3, 10)
    """
    seats = (objects + OBJECTS_PER_SEAT - 1) // OBJECTS_PER_SEAT
    return Width(max(1, min(MOST_SEATS, seats)), 0, 0.0)


def write_width(watchers: int) -> Width:
    """A write to a resource with that many watchers; above the most seats they are held longer instead.

    >>> write_width(250)
    Width(seats=1, final_seats=10, final_s=0.0125)
    """
    wanted = (watchers + WATCHERS_PER_SEAT - 1) // WATCHERS_PER_SEAT
    if wanted <= 0:
        return ORDINARY
    final = min(MOST_SEATS, wanted)
    return Width(1, final, PER_EVENT_S * wanted / final)


def most_held(width: Width) -> int:
    """Seats to find free before the request may start."""
    return max(width.seats, width.final_seats)


def work(width: Width, service: float) -> float:
    """Seat-seconds of a request whose handler runs ``service`` seconds."""
    return width.seats * service + width.final_seats * width.final_s
