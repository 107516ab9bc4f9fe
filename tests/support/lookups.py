"""Token look-ups of the server at itself: the Secret, then the ServiceAccount, behind one limiter.

Kubernetes 1.12 ``pkg/controller/serviceaccount/tokengetter.go`` and client-go ``util/flowcontrol``: reservations
first in first out, never given back; successes are remembered (10 s), concurrent misses are not merged.
"""

import heapq
from collections.abc import Mapping
from itertools import count
from typing import Any, Generic, TypeVar

Asker = TypeVar("Asker")

LATENCY_S = 0.003
"""One GET by the loopback client."""


class Lookups(Generic[Asker]):
    """The limiter, the cache, and who waits for the second look-up."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.qps, self.burst = float(raw.get("qps", 50.0)), float(raw.get("burst", 100.0))
        self.cache_s = float(raw.get("cache_s", 10.0))
        self.ready = -self.burst / self.qps
        self.known: dict[str, float] = {}
        self.halfway: list[tuple[float, int, str, Asker]] = []
        self.order = count()

    def begin(self, at: float, token: str, asker: Asker) -> float:
        """Reserve the first look-up; the instant at which it is made."""
        first = self._reserve(at)
        heapq.heappush(self.halfway, (first + LATENCY_S, next(self.order), token, asker))
        return first

    def remembers(self, at: float, token: str) -> bool:
        """Whether a success of the last seconds answers at once."""
        return self.known.get(token, -1.0) > at

    def next_at(self) -> float:
        """When the next first look-up is answered; infinity if none is under way."""
        return self.halfway[0][0] if self.halfway else float("inf")

    def proceed(self, *, valid: bool = True) -> tuple[Asker, str, float]:
        """Make the second look-up of the one whose first is answered: asker, token and when it is made."""
        at, _, token, asker = heapq.heappop(self.halfway)
        second = self._reserve(at)
        if valid:
            self.known[token] = second + LATENCY_S + self.cache_s
        return asker, token, second

    def _reserve(self, at: float) -> float:
        self.ready = max(self.ready, at - self.burst / self.qps) + 1 / self.qps
        return max(at, self.ready)
