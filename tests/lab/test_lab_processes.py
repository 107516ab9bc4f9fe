"""API servers of a lab as processes: they share a store, and one that is killed loses nothing that it has acknowledged."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario_file import load
from snowpit.errors import LabError
from snowpit.lab.conduct.casting import LAB
from snowpit.lab.conduct.on_sockets import authorities, contexts, staged
from snowpit.lab.conduct.processes import ServerProcesses
from snowpit.lab.conduct.stage import Stage, address
from snowpit.lab.network.listening import ListeningNetwork
from snowpit.lab.wire import Credential, LostError, Response
from support.lab_sockets import alone, until

ADMIN = Credential(certificate=LAB)
MAPS = "/api/v1/namespaces/default/configmaps"
WRITERS = 8


class Lab:
    """Two servers."""

    def __init__(self, stage: Stage, servers: ServerProcesses, folder: Path) -> None:
        self.stage, self.servers, self.folder = stage, servers, folder
        self.acknowledged: set[str] = set()

    async def ask(self, server: int, method: str, target: str, body: object = None) -> Response:
        sent = json.dumps(body).encode() if body else b""
        headers = {"content-type": "application/json"}
        return await self.stage.network.send(
            address(server), method, target, credential=ADMIN, headers=headers, body=sent
        )

    async def write(self, writer: int) -> None:
        """Create objects at the first server until it is lost."""
        number = 0
        while True:
            name = f"map-{writer}-{number}"
            made = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}}
            try:
                answer = await self.ask(0, "POST", MAPS, made)
            except LostError:
                return
            assert answer.status == 201, answer.body
            self.acknowledged.add(name)
            number += 1

    async def names(self, server: int) -> set[str]:
        found = json.loads((await self.ask(server, "GET", MAPS)).body)
        return {item["metadata"]["name"] for item in found["items"]}


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Lab]:
    scenario = scaled(load("incident-1.12", overrides=("servers=2",)), 0.02)
    made = authorities(folder / "pki", scenario.servers)
    network = ListeningNetwork(made.folder, contexts(made.folder))
    with TemporaryDirectory(prefix="snowpit-test-") as run:
        stage = staged(scenario, 1, made=made, network=network)
        servers = ServerProcesses(stage, folder=folder, run=Path(run))
        try:
            await servers.start()
            yield Lab(stage, servers, folder)
        finally:
            await servers.close()
            await network.close()


def in_lab(main: Coroutine[None, None, None]) -> None:
    with alone():
        asyncio.run(main)


def test_a_killed_server_loses_no_acknowledged_write(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as lab:
            for _ in range(2):
                before = len(lab.acknowledged)
                writers = asyncio.gather(*(lab.write(before + one) for one in range(WRITERS)))
                await until(lambda before=before: len(lab.acknowledged) > before + 100)  # type: ignore[misc]
                await lab.servers.down(0)
                await writers
                assert lab.acknowledged <= await lab.names(1)
                await lab.servers.up(0, lab.stage.scenario)
                assert lab.acknowledged <= await lab.names(0)

    in_lab(main())
    for line in (tmp_path / "apiserver-0" / "audit.log").read_text("utf-8").splitlines():
        json.loads(line)


def test_a_watch_at_one_server_sees_what_another_wrote(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as lab:
            watch = await lab.ask(1, "GET", f"{MAPS}?watch=true")
            made = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "seen"}}
            await lab.ask(0, "POST", MAPS, made)
            assert watch.stream is not None
            async with asyncio.timeout(30):
                told = await anext(watch.stream)
            event = json.loads(told.splitlines()[0])
            assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "seen")

    in_lab(main())


def test_a_server_that_dies_by_itself_is_told_and_orders_reach_all(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as lab:
            await lab.servers.change("max_mutating_requests_inflight", 7)
            await lab.servers.slow(2.0)
            assert (await lab.servers.status(1))["seats_mutating"] == 0
            os.kill(int(str((await lab.servers.status(0))["pid"])), signal.SIGKILL)
            with pytest.raises(LabError, match="apiserver-0 ended by itself"):
                await lab.servers.status(0)

    in_lab(main())
