"""The API servers of a lab, each a process of its own on wall time; killed as a machine that fails is."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from snowpit.cluster.scenario import Scenario
from snowpit.errors import LabError
from snowpit.knowledge.facts import Value
from snowpit.lab.conduct.calls import call
from snowpit.lab.conduct.dumps import dump
from snowpit.lab.conduct.parties import Status
from snowpit.lab.conduct.process import Post, keep
from snowpit.lab.conduct.servers import setup_of
from snowpit.lab.conduct.stage import Stage, items
from snowpit.lab.real.program import Program
from snowpit.lab.storage import Store

READY_S = 60.0
STORE = "store.db"


def lead(servers: int) -> float:
    """Seconds that processes may take to start before a lab begins, on two cores."""
    return 2.0 + servers


class ServerProcesses:
    """The API servers; implements ``conduct.parties.Servers``.

    Args:
        stage: The lab.
        folder: Folder of evidence; null writes none.
        run: Folder for sockets and set-ups, readable by its owner alone.
    """

    def __init__(self, stage: Stage, *, folder: Path | None, run: Path) -> None:
        self._stage, self._folder, self._run = stage, folder, run
        self._store = str(stage.pki / STORE)
        self._programs: dict[int, Program] = {}
        self._serving: set[int] = set()
        self._factor = 1.0

    async def start(self) -> None:
        """Fill the store, start all, and wait until the lab's clock stands at zero.

        Raises:
            LabError: If one does not start; those that did are stopped.
        """
        self._stock()
        try:
            scenario = self._stage.scenario
            await asyncio.gather(
                *(self._up(server, scenario, warm=True) for server in range(scenario.servers))
            )
        except LabError:
            await self.close()
            raise
        await asyncio.sleep(max(0.0, -self._stage.clock.now()))

    def _stock(self) -> None:
        """Fill the store, which holds Secrets."""
        Path(self._store).touch(mode=0o600)
        store = Store(self._store, self._stage.clock)
        store.load(items(self._stage), stamp=self._stage.clock.epoch)
        store.close()

    def check(self, scenario: Scenario) -> None:
        """They run every version."""

    async def down(self, server: int) -> None:
        """Kill one server."""
        self._serving.discard(server)
        found = self._programs.pop(server, None)
        if found is not None:
            await found.stop(at_once=True)

    async def up(self, server: int, scenario: Scenario) -> None:
        """Start it anew, and wait until it serves."""
        await self._up(server, scenario, warm=False)

    async def _up(self, server: int, scenario: Scenario, *, warm: bool) -> None:
        setup = setup_of(self._stage, server, scenario, folder=self._folder, store=self._store)
        post = Post(setup=setup, origin=self._stage.clock.origin, control=self._socket(server), warm=warm)
        path = self._run / f"{setup.name}.setup"
        keep(post, path)
        words = (sys.executable, "-m", "snowpit.lab.conduct.process", str(path))
        program = Program(setup.name, words, self._run / f"{setup.name}.err")
        await program.start()
        self._programs[server] = program
        await program.ready(lambda: self._answers(server), within_s=READY_S)
        if self._factor != 1.0:
            await self._order(server, "slow", {"factor": self._factor})
        self._serving.add(server)

    async def _answers(self, server: int) -> bool:
        try:
            await self._order(server, "status", {})
        except LabError:
            return False
        return True

    async def change(self, key: str, value: Value) -> None:
        """Change a parameter of all servers."""
        await self._all("change", {"key": key, "value": value})

    async def slow(self, factor: float) -> None:
        """Slow the store."""
        self._factor = factor
        await self._all("slow", {"factor": factor})

    async def shed(self, population: str, share: float) -> None:
        """Refuse a share of a population's attempts."""
        await self._all("shed", {"population": population, "share": share})

    async def backlog(self, server: int, lookups: int) -> None:
        """Queue reads that nobody waits for."""
        if server in self._programs:
            await self._order(server, "backlog", {"lookups": lookups})

    async def status(self, server: int) -> Status:
        """Counts and state, and its process; empty while it is down.

        Raises:
            LabError: If it ended by itself.
        """
        if server not in self._serving:
            return {}
        program = self._programs[server]
        try:
            return {**await self._order(server, "status", {}), "pid": program.pid}
        except LabError:
            if server not in self._serving:
                return {}
            if await program.gone():
                raise program.ended() from None
            raise

    async def dump(self, server: int) -> None:
        """Save what /metrics shows now beside the server's logs."""
        if server in self._programs and self._folder is not None:
            await dump(self._stage.network, server, self._folder, clock=self._stage.clock)

    async def close(self) -> None:
        """Let all end."""
        await asyncio.gather(*(program.stop() for program in self._programs.values()))
        self._programs.clear()

    async def _all(self, name: str, arguments: Mapping[str, object]) -> None:
        for server in self._programs:
            await self._order(server, name, arguments)

    async def _order(self, server: int, name: str, arguments: Mapping[str, object]) -> Status:
        found: Status = await call(self._socket(server), name, arguments)
        return found

    def _socket(self, server: int) -> Path:
        return self._run / f"{server}.sock"
