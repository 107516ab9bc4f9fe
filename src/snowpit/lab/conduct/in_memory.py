"""A whole lab in one process on virtual time: the same servers, kubelets and clients, an hour in minutes."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from snowpit.cluster.scenario import Scenario
from snowpit.knowledge.facts import Value
from snowpit.lab import virtual
from snowpit.lab.api import fairness
from snowpit.lab.around.crowd import Crowd
from snowpit.lab.around.kubelets import address as kubelet_address
from snowpit.lab.around.places import Places
from snowpit.lab.around.population import World
from snowpit.lab.authority import Signer, Verifier
from snowpit.lab.authority.tokens import rsa
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.casting import LAB, Casting
from snowpit.lab.conduct.conductor import Conductor
from snowpit.lab.conduct.parties import Status
from snowpit.lab.conduct.sampling import Seen
from snowpit.lab.evidence import Evidence
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.server import ApiServer
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.storage.latency import latency
from snowpit.lab.wire import Credential, LostError
from snowpit.lab.witness import Silent
from snowpit.model.sample import Run

PORT = 6443
EPOCH = 1_577_836_800_000_000
"""When a virtual lab begins, µs since the epoch: 2020-01-01."""

SCRAPE_S = 60.0


def address(server: int) -> str:
    """Where a server listens."""
    return f"127.0.0.{server + 1}:{PORT}"


class MemoryServers:
    """The API servers of a lab in memory; implements ``conduct.parties.Servers``.

    Args:
        scenario: What they are like.
        network: Where they are found.
        store: What they share.
        clock: The lab's clock.
        signer: Signs tokens.
        verifier: Checks them.
        folder: Folder of evidence; null writes none.
        seed: Seed.
        pki: Folder of token files.
    """

    def __init__(
        self,
        scenario: Scenario,
        network: MemoryNetwork,
        store: Store,
        *,
        clock: Clock,
        signer: Signer,
        verifier: Verifier,
        folder: Path | None,
        seed: int,
        pki: Path,
    ) -> None:
        self._network, self._store, self._clock = network, store, clock
        self._signer, self._verifier = signer, verifier
        self._folder, self._seed, self._pki = folder, seed, pki
        self._servers: dict[int, ApiServer] = {}
        self._evidence: dict[int, Evidence] = {}
        for server in range(scenario.servers):
            self._start(server, scenario)

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


def rehearse(
    scenario: Scenario,
    *,
    seed: int,
    folder: Path | None = None,
    epoch: int = EPOCH,
    seen: Seen | None = None,
) -> Run:
    """Run a scenario on virtual time.

    Args:
        scenario: What is to happen.
        seed: Seed of all chance.
        folder: Where evidence is written; null writes none.
        epoch: When the lab begins, µs since the epoch, as evidence tells it.
        seen: Told of every bin.

    Raises:
        SnowpitError: If the lab cannot do what the scenario asks for.
    """
    with TemporaryDirectory(prefix="snowpit-lab-") as spare:
        pki = (folder or Path(spare)) / "pki"
        return virtual.run(_rehearse(scenario, seed, folder=folder, pki=pki, epoch=epoch, seen=seen))


async def _rehearse(
    scenario: Scenario, seed: int, *, folder: Path | None, pki: Path, epoch: int, seen: Seen | None
) -> Run:
    key = rsa()
    signer, verifier = Signer(key), Verifier([key])
    clock = Clock(asyncio.get_running_loop().time(), epoch)
    casting = Casting(scenario, signer, epoch)
    cast = casting.cast()
    store = Store(":memory:", clock, latency=latency(scenario.plane, seed, "store"))
    store.load([*casting.items, *fairness.objects(scenario.plane.version, scenario.levels)], stamp=epoch)
    network = MemoryNetwork(cast.certificates)
    servers = MemoryServers(
        scenario,
        network,
        store,
        clock=clock,
        signer=signer,
        verifier=verifier,
        folder=folder,
        seed=seed,
        pki=_files(casting, pki),
    )
    places = Places([address(server) for server in range(scenario.servers)])
    world = World(network, places, clock, scenario.plane.version, seed, scenario.bin_s)
    crowd = Crowd(scenario, cast, world)
    for node, kubelet in enumerate(crowd.kubelets):
        network.attach(kubelet_address(node), kubelet.handle)
    conductor = Conductor(scenario, servers, crowd, clock=clock, folder=folder, seen=seen)
    crowd.start()
    dumps = asyncio.ensure_future(_dump(servers, scenario.servers)) if folder else None
    try:
        return await conductor.run(seed=seed)
    finally:
        if dumps is not None:
            dumps.cancel()
        await crowd.close()
        await _drop_the_rest()
        servers.close()


async def _drop_the_rest() -> None:
    """Cancel what still hangs inside servers and kubelets, and what its end sets off."""
    own = asyncio.current_task()
    while left := [task for task in asyncio.all_tasks() if task is not own]:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _dump(servers: MemoryServers, number: int) -> None:
    """Save metrics every minute, as a Prometheus would."""
    while True:
        for server in range(number):
            await servers.dump(server)
        await asyncio.sleep(SCRAPE_S)


def _files(casting: Casting, pki: Path) -> Path:
    """Token files of a lab, readable by their owner alone."""
    pki.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, lines in (
        ("tokens.csv", casting.token_file),
        ("basic.csv", casting.passwords),
        ("webhook.csv", casting.webhook),
    ):
        path = pki / name
        path.touch(mode=0o600)
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return pki


def _review_service(scenario: Scenario):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Delay
    """What a review takes apart from its look-ups: as the population that reviews says, else as kubelets' do."""
    for one in scenario.clients:
        if one.reviewed is not None:
            return one.operation.service
    return scenario.kubelets.review_service
