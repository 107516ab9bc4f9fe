"""The in-flight gate: a fixed number of seats, taken or refused at once, never waited for.

Two pools that do not know each other: read-only (get, list, watch; 400 by
default) and mutating (everything else, TokenReviews too; 200). Long-running
requests pass by the gate. A seat is given back when the inner handler returns,
not when the client leaves (to 1.20 a client that hangs up frees nothing).
``system:masters`` passes a full gate without a seat. A refusal is 429 with
Retry-After 1. From 1.20 priority and fairness takes the gate's place by default.

Source: kubernetes/apiserver pkg/server/filters/maxinflight.go, pkg/server/config.go 1.12.0.
"""

from typing import NamedTuple

REJECTED = -1
PASSED = 0
SEATED = 1


class Seats(NamedTuple):
    """One pool at one instant.

    Args:
        taken: Seats held.
        rejected: Refusals so far. Privileged requests that found the gate full count too: the server's own
            counter did so in 1.12 to 1.17.
    """

    taken: int
    rejected: int


EMPTY = Seats(0, 0)


def take(seats: Seats, limit: int) -> tuple[Seats, int]:
    """Ask for a seat; ``limit`` 0 turns the gate off.

    Returns:
        State afterwards and ``SEATED``, ``PASSED`` (no seat to give back) or ``REJECTED``.

    >>> take(Seats(199, 0), 200), take(Seats(200, 0), 200)
    ((Seats(taken=200, rejected=0), 1), (Seats(taken=200, rejected=1), -1))
    """
    if limit <= 0:
        return seats, PASSED
    if seats.taken < limit:
        return Seats(seats.taken + 1, seats.rejected), SEATED
    return Seats(seats.taken, seats.rejected + 1), REJECTED


def take_privileged(seats: Seats, limit: int) -> tuple[Seats, int]:
    """Ask for a seat as ``system:masters``: full means to pass without one, never 429.

    >>> take_privileged(Seats(200, 0), 200)
    (Seats(taken=200, rejected=1), 0)
    """
    after, fate = take(seats, limit)
    if fate == REJECTED:
        return after, PASSED
    return after, fate


def give_back(seats: Seats, fate: int) -> Seats:
    """The handler returned; ``fate`` is what ``take`` answered that request."""
    if fate != SEATED:
        return seats
    return Seats(seats.taken - 1, seats.rejected)
