"""Runs a lab from its start to its end: events at their time, samples bin by bin, operators in between."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from aiohttp.web import AppRunner

from snowpit.cluster.scenario import Scenario
from snowpit.lab.clock import Clock
from snowpit.lab.conduct import calls, configuration
from snowpit.lab.conduct.course import Course
from snowpit.lab.conduct.parties import Around, Servers, Status
from snowpit.lab.conduct.record import Record
from snowpit.lab.conduct.sampling import Sampler, Seen
from snowpit.lab.setup import PLAIN, Auditing
from snowpit.model.sample import Marker, Run

CONTROL = "control.sock"
"""Name of the socket in a lab's folder over which ``snowpit lab set`` and its like reach a running lab."""


class Conductor:
    """One lab.

    Args:
        scenario: What is to happen.
        servers: The API servers, started.
        around: Everything around them, not yet calling.
        clock: The lab's clock.
        folder: The lab's folder; null keeps nothing.
        seen: Told of every bin.
        auditing: How the API servers are audited.
    """

    def __init__(
        self,
        scenario: Scenario,
        servers: Servers,
        around: Around,
        *,
        clock: Clock,
        folder: Path | None = None,
        seen: Seen | None = None,
        auditing: Auditing = PLAIN,
    ) -> None:
        self._auditing = auditing
        self._around, self._clock, self._folder = around, clock, folder
        self._servers = servers
        self._stopped = asyncio.Event()
        self._until = scenario.horizon_s
        self.record = Record(folder, clock)
        self.course = Course(
            scenario, servers, around, record=self.record, clock=clock, changed=self._configured
        )
        self._configured(scenario)
        self._sampler = Sampler(
            servers, scenario.servers, bin_s=scenario.bin_s, clock=clock, seen=seen or _nobody
        )

    @property
    def markers(self) -> tuple[Marker, ...]:
        """What has happened so far."""
        return tuple(self.record.markers)

    def _configured(self, scenario: Scenario) -> None:
        """Keep the configuration in the lab's folder."""
        if self._folder is not None:
            configuration.write(scenario, self._folder, self._auditing)

    async def run(self, *, seed: int) -> Run:
        """Carry the scenario out to its horizon, or until somebody stops the lab.

        Raises:
            SnowpitError: If an event cannot be carried out.
        """
        self.record.note("begin", scenario=self.course.scenario.name, seed=seed)
        parts: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self.course.run()),
            asyncio.ensure_future(self._sampler.run(self._until)),
            asyncio.ensure_future(self._stopped.wait()),
            asyncio.ensure_future(self.course.trouble()),
        ]
        try:
            await _whichever(parts[1:], parts[:1])
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await self.course.close()
        self.record.note("end")
        return await self._result(seed)

    async def _result(self, seed: int) -> Run:
        samples = self._sampler.samples(await self._around.samples())
        attempts = sum(sum(one.get("attempts", ())) for one in samples.clients.values())
        return Run(
            seed=seed,
            ended_s=samples.bins * samples.bin_s,
            overflow="",
            samples=samples,
            markers=self.markers,
            events=int(attempts),
            counts={"attempts": attempts},
        )

    async def open(self, folder: Path) -> AppRunner:
        """Answer ``snowpit lab set`` and its like until the runner is cleaned up; SIGTERM stops the lab in order."""
        with suppress(ValueError, RuntimeError):  # only the main thread hears signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stopped.set)
        return await calls.answer(
            folder / CONTROL, {"do": self._do, "status": self._status, "stop": self._stop}
        )

    async def _do(self, event: Mapping[str, object]) -> dict[str, object]:
        title = await self.course.do(event)
        return {"done": title, "at_s": self._clock.now()}

    async def _status(self) -> dict[str, object]:
        scenario = self.course.scenario
        return {
            "scenario": scenario.name,
            "now_s": self._clock.now(),
            "until_s": self._until,
            "version": str(scenario.plane.version),
            "servers": [await self._servers.status(server) for server in range(scenario.servers)],
            "populations": await self._around.status(),
            "happened": [[one.at_s, one.title] for one in self.markers],
        }

    async def _stop(self) -> dict[str, object]:
        self._stopped.set()
        return {"done": "stop", "at_s": self._clock.now()}


async def _whichever(
    ends: Sequence["asyncio.Future[object]"], others: Sequence["asyncio.Future[object]"]
) -> None:
    """Wait for one of the ends; a failure of any of them comes out here."""
    waiting = {*ends, *others}
    while not any(part.done() for part in ends):
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            part.result()


def _nobody(_now: float, _told: Sequence[Status]) -> None:
    """Nobody watches."""
