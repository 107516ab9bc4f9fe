"""One priority level: its seats, its queues, and who waits in them."""

import asyncio
from collections import deque
from collections.abc import Iterable

from snowpit.cluster.scenario import PriorityLevel
from snowpit.lab.exchange import Exchange
from snowpit.lab.inside import NO_DEMAND, Demand, Held, LevelView, QueueView
from snowpit.mechanism import fair_queue, priority_levels, shuffle_sharding

NOWHERE = -1
NOBODY = float("-inf")


class Waiter:
    """A request at a level.

    Args:
        seats: Seats that it needs.
        arrived: When it came, s on the loop's clock.
        exchange: The request.
    """

    def __init__(self, seats: int, arrived: float, exchange: Exchange) -> None:
        self.seats, self.arrived, self.exchange = seats, arrived, exchange
        self.queue = NOWHERE
        self.virtual = 0.0
        self.work = seats * fair_queue.ESTIMATED_SERVICE_S
        self.started, self.executes = 0.0, False
        self.seated: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Level:
    """The level.

    Args:
        one: Its name, shares and queues.
    """

    def __init__(self, one: PriorityLevel) -> None:
        self.exempt, self.queues = one.shares < 0, one.queues
        self._length = one.queue_length
        self._hand = [0] * max(1, min(one.hand_size, max(1, one.queues)))
        self.limit = self.in_use = self.queued = 0
        self.dispatched = self.rejected = self.timed_out = 0
        self.bounds = priority_levels.Bounds(0, 0, 0)
        self._executing = self._waiting = self._active = self._enqueued = 0
        self._last, self._virtual, self._at = NOWHERE, 0.0, asyncio.get_running_loop().time()
        self._lines: list[deque[Waiter]] = [deque() for _ in range(one.queues)]
        self._running = [0] * one.queues
        self._start, self._work = [0.0] * one.queues, [0.0] * one.queues
        self._head_work = [-1.0] * one.queues
        self._smoothed = self._high = self._sum = self._square = 0.0
        self._since = self._at
        self.shown = NO_DEMAND

    def resize(self, bounds: priority_levels.Bounds) -> None:
        """Seats by shares; what has been borrowed is forgotten."""
        self.bounds, self.limit = bounds, bounds.nominal

    def enqueue(self, waiter: Waiter, hashed: int) -> bool:
        """Put a request into a queue of its flow's hand; false if it is full."""
        self._advance()
        shuffle_sharding.deal(hashed, self.queues, self._hand)
        self._enqueued += 1
        queue = shuffle_sharding.shortest(self._hand, self._work, self._enqueued)
        line = self._lines[queue]
        if fair_queue.arrive(len(line), self._length, self.in_use, self.limit) == fair_queue.REJECT:
            return False
        self._start[queue] = fair_queue.start_on_arrival(
            self._start[queue], self._virtual, len(line), self._running[queue]
        )
        if not line and not self._running[queue]:
            self._active += 1
        waiter.queue, waiter.virtual = queue, self._virtual
        line.append(waiter)
        waiter.exchange.enqueued = len(line)
        self._head_work[queue] = line[0].work
        self._work[queue] += waiter.work
        self._waiting += waiter.seats
        self.queued += 1
        self._high = max(self._high, float(self.in_use + self._waiting))
        return True

    def call_next(self) -> None:
        """Let waiting requests begin while there are seats for them."""
        while self._waiting:
            self._advance()
            queue = fair_queue.next_queue(self._start, self._head_work, self._last)
            if queue < 0:
                return
            waiter = self._lines[queue][0]
            if not fair_queue.room_for(waiter.seats, self.in_use, self._executing, self.limit):
                return
            self._last = queue
            self.withdraw(waiter)
            self.seat(waiter)
            self._start[queue] = fair_queue.start_after_dispatch(
                self._start[queue], waiter.work, self._head_arrival(queue)
            )
            waiter.seated.set_result(None)

    def withdraw(self, waiter: Waiter) -> None:
        """Take a waiting request out of its queue."""
        self._advance()
        queue = waiter.queue
        line = self._lines[queue]
        line.remove(waiter)
        self._work[queue] -= waiter.work
        self._waiting -= waiter.seats
        self.queued -= 1
        self._head_work[queue] = line[0].work if line else -1.0
        if not line and not self._running[queue]:
            self._active -= 1

    def seat(self, waiter: Waiter) -> None:
        """Give a request its seats."""
        self._advance()
        waiter.started, waiter.executes = self._at, True
        self.in_use += waiter.seats
        self._executing += 1
        queue = waiter.queue
        if queue != NOWHERE:
            if not self._lines[queue] and not self._running[queue]:
                self._active += 1
            self._running[queue] += 1
        self._high = max(self._high, float(self.in_use + self._waiting))

    def leave(self, waiter: Waiter) -> None:
        """Its seats are free, and its queue is charged for what it really took."""
        self._advance()
        self.in_use -= waiter.seats
        self._executing -= 1
        self.dispatched += 1
        queue = waiter.queue
        if queue == NOWHERE:
            return
        self._running[queue] -= 1
        actual = waiter.seats * (self._at - waiter.started)
        self._start[queue] = fair_queue.start_after_end(
            self._start[queue], waiter.work, actual, self._head_arrival(queue)
        )
        if not self._lines[queue] and not self._running[queue]:
            self._active -= 1

    def demand(self) -> Demand:
        """Demand since the last question; a new period begins."""
        self._advance()
        span = max(1e-9, self._at - self._since)
        mean = self._sum / span
        deviation = max(0.0, self._square / span - mean * mean) ** 0.5
        self._smoothed = priority_levels.smoothed_demand(
            self._smoothed, mean, deviation, priority_levels.DEMAND_SMOOTHING
        )
        high = self._high
        self._sum = self._square = 0.0
        self._since, self._high = self._at, float(self.in_use + self._waiting)
        self.shown = Demand(mean, deviation, high, self._smoothed)
        return self.shown

    def view(self, name: str, held: Iterable[Held]) -> LevelView:
        """The level at this moment.

        Args:
            name: Its name.
            held: Its requests.
        """
        self._advance()
        return LevelView(
            name=name,
            exempt=self.exempt,
            nominal=self.bounds.nominal,
            least=self.bounds.least,
            most=self.bounds.most,
            limit=self.limit,
            demand=self.shown,
            virtual=self._virtual,
            ends=(self.dispatched, self.rejected, self.timed_out, 0),
            queues=tuple(map(QueueView, self._start, self._work)),
            held=tuple(held),
        )

    def _head_arrival(self, queue: int) -> float:
        line = self._lines[queue]
        return line[0].virtual if line else NOBODY

    def _advance(self) -> None:
        """Bring virtual time and the record of demand up to now."""
        now = asyncio.get_running_loop().time()
        span, wanted = now - self._at, self.in_use + self._waiting
        if span > 0.0:
            self._virtual += span * fair_queue.rate_of_virtual_time(wanted, self.limit, self._active)
            self._sum += wanted * span
            self._square += wanted * wanted * span
            self._at = now
