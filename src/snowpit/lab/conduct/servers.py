"""The API servers of a lab on virtual time, all in this process."""

from pathlib import Path

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Delay
from snowpit.errors import LabError
from snowpit.knowledge.facts import Value
from snowpit.lab.conduct.dumps import dump
from snowpit.lab.conduct.parties import Status
from snowpit.lab.conduct.stage import Stage, address
from snowpit.lab.evidence import Evidence
from snowpit.lab.server import ApiServer
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.witness import Silent


class OwnServers:
    """The API servers of a lab in this process; implements ``conduct.parties.Servers``.

    Args:
        stage: The lab.
        store: What they share.
        folder: Folder of evidence; null writes none.
    """

    def __init__(self, stage: Stage, store: Store, *, folder: Path | None) -> None:
        self._stage, self._store, self._folder = stage, store, folder
        self._servers: dict[int, ApiServer] = {}
        self._evidence: dict[int, Evidence] = {}
        try:
            for server in range(stage.scenario.servers):
                self._start(server, stage.scenario)
        except LabError:
            self._close()
            raise

    def _start(self, server: int, scenario: Scenario) -> ApiServer:
        setup = setup_of(self._stage, server, scenario, folder=self._folder)
        if setup.evidence is not None:
            self._evidence[server] = Evidence(setup, self._stage.clock, self._stage.network)
        found = ApiServer(
            setup,
            self._stage.network,
            self._store,
            clock=self._stage.clock,
            witness=self._evidence.get(server) or Silent(),
            verifier=self._stage.verifier,
            signer=self._stage.casting.signer,
        )
        self._servers[server] = found
        self._stage.network.attach(address(server), found.handle)
        return found

    def check(self, scenario: Scenario) -> None:
        """They run every version."""

    async def down(self, server: int) -> None:
        """Stop one server."""
        self._stage.network.detach(address(server))
        found = self._servers.pop(server, None)
        if found is not None:
            await found.stop()
        if server in self._evidence:
            self._evidence.pop(server).close()

    async def up(self, server: int, scenario: Scenario) -> None:
        """Start it anew."""
        self._start(server, scenario).start()

    async def change(self, key: str, value: Value) -> None:
        """Change a parameter of all servers."""
        for server in self._servers.values():
            server.change(key, value)

    async def slow(self, factor: float) -> None:
        """Slow the store."""
        self._store.factor = factor

    async def shed(self, population: str, share: float) -> None:
        """Refuse a share of a population's attempts."""
        for server in self._servers.values():
            server.shed(population, share)

    async def backlog(self, server: int, lookups: int) -> None:
        """Queue reads that nobody waits for."""
        if server in self._servers:
            self._servers[server].backlog(lookups)

    async def status(self, server: int) -> Status:
        """Counts and state; empty while it is down."""
        return self._servers[server].status() if server in self._servers else {}

    async def dump(self, server: int) -> None:
        """Save what /metrics shows now beside the server's logs."""
        if server in self._servers and self._folder is not None:
            await dump(self._stage.network, server, self._folder, clock=self._stage.clock)

    async def close(self) -> None:
        """Close all evidence."""
        for evidence in self._evidence.values():
            await evidence.drain()
        self._close()

    def _close(self) -> None:
        for evidence in self._evidence.values():
            evidence.close()


def setup_of(
    stage: Stage, server: int, scenario: Scenario, *, folder: Path | None, store: str = ":memory:"
) -> ServerSetup:
    """What a server is started with.

    Args:
        stage: The lab.
        server: Number of the server.
        scenario: What the scenario has become by now.
        folder: Folder of the lab; null keeps no evidence.
        store: File of the store.
    """
    name = f"apiserver-{server}"
    return ServerSetup(
        name=name,
        address=address(server),
        plane=scenario.plane,
        levels=scenario.levels,
        switches=scenario.switches,
        pki=stage.pki,
        store=store,
        evidence=None if folder is None else folder / name,
        audit_policy=stage.auditing.policy,
        audit_webhook=stage.auditing.webhook,
        services=tuple(one.operation for one in scenario.clients if one.reviewed is None),
        review_service=_review_service(scenario),
        access_service=scenario.kubelets.access_service,
        seed=stage.seed + server,
        epoch=stage.clock.epoch,
    )


def _review_service(scenario: Scenario) -> Delay:
    """What a review takes apart from its look-ups: as the population that reviews says, else as kubelets' do."""
    for one in scenario.clients:
        if one.reviewed is not None:
            return one.operation.service
    return scenario.kubelets.review_service
