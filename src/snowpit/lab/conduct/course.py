"""What happens to a running lab: the scenario's events at their time, and what operators do in between."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from snowpit.cluster.change import PARAMETERS, apply
from snowpit.cluster.happenings import events
from snowpit.cluster.scenario import Event, Scenario
from snowpit.errors import LabError
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.parties import Around, Servers
from snowpit.lab.conduct.record import Record

Act = Callable[[Event], Awaitable[None]]
Changed = Callable[[Scenario], None]
FIXED = ("servers", "horizon", "bin", "kubelets.count")
"""What a running lab cannot change."""


class Course:
    """Carries out events.

    Args:
        scenario: The scenario; ``scenario`` of the course is what it has become.
        servers: The API servers.
        around: Everything around them.
        record: Where it is noted.
        clock: The lab's clock.
        changed: Told of what the scenario has become.
    """

    def __init__(
        self,
        scenario: Scenario,
        servers: Servers,
        around: Around,
        *,
        record: Record,
        clock: Clock,
        changed: Changed,
    ) -> None:
        self.scenario, self._changed = scenario, changed
        self._servers, self._around, self._record, self._clock = servers, around, record, clock
        self._later: set[asyncio.Task[None]] = set()
        self._trouble = asyncio.Event()
        self._failures: list[BaseException] = []
        self._down: set[int] = set()
        self._acts: Mapping[str, Act] = {
            "burst": self._burst,
            "backlog": self._backlog,
            "restart": self._restart,
            "lose": self._lose,
            "return": self._return,
            "slow_etcd": self._slow_etcd,
            "set": self._set,
            "upgrade": self._upgrade,
            "stop": self._stop,
            "start": self._start,
            "shed": self._shed,
        }

    async def run(self) -> None:
        """Carry out the scenario's events, each at its time."""
        for event in self.scenario.events:
            await asyncio.sleep(max(0.0, event.at_s - self._clock.now()))
            await self.act(event)

    async def do(self, raw: Mapping[str, object]) -> str:
        """Carry out an event that an operator asks for now, written as in a scenario file but without ``at``.

        Raises:
            ScenarioError: If it does not hold.
            LabError: If a running lab cannot do it.
        """
        (event,) = events([{**raw, "at": f"{self._clock.now():.6f}s"}], self.scenario, "lab")
        await self.act(event)
        return self._record.markers[-1].title

    async def act(self, event: Event) -> None:
        """Carry out one event and note it."""
        before = self.scenario
        await self._acts[event.action](event)
        self._record.done(event)
        if self.scenario is not before:
            self._changed(self.scenario)

    async def trouble(self) -> None:
        """Wait until something that was to follow has failed, and raise what it raised.

        Raises:
            LabError: If a server did not start again, for instance.
        """
        await self._trouble.wait()
        raise self._failures[0]

    async def close(self) -> None:
        """Drop what was still to follow."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def _which(self, event: Event) -> list[int]:
        one = event.settings.get("server")
        return list(range(self.scenario.servers)) if one is None else [int(one)]

    def _follow(self, after_s: float, what: Callable[[], Awaitable[None]]) -> None:
        """Do something later."""

        async def wait() -> None:
            await asyncio.sleep(after_s)
            await what()

        task = asyncio.ensure_future(wait())
        self._later.add(task)
        task.add_done_callback(self._followed)

    def _followed(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._failures.append(failure)
            self._trouble.set()

    async def _burst(self, event: Event) -> None:
        given, one = event.settings, event.settings.get("server")
        await self._around.burst(
            str(given["clients"]),
            int(given["requests"]),
            float(given.get("spread_s", 1.0)),
            None if one is None else int(one),
        )

    async def _backlog(self, event: Event) -> None:
        for server in self._which(event):
            await self._servers.backlog(server, int(event.settings["lookups"]))

    async def _restart(self, event: Event) -> None:
        which = self._which(event)
        for server in which:
            await self._servers.down(server)
        spread = float(event.settings.get("spread_s", 1.0))
        self._follow(float(event.settings.get("down_s", 0.0)), lambda: self._up(which, spread))

    async def _up(self, which: list[int], spread_s: float) -> None:
        for server in which:
            await self._servers.up(server, self.scenario)
            self._down.discard(server)
        for server in which:
            await self._around.reconnect(server, spread_s)

    async def _lose(self, event: Event) -> None:
        (server,) = self._which(event)
        if self.scenario.servers - len(self._down) < 2:  # noqa: PLR2004 - one has to stay
            raise LabError("The last API server cannot be lost.", "Restart it instead: lab restart.")
        await self._servers.down(server)
        self._down.add(server)
        await self._around.move(server, away=True)
        for other in range(self.scenario.servers):
            if other not in self._down:
                await self._around.reconnect(other, float(event.settings.get("spread_s", 1.0)))

    async def _return(self, event: Event) -> None:
        (server,) = self._which(event)
        if server not in self._down:
            raise LabError(f"apiserver-{server} is not lost.", "lab status shows which servers are up.")
        await self._around.move(server, away=False)
        await self._up([server], float(event.settings.get("spread_s", 1.0)))

    async def _slow_etcd(self, event: Event) -> None:
        await self._servers.slow(float(event.settings["factor"]))
        self._follow(float(event.settings["for_s"]), lambda: self._servers.slow(1.0))

    async def _set(self, event: Event) -> None:
        key, value = str(event.settings["key"]), event.settings["value"]
        if key in FIXED:
            raise LabError(f"{key} cannot change while a lab runs.", "Start another lab with --set.")
        changed = apply(self.scenario, key, value)
        name = key.removeprefix("control_plane.")
        if name in PARAMETERS:
            await self._servers.change(name, changed.plane.values[name].value)
        else:
            await self._around.change(changed)
        self.scenario = changed

    async def _upgrade(self, event: Event) -> None:
        upgraded = apply(self.scenario, "version", str(event.settings["version"]))
        self._servers.check(upgraded)
        self.scenario = upgraded
        await self._restart(event)

    async def _stop(self, event: Event) -> None:
        await self._around.running(str(event.settings["clients"]), runs=False)

    async def _start(self, event: Event) -> None:
        await self._around.running(str(event.settings["clients"]), runs=True)

    async def _shed(self, event: Event) -> None:
        await self._servers.shed(str(event.settings["clients"]), float(event.settings["share"]))
