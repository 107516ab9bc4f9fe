"""The API servers of a lab, all in this process."""

from pathlib import Path

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Delay
from snowpit.errors import LabError
from snowpit.knowledge.facts import Value
from snowpit.lab.conduct.casting import LAB
from snowpit.lab.conduct.parties import Status
from snowpit.lab.conduct.stage import Stage, address
from snowpit.lab.evidence import Evidence
from snowpit.lab.server import ApiServer
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.wire import Credential, LostError
from snowpit.lab.witness import Silent


class OwnServers:
    """The API servers of a lab in this process; implements ``conduct.parties.Servers``.

    Args:
        stage: The lab.
        store: What they share.
        folder: Folder of evidence; null writes none.
    """

    def __init__(self, stage: Stage, store: Store, *, folder: Path | None) -> None:
        self._network, self._store, self._clock = stage.network, store, stage.clock
        self._signer, self._verifier = stage.casting.signer, stage.verifier
        self._folder, self._seed, self._pki = folder, stage.seed, stage.pki
        self._servers: dict[int, ApiServer] = {}
        self._evidence: dict[int, Evidence] = {}
        try:
            for server in range(stage.scenario.servers):
                self._start(server, stage.scenario)
        except LabError:
            self.close()
            raise

    def _start(self, server: int, scenario: Scenario) -> ApiServer:
        name = f"apiserver-{server}"
        setup = ServerSetup(
            name=name,
            address=address(server),
            plane=scenario.plane,
            levels=scenario.levels,
            switches=scenario.switches,
            pki=self._pki,
            evidence=None if self._folder is None else self._folder / name,
            services=tuple(one.operation for one in scenario.clients if one.reviewed is None),
            review_service=_review_service(scenario),
            access_service=scenario.kubelets.access_service,
            seed=self._seed + server,
            epoch=self._clock.epoch,
        )
        if setup.evidence is not None:
            self._evidence[server] = Evidence(setup, self._clock)
        found = ApiServer(
            setup,
            self._network,
            self._store,
            clock=self._clock,
            witness=self._evidence.get(server) or Silent(),
            verifier=self._verifier,
            signer=self._signer,
        )
        self._servers[server] = found
        self._network.attach(address(server), found.handle)
        return found

    async def down(self, server: int) -> None:
        """Stop one server."""
        self._network.detach(address(server))
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
        if server not in self._servers or self._folder is None:
            return
        try:
            response = await self._network.send(
                address(server), "GET", "/metrics", credential=Credential(certificate=LAB)
            )
        except LostError:
            return
        stamp = self._clock.moment().strftime("%Y-%m-%dT%H-%M-%SZ")
        path = self._folder / f"apiserver-{server}" / f"metrics-{stamp}.prom"
        path.write_bytes(response.body)

    def close(self) -> None:
        """Close all evidence."""
        for evidence in self._evidence.values():
            evidence.close()


def _review_service(scenario: Scenario) -> Delay:
    """What a review takes apart from its look-ups: as the population that reviews says, else as kubelets' do."""
    for one in scenario.clients:
        if one.reviewed is not None:
            return one.operation.service
    return scenario.kubelets.review_service
