"""What-if orders of service for a line of waiters: newest first, and dropping by CoDel.

Kubernetes itself serves its limiter first in, first out. These laws answer what
another order would have done. The driver owns the line and takes a token with
``token_bucket.reserve`` only when ``token_bucket.wait_for`` says that one is there.

Source of CoDel's server form (minimum delay over an interval, own delay above
twice the target): folly Codel.h; Maurer, Fail at Scale, ACM Queue 13(8), 2015.
"""

from typing import NamedTuple

FIFO = 0
LIFO = 1

CODEL_TARGET_S = 0.005
CODEL_INTERVAL_S = 0.1


class Codel(NamedTuple):
    """What CoDel remembers.

    Args:
        least: Smallest delay seen in the running interval, s.
        until: End of the running interval, s.
        overloaded: Whether the least delay of the interval before was above the target.
    """

    least: float
    until: float
    overloaded: bool


def position(count: int, order: int) -> int:
    """Place in a line, oldest at 0, of the waiter to serve next; -1 if nobody waits.

    >>> position(3, FIFO), position(3, LIFO), position(0, LIFO)
    (0, 2, -1)
    """
    if count <= 0 or order == LIFO:
        return count - 1
    return 0


def codel_idle(now: float) -> Codel:
    """CoDel before the first request; its first interval is still to begin."""
    return Codel(0.0, now, False)  # noqa: FBT003 - positional for the compiler


def codel(state: Codel, target: float, interval: float, now: float, delay: float) -> tuple[Codel, bool]:
    """Judge one waiter at the head of the line.

    Args:
        state: State before.
        target: Delay that is acceptable, s.
        interval: Length of an interval of observation, s.
        now: Instant of the judgement, s.
        delay: How long this waiter has waited, s.

    Returns:
        State afterwards and whether to drop the waiter.
    """
    if now >= state.until:
        state = Codel(delay, now + interval, state.least > target)
    else:
        state = Codel(min(state.least, delay), state.until, state.overloaded)
    limit = 2.0 * target
    return state, state.overloaded and delay > limit
