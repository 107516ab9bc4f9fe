"""Samples of a running lab, bin by bin, in the shape that a simulated run has."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from snowpit.lab.clock import Clock
from snowpit.lab.conduct.parties import Servers, Status
from snowpit.model.sample import SERVER_MEASURES, Samples

Seen = Callable[[float, Sequence[Status]], None]
"""Told the time (s) and the servers' status after each bin."""

COUNTS = frozenset(one.name for one in SERVER_MEASURES if one.kind == "count")


class Sampler:
    """Reads the servers' status at the end of every bin.

    A server that is down shows nothing held and nothing counted.

    Args:
        servers: The servers.
        number: How many there are.
        bin_s: Width of a bin, s.
        clock: The lab's clock.
        seen: Told of every bin.
    """

    def __init__(self, servers: Servers, number: int, *, bin_s: float, clock: Clock, seen: Seen) -> None:
        self._servers, self._clock, self._bin_s, self._seen = servers, clock, bin_s, seen
        self._before: list[dict[str, float]] = [{} for _ in range(number)]
        self._series: list[dict[str, list[float]]] = [
            {one.name: [] for one in SERVER_MEASURES} for _ in range(number)
        ]
        self._bins = 0

    async def run(self, until_s: float) -> None:
        """Sample until then."""
        while (self._bins + 1) * self._bin_s <= until_s + 1e-9:
            await asyncio.sleep(max(0.0, (self._bins + 1) * self._bin_s - self._clock.now()))
            await self.sample()

    async def sample(self) -> None:
        """Close one bin."""
        told = [await self._servers.status(s) for s in range(len(self._series))]
        for server, status in enumerate(told):
            self._add(server, status)
        self._bins += 1
        self._seen(self._clock.now(), told)

    def _add(self, server: int, status: Status) -> None:
        before, series = self._before[server], self._series[server]
        for name, values in series.items():
            found = status.get(name, 0.0)
            now = float(found) if isinstance(found, (int, float)) else 0.0
            if name in COUNTS:
                values.append(max(0.0, now - before.get(name, 0.0)))
                before[name] = max(now, before.get(name, 0.0)) if status else 0.0
            else:
                values.append(now)

    def samples(self, around: Samples) -> Samples:
        """The servers' samples beside those of everything around them."""
        return replace(
            around, bins=self._bins, servers=tuple(self._series), clients=_cut(around.clients, self._bins)
        )


def _cut(
    clients: Mapping[str, Mapping[str, Sequence[float]]], bins: int
) -> dict[str, dict[str, Sequence[float]]]:
    return {name: {key: values[:bins] for key, values in one.items()} for name, one in clients.items()}
