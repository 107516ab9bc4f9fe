"""Circuit breaker: after failures in a row nothing is sent for a while, then one probe decides.

Not part of Kubernetes; a what-if. Source: Nygard, Release It!, 2007; modal behaviour
under many clients: Brooker, Fixing retries with token buckets and circuit breakers, 2022.
"""

from typing import NamedTuple

CLOSED = 0
OPEN = 1
PROBING = 2


class Breaker(NamedTuple):
    """State of one breaker.

    Args:
        state: ``CLOSED``, ``OPEN`` or ``PROBING``.
        failures: Failures in a row while closed.
        opened: When it opened last, s.
    """

    state: int
    failures: int
    opened: float


FRESH = Breaker(CLOSED, 0, 0.0)


def ask(breaker: Breaker, rest: float, now: float) -> tuple[Breaker, bool]:
    """May a request be sent at ``now`` (s)? After ``rest`` seconds open, one probe may.

    >>> ask(Breaker(OPEN, 5, 0.0), 10.0, 9.0)[1], ask(Breaker(OPEN, 5, 0.0), 10.0, 10.0)[1]
    (False, True)
    """
    if breaker.state == CLOSED:
        return breaker, True
    if breaker.state == OPEN and now - breaker.opened >= rest:
        return Breaker(PROBING, breaker.failures, breaker.opened), True
    return breaker, False


def succeeded(breaker: Breaker) -> Breaker:
    """After a success: a probe closes the breaker; an answer sent before it opened changes nothing."""
    if breaker.state == OPEN:
        return breaker
    return Breaker(CLOSED, 0, breaker.opened)


def failed(breaker: Breaker, threshold: int, now: float) -> Breaker:
    """After a failure at ``now`` (s): ``threshold`` in a row, or a failed probe, open the breaker."""
    if breaker.state == OPEN:
        return breaker
    failures = breaker.failures + 1
    if breaker.state == PROBING or failures >= threshold:
        return Breaker(OPEN, failures, now)
    return Breaker(CLOSED, failures, breaker.opened)
