"""Fair queuing of requests inside one priority level.

Theory of operation. Virtual time R runs at (seats in use or wanted, up to the
limit) / (queues with work) per second: the seat-seconds an evenly served queue gets.
A queue keeps the R at which its next request starts; the queue whose head would end
first in R is served next, and its start moves on by the estimated work of that
request. When the request ends, start is corrected by the difference to its real
work, so an estimate never charges a queue for good. A queue that was idle starts
at R and saves up nothing.

Where nothing waits and a seat is free, a request starts at once. A request wider
than the level starts only when nothing executes. Rejections: queue full (and no
free seat), waited longer than a quarter of --request-timeout (15 s); a level without
queues rejects when its seats are taken. To 1.27 Retry-After is 1 s, later 1 to 32 s.

Sources: kubernetes/apiserver pkg/util/flowcontrol/fairqueuing/queueset/queueset.go 1.20 to 1.28; KEP-1040.
"""

from collections.abc import Sequence

EXECUTE = 1
QUEUE = 0
REJECT = -1

QUEUE_WAIT_LIMIT_S = 15.0
ESTIMATED_SERVICE_S = 0.003
"""Estimated duration of a request from 1.22; 60 s before. Recalled, the pair of values not read by version."""


def rate_of_virtual_time(seats_wanted: int, limit: int, active: int) -> float:
    """Advance of R per second.

    Args:
        seats_wanted: Seats held and waited for, all queues.
        limit: Seats of the level.
        active: Queues with a request waiting or executing.
    """
    if active <= 0:
        return 0.0
    return min(seats_wanted, limit) / active


def room_for(seats: int, in_use: int, executing: int, limit: int) -> bool:
    """Whether a request of that many seats may start now.

    Args:
        seats: Seats it needs.
        in_use: Seats taken in the level.
        executing: Requests executing in the level.
        limit: Seats of the level.

    >>> room_for(2, 9, 5, 10), room_for(12, 0, 0, 10), room_for(12, 1, 1, 10)
    (False, True, False)
    """
    if seats > limit:
        return executing == 0
    return in_use + seats <= limit


def arrive(waiting: int, queue_limit: int, in_use: int, limit: int) -> int:
    """Fate of a new request in the queue it was dealt: ``QUEUE`` or ``REJECT``.

    The caller dispatches at once after queuing, so ``QUEUE`` may start in the same instant.

    Args:
        waiting: Requests waiting in that queue.
        queue_limit: Most requests that may wait in it (50 by default).
        in_use: Seats taken in the level.
        limit: Seats of the level.
    """
    if in_use >= limit and waiting >= queue_limit:
        return REJECT
    return QUEUE


def arrive_without_queues(in_use: int, limit: int) -> int:
    """Fate of a new request at a level that does not queue: ``EXECUTE`` or ``REJECT`` (level catch-all)."""
    if in_use >= limit:
        return REJECT
    return EXECUTE


def overdue(arrived: float, now: float, wait_limit: float) -> bool:
    """Whether a waiting request has to be rejected; all times in s."""
    return now - arrived > wait_limit


def start_on_arrival(start: float, virtual: float, waiting: int, executing: int) -> float:
    """R at which a queue's next request starts, when one arrives: an idle queue begins at R."""
    if waiting == 0 and executing == 0:
        return virtual
    return start


def start_after_dispatch(start: float, work: float, head_arrival: float) -> float:
    """The same after a dispatch of estimated ``work`` (seat-seconds).

    Args:
        start: R before.
        work: Estimated work of the request that left the queue.
        head_arrival: R at which the next waiting request arrived; minus infinity if none waits. No
            request starts before it has arrived.
    """
    return max(start + work, head_arrival)


def start_after_end(start: float, estimated: float, actual: float, head_arrival: float) -> float:
    """The same after an end: the estimated work is replaced by the actual (both seat-seconds)."""
    return max(start - estimated + actual, head_arrival)


def next_queue(start: Sequence[float], head_work: Sequence[float], last: int) -> int:
    """The queue to serve next, or -1 if nothing waits.

    Args:
        start: R of the next start by queue.
        head_work: Estimated work of the oldest waiting request by queue, seat-seconds; below zero if none waits.
        last: Queue served before; the search begins behind it, so that ties take turns.
    """
    best = -1
    least = float("inf")
    count = len(start)
    for i in range(1, count + 1):
        queue = (last + i) % count
        if head_work[queue] < 0.0:
            continue
        finish = start[queue] + head_work[queue]
        if finish < least:
            least = finish
            best = queue
    return best
