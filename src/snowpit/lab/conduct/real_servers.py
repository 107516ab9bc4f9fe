"""Real kube-apiserver binaries as the API servers of a lab, over one real etcd."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from snowpit.cluster.change import set_parameter
from snowpit.cluster.scenario import Scenario
from snowpit.errors import LabError
from snowpit.knowledge.facts import Value
from snowpit.lab.api import bootstrap
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.casting import LAB, Casting, Item
from snowpit.lab.conduct.dumps import dump
from snowpit.lab.conduct.parties import Status
from snowpit.lab.conduct.stage import Stage, address
from snowpit.lab.evidence.evidence import default_policy
from snowpit.lab.flags import Files, Listen, command_line, settable
from snowpit.lab.real.binaries import Binaries
from snowpit.lab.real.etcd import Etcd
from snowpit.lab.real.measures import measures
from snowpit.lab.real.program import Program
from snowpit.lab.real.stock import ACCOUNTS, Stock
from snowpit.lab.wire import Credential, LostError

READY_S = 180.0
"""A first start writes all roles; on a busy machine that takes its time."""

VERBOSITY = 4
IMPOSSIBLE = {
    "slow_etcd": "A real etcd cannot be slowed.",
    "shed": "A real kube-apiserver cannot refuse a share of a population.",
    "backlog": "Nobody can queue reads in a real kube-apiserver.",
    "upgrade": "A real kube-apiserver stays at its version.",
}
_OWN = "Take the lab's own server, without --kube-apiserver, for that."


class RealServers:
    """The API servers; implements ``conduct.parties.Servers``.

    Args:
        binaries: The programs.
        stage: The lab; its casting is done anew with the UIDs that the server gives.
        folder: Folder of evidence; null writes none.
        run: Folder for logs that are no evidence.
    """

    def __init__(self, binaries: Binaries, stage: Stage, *, folder: Path | None, run: Path) -> None:
        self._binaries, self._stage, self._folder, self._run = binaries, stage, folder, run
        self._scenario = stage.scenario
        self._etcd = Etcd(binaries.etcd, stage.pki / "etcd", run / "etcd.log")
        self._programs: dict[int, Program] = {}
        self._admin = Credential(certificate=LAB)

    async def start(self) -> Stage:
        """Start etcd and all servers, and make what the lab begins with; gives the lab as it begins.

        Raises:
            LabError: If the scenario asks for what real servers cannot do, or one does not start.
        """
        for event in self._scenario.events:
            if event.action in IMPOSSIBLE:
                raise LabError(IMPOSSIBLE[event.action], _OWN)
        try:
            await self._etcd.start()
            for server in range(self._scenario.servers):
                await self.up(server, self._scenario)
            return await self._stocked()
        except BaseException:
            await self.close()
            raise

    async def _stocked(self) -> Stage:
        """Make all objects, and sign tokens for the UIDs of the ServiceAccounts."""
        stage = self._stage
        stock = Stock(stage.network, address(0), self._admin, self._binaries.version)
        uids = await stock.accounts(stage.casting.items)
        casting = Casting(stage.scenario, stage.casting.signer, stage.casting.epoch, uids)
        cast = casting.cast()
        await stock.others(_beyond_bootstrap(casting.items, bootstrap.objects(self._binaries.version)))
        now = stage.clock.stamp()
        clock = Clock(asyncio.get_running_loop().time(), now)
        return replace(stage, casting=casting, cast=cast, clock=clock)

    def check(self, scenario: Scenario) -> None:
        """Refuse another version."""
        if scenario.plane.version != self._binaries.version:
            raise LabError(IMPOSSIBLE["upgrade"], _OWN)

    async def down(self, server: int) -> None:
        """Kill one server."""
        found = self._programs.pop(server, None)
        if found is not None:
            await found.stop(at_once=True)

    async def up(self, server: int, scenario: Scenario) -> None:
        """Start it anew with the flags of the scenario, and wait until it is healthy."""
        self._scenario = scenario
        name, place = f"apiserver-{server}", self._place(server)
        host, _, port = address(server).rpartition(":")
        listen = Listen(host, int(port), self._etcd.url, VERBOSITY)
        words = command_line(scenario.plane, listen, self._files(place))
        program = Program(name, [self._binaries.apiserver, *words], place / "apiserver.log")
        await program.start()
        self._programs[server] = program
        await program.ready(lambda: self._healthy(server), within_s=READY_S)

    def _place(self, server: int) -> Path:
        place = (self._folder or self._run) / f"apiserver-{server}"
        place.mkdir(parents=True, exist_ok=True)
        return place

    def _files(self, place: Path) -> Files:
        if self._folder is None:
            return Files(str(self._stage.pki))
        default_policy(place, self._binaries.version)
        return Files(str(self._stage.pki), str(place / "audit-policy.yaml"), str(place / "audit.log"))

    async def _healthy(self, server: int) -> bool:
        try:
            answer = await self._stage.network.send(
                address(server), "GET", "/healthz", credential=self._admin
            )
        except LostError:
            return False
        return answer.status == 200  # noqa: PLR2004 - OK

    async def change(self, key: str, value: Value) -> None:
        """Change a flag, which takes a restart of all servers.

        Raises:
            LabError: If the parameter is no flag.
        """
        if not settable(key, self._binaries.version):
            raise LabError(f"A real kube-apiserver has no flag for {key}.", _OWN)
        plane = set_parameter(self._scenario.plane, key, value, source="flag", place="lab")
        changed = replace(self._scenario, plane=plane)
        for server in list(self._programs):
            await self.down(server)
            await self.up(server, changed)

    async def slow(self, factor: float) -> None:  # noqa: ARG002 - refused
        """Refused."""
        raise LabError(IMPOSSIBLE["slow_etcd"], _OWN)

    async def shed(self, population: str, share: float) -> None:  # noqa: ARG002 - refused
        """Refused."""
        raise LabError(IMPOSSIBLE["shed"], _OWN)

    async def backlog(self, server: int, lookups: int) -> None:  # noqa: ARG002 - refused
        """Refused."""
        raise LabError(IMPOSSIBLE["backlog"], _OWN)

    async def status(self, server: int) -> Status:
        """What its /metrics tells; empty while it is down.

        Raises:
            LabError: If it ended by itself.
        """
        program = self._programs.get(server)
        if program is None:
            return {}
        if not program.runs:
            raise program.ended()
        try:
            answer = await self._stage.network.send(
                address(server), "GET", "/metrics", credential=self._admin
            )
        except LostError:
            return {}
        return {**measures(answer.body.decode("utf-8", "replace")), "holders": {}}

    async def dump(self, server: int) -> None:
        """Save what /metrics shows now beside the server's logs."""
        if server in self._programs and self._folder is not None:
            await dump(self._stage.network, server, self._folder, clock=self._stage.clock)

    async def close(self) -> None:
        """Let all end."""
        await asyncio.gather(*(program.stop() for program in self._programs.values()))
        self._programs.clear()
        await self._etcd.stop()


def _beyond_bootstrap(items: Sequence[Item], bootstrapped: Sequence[Item]) -> list[Item]:
    """Objects that a real server does not make by itself."""
    key: Callable[[Item], tuple[str, str]] = lambda item: (item[0], item[1]["metadata"]["name"])  # noqa: E731
    own = {key(item) for item in bootstrapped}
    return [item for item in items if item[0] in ACCOUNTS or key(item) not in own]
