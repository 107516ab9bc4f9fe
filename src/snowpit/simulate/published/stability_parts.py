"""What an attempt passes in the stability examples: balancer, cache, queue and slots of a station."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from math import exp

from snowpit.mechanism.ttl_cache import fresh
from snowpit.simulate.published.stability_examples import Example

REFUSED, WAITS, STARTS = range(3)


class Station:
    """A queue that lets through so many at a time, and a server or database with slots.

    Args:
        model: Its sizes and laws.
    """

    def __init__(self, model: Example) -> None:
        self._model = model
        self.line: deque[int] = deque()
        self.passed = 0
        self.pool: deque[int] = deque()
        self.active = 0
        self.connections = 0
        self.crashed = False
        self.stretch = 1.0

    @property
    def queued(self) -> int:
        """Attempts waiting for a slot."""
        return len(self.line) + len(self.pool)

    def enqueue(self, attempt: int) -> bool:
        """Whether the queue takes an attempt; call ``admit`` next."""
        if self._model.queue_limit and len(self.line) + self.passed >= self._model.queue_capacity:
            return False
        self.line.append(attempt)
        return True

    def admit(self) -> int:
        """The next attempt that may pass from the queue to the slots; -1 if none may."""
        limit = self._model.queue_limit
        if not self.line or (limit and self.passed >= limit):
            return -1
        self.passed += 1
        return self.line.popleft()

    def take(self, attempt: int) -> int:
        """Ask for a slot: ``REFUSED``, ``WAITS`` or ``STARTS``."""
        if self.crashed:
            return REFUSED
        if self.active >= self._model.slots:
            if not self._model.pooled:
                return REFUSED
            self.pool.append(attempt)
            return WAITS
        self.active += 1
        return STARTS

    def free(self) -> int:
        """A service ended: the attempt that starts in its slot at once, -1 if none waits in the pool."""
        if self.pool:
            return self.pool.popleft()
        self.active -= 1
        return -1

    def service(self, drawn: float) -> float:
        """Time of service of an attempt that has just got its slot, s.

        Args:
            drawn: Time it would take alone, s.
        """
        model, share = self._model, self.active / self._model.slots
        if model.load_law == "polynomial":
            drawn *= 1.0 + model.load_factor * share**model.load_exponent
        elif model.load_law == "exponential":
            drawn *= exp(model.load_factor * share)
        return drawn * self.stretch


class Cache:
    """Keys with a time to live; the least recently used one leaves. Concurrent misses are not coalesced.

    Args:
        ttl: Time to live, s.
        size: Most keys held.
    """

    def __init__(self, ttl: float, size: int) -> None:
        self._ttl = ttl
        self._size = size
        self._expiry: OrderedDict[int, float] = OrderedDict()

    def hit(self, key: int, now: float) -> bool:
        """Whether the key is fresh at ``now`` (s); then it counts as used."""
        if key not in self._expiry:
            return False
        if not fresh(self._expiry[key], now):
            del self._expiry[key]
            return False
        self._expiry.move_to_end(key)
        return True

    def fill(self, key: int, now: float) -> None:
        """An answer for the key came at ``now`` (s)."""
        if key not in self._expiry and len(self._expiry) >= self._size:
            self._expiry.popitem(last=False)
        self._expiry[key] = now + self._ttl
        self._expiry.move_to_end(key)

    def flush(self) -> None:
        """Forget everything."""
        self._expiry.clear()


def balanced(stations: Sequence[Station], balancing: str, turn: int) -> int:
    """Number of the station that gets the next attempt.

    Args:
        stations: The stations; a crashed one gets its share, or all, since it has the fewest connections.
        balancing: ``round_robin`` or ``least_connections``.
        turn: Attempts balanced so far.
    """
    if balancing == "round_robin":
        return turn % len(stations)
    return min(range(len(stations)), key=lambda number: stations[number].connections)
