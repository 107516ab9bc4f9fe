"""Scrapers: rounds over all kubelets, each asked after a delay of its own, and given up after a time.

Source: metrics-server pkg/sources/manager.go 0.3.1, pkg/scraper 0.4 to 0.7; Prometheus' own phase per target.
"""

import asyncio
from collections.abc import Coroutine
from random import Random

from snowpit.cluster.workload import Scraper
from snowpit.lab.around.kubelets import address
from snowpit.lab.around.scrape_notes import Scrape, ScrapeNotes
from snowpit.lab.around.tally import Tally
from snowpit.lab.around.world import POPULATION, World
from snowpit.lab.wire import Credential, LostError, Response

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
        notes: What it writes and counts; null for a scraper that leaves nothing.
    """

    def __init__(
        self,
        one: Scraper,
        world: World,
        *,
        nodes: int,
        credential: Credential,
        notes: ScrapeNotes | None = None,
    ) -> None:
        self.one, self.credential, self._world, self._nodes = one, credential, world, nodes
        self.notes = notes
        self.tally = Tally(world.clock, world.bin_s)
        self._chance = Random(f"{world.seed}:{one.name}")  # noqa: S311 - a simulation
        self._tasks: set[asyncio.Task[object]] = set()
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

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rounds(self) -> None:
        await asyncio.sleep(max(0.0, self.one.start_s - self._world.clock.now()))
        while True:
            if self.runs:
                self._spawn(self._round())
            await asyncio.sleep(self.one.period_s)

    async def _round(self) -> None:
        begun = self._world.clock.now()
        delays = [self._chance.random() * self.one.spread_s for _ in range(self._nodes)]
        found = await asyncio.gather(*[self._scrape(node, after) for node, after in enumerate(delays)])
        if self.notes is not None:
            self.notes.finished(found, self._world.clock.now() - begun)

    async def _target(self, node: int, phase_s: float) -> None:
        await asyncio.sleep(max(0.0, self.one.start_s - self._world.clock.now()) + phase_s)
        while True:
            if self.runs:
                self._spawn(self._scrape(node, 0.0))
            await asyncio.sleep(self.one.period_s)

    async def _scrape(self, node: int, after_s: float) -> Scrape:
        await asyncio.sleep(after_s)
        begun = self._world.clock.now()
        self.tally.add("calls")
        self.tally.add("attempts")
        response, late = await self._asked(node)
        took = self._world.clock.now() - begun
        refused = (
            "" if response is None or response.status == OK else response.body.decode("utf-8", "replace")
        )
        found = Scrape(
            node=f"node-{node}",
            address=address(node),
            path=PATHS[self.one.subresource],
            status=0 if response is None else response.status,
            body=refused,
            late=late,
            seconds=took,
        )
        self.tally.add("goodput" if found.good else "failed")
        if found.good:
            self.tally.add("sojourn_s", took)
        if self.notes is not None:
            self.notes.scraped(found, self._world.clock.stamp() / 1e6)
        return found

    async def _asked(self, node: int) -> tuple[Response | None, bool]:
        """The answer of a kubelet, or null, and whether it came too late."""
        try:
            async with asyncio.timeout(self.one.timeout_s):
                response = await self._world.network.send(
                    address(node),
                    "GET",
                    PATHS[self.one.subresource],
                    credential=self.credential,
                    headers={"user-agent": self.one.name, POPULATION: self.one.name},
                )
        except TimeoutError:
            return None, True
        except LostError:
            return None, False
        return response, False
