"""Scrapers: rounds over all kubelets, each asked after a delay of its own, and given up after a time.

Source: metrics-server pkg/sources/manager.go 0.3.1, pkg/scraper 0.4 to 0.7; Prometheus' own phase per target.
"""

import asyncio
from collections.abc import Coroutine
from random import Random

from snowpit.cluster.workload import Scraper
from snowpit.lab.around.kubelets import address
from snowpit.lab.around.population import POPULATION, World
from snowpit.lab.around.tally import Tally
from snowpit.lab.wire import Credential, LostError

PATHS = {
    "stats": "/stats/summary",
    "metrics": "/metrics/resource",
    "log": "/logs/",
    "spec": "/spec/",
    "proxy": "/pods",
}
OK = 200


class Scraping:
    """One scraper.

    Args:
        one: What it does.
        world: What it shares with others.
        nodes: Number of kubelets.
        credential: What it shows to them.
    """

    def __init__(self, one: Scraper, world: World, *, nodes: int, credential: Credential) -> None:
        self.one, self.credential, self._world, self._nodes = one, credential, world, nodes
        self.tally = Tally(world.clock, world.bin_s)
        self._chance = Random(f"{world.seed}:{one.name}")  # noqa: S311 - a simulation
        self._tasks: set[asyncio.Task[None]] = set()
        self.runs = True

    def start(self) -> None:
        """Begin."""
        if not self.one.evenly:
            self._spawn(self._rounds())
            return
        for node in range(self._nodes):
            self._spawn(self._target(node, self._chance.random() * self.one.period_s))

    async def close(self) -> None:
        """Drop everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rounds(self) -> None:
        await asyncio.sleep(max(0.0, self.one.start_s - self._world.clock.now()))
        while True:
            for node in range(self._nodes if self.runs else 0):
                self._spawn(self._scrape(node, self._chance.random() * self.one.spread_s))
            await asyncio.sleep(self.one.period_s)

    async def _target(self, node: int, phase_s: float) -> None:
        await asyncio.sleep(max(0.0, self.one.start_s - self._world.clock.now()) + phase_s)
        while True:
            if self.runs:
                self._spawn(self._scrape(node, 0.0))
            await asyncio.sleep(self.one.period_s)

    async def _scrape(self, node: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        begun = self._world.clock.now()
        self.tally.add("calls")
        self.tally.add("attempts")
        try:
            async with asyncio.timeout(self.one.timeout_s):
                response = await self._world.network.send(
                    address(node),
                    "GET",
                    PATHS[self.one.subresource],
                    credential=self.credential,
                    headers={"user-agent": self.one.name, POPULATION: self.one.name},
                )
            good = response.status == OK
        except (TimeoutError, LostError):
            good = False
        self.tally.add("goodput" if good else "failed")
        if good:
            self.tally.add("sojourn_s", self._world.clock.now() - begun)
