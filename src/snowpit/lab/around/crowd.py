"""All of it in one process: populations, kubelets and scrapers, as whoever conducts a lab sees them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from random import Random

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Clients, Scraper
from snowpit.lab.around.cast import Cast
from snowpit.lab.around.component_log import ComponentLog
from snowpit.lab.around.heartbeats import Heartbeats, of_kubelets
from snowpit.lab.around.kubelets import Kubelet
from snowpit.lab.around.population import Population
from snowpit.lab.around.scrape_notes import ScrapeNotes
from snowpit.lab.around.scrapers import Scraping
from snowpit.lab.around.tally import Tally
from snowpit.lab.around.world import World
from snowpit.lab.evidence.metrics.exposition import Families
from snowpit.lab.exchange import User
from snowpit.model.sample import Samples

REVIEWS = ("tokenreviews", "subjectaccessreviews")
KUBELETS = "kubelets"
"""Folder of what kubelets leave behind."""

COUNTED = 3
"""Kubelets whose metrics are kept; their logs are kept of all."""

UNREVIEWED = ("certificate", "masters", "front_proxy")
"""Credentials that a kubelet accepts without asking."""


class Crowd:
    """Everything around the API servers; implements ``conduct.parties.Around``.

    Args:
        scenario: Who there is.
        cast: What each shows.
        world: What they share.
        folder: The lab's folder, for logs and metrics of kubelets and scrapers; null writes none.
    """

    def __init__(self, scenario: Scenario, cast: Cast, world: World, *, folder: Path | None = None) -> None:
        self._scenario, self._cast, self._world, self._folder = scenario, cast, world, folder
        self.scrapings = {one.name: self._scraping(one) for one in scenario.scrapers}
        self._reviews = {
            f"{name}/{what}": Tally(world.clock, world.bin_s) for name in self.scrapings for what in REVIEWS
        }
        self.kubelets = [self._kubelet(node) for node in range(scenario.kubelets.count)]
        self.populations = {one.name: self._population(one) for one in scenario.clients}

    def _population(self, one: Clients) -> Population:
        credentials, reviewed = self._cast.clients[one.name], self._cast.reviewed.get(one.name, ())
        listener = Heartbeats(one, self.kubelets, self._world) if of_kubelets(one) else None
        return Population(one, self._world, credentials, reviewed, listener=listener)

    def _kubelet(self, node: int) -> Kubelet:
        version = self._world.version
        return Kubelet(
            node,
            self._scenario.kubelets,
            self._world,
            credential=self._cast.nodes[node],
            tallies=self._tally,
            api="v1" if version is None or version.at_least("1.17.0") else "v1beta1",
            log=self._log(KUBELETS, f"node-{node}", "kubelet.log"),
        )

    def _scraping(self, one: Scraper) -> Scraping:
        nodes = self._scenario.kubelets.count
        credential, log = self._cast.scrapers[one.name], self._log(one.name, f"{one.name}.log")
        families = Families("", self._world.clock.now, one.name)
        notes = ScrapeNotes(one.release, log, families, timeout_s=one.timeout_s) if one.release else None
        return Scraping(one, self._world, nodes=nodes, credential=credential, notes=notes)

    def _log(self, *place: str) -> ComponentLog:
        """A log in the lab's folder, if it has one."""
        path = None if self._folder is None else self._folder.joinpath(*place)
        return ComponentLog(path, self._world.clock)

    def keep(self) -> None:
        """Write what kubelets and scrapers have noted; of a few kubelets, and of scrapers, what they count too."""
        stamp = self._world.clock.moment().strftime("%Y-%m-%dT%H-%M-%SZ")
        for node, kubelet in enumerate(self.kubelets):
            kubelet.log.flush()
            if node < COUNTED and self._folder is not None:
                place = self._folder / KUBELETS / f"node-{node}"
                _put(place / f"metrics-{stamp}.prom", kubelet.metrics.text())
        for name, scraping in self.scrapings.items():
            if scraping.notes is not None and self._folder is not None:
                scraping.notes.flush()
                _put(self._folder / name / f"metrics-{stamp}.prom", scraping.notes.text())

    def _tally(self, name: str) -> Tally:
        """Where a kubelet's reviews count; those for strangers count with the first scraper's."""
        return self._reviews.get(name) or next(iter(self._reviews.values()))

    def start(self) -> None:
        """Begin."""
        for one in self._scenario.scrapers:
            if self._scenario.kubelets.warm and one.tokens.credential not in UNREVIEWED:
                self._warm(one)
        for population in self.populations.values():
            population.start()
        for scraping in self.scrapings.values():
            scraping.start()

    async def close(self) -> None:
        """Drop everything."""
        for population in self.populations.values():
            await population.close()
        for scraping in self.scrapings.values():
            await scraping.close()
        self.keep()

    def _warm(self, one: Scraper) -> None:
        """Kubelets that have been scraped for long: entries expire at some round of their life, each round equally often."""
        chance = Random(f"{self._world.seed}:{one.name}:warm")  # noqa: S311 - a simulation
        laws, now = self._scenario.kubelets, asyncio.get_running_loop().time()
        user = User(one.tokens.subject.replace("{token}", "0"))
        for kubelet in self.kubelets:
            ends = [
                now
                + one.start_s
                + life
                - int(chance.random() * (int(life // one.period_s) + 1)) * one.period_s
                for life in (laws.ok_ttl_s, laws.allowed_ttl_s)
            ]
            token = self._cast.scrapers[one.name].token
            kubelet.warm(token, user, one.subresource, known=ends[0], allowed=ends[1])

    async def burst(self, population: str, requests: int, spread_s: float, server: int | None) -> None:
        """Extra calls of a population."""
        self.populations[population].burst(requests, spread_s, server)

    async def reconnect(self, server: int, spread_s: float) -> None:
        """Every client of a server that reconnects calls at once."""
        for population in self.populations.values():
            population.reconnect(server, spread_s)

    async def move(self, server: int, *, away: bool) -> None:
        """The clients of a server go to the others, or come back."""
        self._world.places.move(server, away=away)

    async def running(self, name: str, *, runs: bool) -> None:
        """A population or scraper starts or stops calling."""
        if name in self.scrapings:
            self.scrapings[name].runs = runs
        elif runs:
            self.populations[name].start()
        else:
            self.populations[name].stop()

    async def change(self, scenario: Scenario) -> None:
        """Take on what the scenario now says."""
        self._scenario = scenario
        for one in scenario.clients:
            self.populations[one.name].configure(one)
        for scraper in scenario.scrapers:
            scraping = self.scrapings[scraper.name]
            if scraping.one.tokens.credential != scraper.tokens.credential:
                scraping.credential = self._cast.spare(scraper.name, scraper.tokens.credential)
            scraping.one = scraper

    async def status(self) -> Mapping[str, Mapping[str, object]]:
        """Counts since the start by population."""
        return {name: dict(tally.total()) for name, tally in self._tallies().items()}

    async def samples(self) -> Samples:
        """All that was counted, by bin."""
        bins = max(1, round(self._scenario.horizon_s / self._world.bin_s))
        clients = {name: tally.series(bins) for name, tally in self._tallies().items()}
        return Samples(bin_s=self._world.bin_s, bins=bins, servers=(), clients=clients)

    def _tallies(self) -> dict[str, Tally]:
        found = {name: one.tally for name, one in self.populations.items()}
        for name, scraping in self.scrapings.items():
            found[name] = scraping.tally
            found |= {f"{name}/{what}": self._reviews[f"{name}/{what}"] for what in REVIEWS}
        return found


def _put(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
