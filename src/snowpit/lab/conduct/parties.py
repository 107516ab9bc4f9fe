"""The two sides of a running lab, as whoever conducts it sees them: in one process, or behind a socket each."""

from collections.abc import Mapping
from typing import Protocol

from snowpit.cluster.scenario import Scenario
from snowpit.knowledge.facts import Value
from snowpit.lab.wire import Handler, Network
from snowpit.model.sample import Samples

Status = Mapping[str, object]


class Ground(Network, Protocol):
    """A network that also holds the servers and kubelets of this process."""

    def attach(self, address: str, handler: Handler) -> None:
        """Put a handler behind an address."""

    def detach(self, address: str) -> None:
        """Take it away: every request inside it is lost, and new ones find nobody."""


class Servers(Protocol):
    """The API servers."""

    def check(self, scenario: Scenario) -> None:
        """Refuse what the scenario is about to become, if they cannot run it."""

    async def down(self, server: int) -> None:
        """Stop one server; everything that it remembers is gone, what the store holds stays."""

    async def up(self, server: int, scenario: Scenario) -> None:
        """Start it as the scenario has it by now."""

    async def change(self, key: str, value: Value) -> None:
        """Change a parameter of all servers while they run."""

    async def slow(self, factor: float) -> None:
        """Reads and writes of the store take that many times as long."""

    async def shed(self, population: str, share: float) -> None:
        """Refuse that share of the attempts of a population before authentication."""

    async def backlog(self, server: int, lookups: int) -> None:
        """Queue reads that nobody waits for at a server's loopback limiter."""

    async def status(self, server: int) -> Status:
        """Measures of ``model.sample.SERVER_MEASURES`` (counts since the start), and ``holders``: seats by user."""

    async def dump(self, server: int) -> None:
        """Save what /metrics shows now among the evidence."""

    async def close(self) -> None:
        """Let all end; their evidence is complete then."""


class Around(Protocol):
    """Kubelets, scrapers and client populations."""

    async def burst(self, population: str, requests: int, spread_s: float, server: int | None) -> None:
        """Extra calls of a population."""

    async def reconnect(self, server: int, spread_s: float) -> None:
        """Every client of a server that reconnects calls at once."""

    async def move(self, server: int, *, away: bool) -> None:
        """The clients of a server go to the others, or come back."""

    async def running(self, name: str, *, runs: bool) -> None:
        """A population or scraper starts or stops calling."""

    async def change(self, scenario: Scenario) -> None:
        """Take on what the scenario now says."""

    async def status(self) -> Mapping[str, Status]:
        """Measures of ``model.sample.CLIENT_MEASURES`` (counts since the start) by population."""

    async def samples(self) -> Samples:
        """All that was counted, by bin."""
