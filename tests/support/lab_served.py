"""One API server of a lab in a process of its own on a free port, with sockets of the plainest kind to speak to it."""

import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from snowpit.cluster.change import apply
from snowpit.cluster.scenario_file import load
from snowpit.lab.api import bootstrap
from snowpit.lab.authority import Signer
from snowpit.lab.authority.pki import Pki
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.process import Post, keep
from snowpit.lab.network.tls import NAME, client_context
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.wire import Certificate
from support.lab_process import START_S, until
from support.service_accounts import account

ACCOUNT = "app"
"""A ServiceAccount of namespace ``bench`` that is there."""

WITHIN_S = 60.0
WHO = {
    "admin": Certificate("admin", ("system:masters",), "kubernetes"),
    "node": Certificate("system:node:n0", ("system:nodes",), "kubernetes"),
}


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Served:
    """The server.

    Args:
        port: On 127.0.0.1.
        folder: Its evidence and keys.
        token: Token of ``ACCOUNT``.
        signer: Signs tokens as the cluster does.
        process: Its process.
    """

    port: int
    folder: Path
    token: str
    signer: Signer
    process: subprocess.Popen[bytes]

    @property
    def pki(self) -> Path:
        """Folder of its authorities and certificates."""
        return self.folder / "pki"

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        who: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own.

        Args:
            method: Method.
            target: Path and query.
            body: Body.
            who: Name of the client certificate; empty shows none.
            headers: Header fields.
        """
        context = client_context(self.pki, who)
        line = http.client.HTTPSConnection(NAME, self.port, context=context, timeout=WITHIN_S)
        try:
            line.request(method, target, body or None, dict(headers or {}))
            found = line.getresponse()
            return Answer(found.status, found.read())
        finally:
            line.close()

    def connect(self) -> socket.socket:
        """A connection without TLS."""
        return socket.create_connection(("127.0.0.1", self.port), WITHIN_S)

    def line(self, who: str = "") -> ssl.SSLSocket:
        """A connection with TLS on which nothing has been said yet."""
        return client_context(self.pki, who).wrap_socket(self.connect(), server_hostname=NAME)

    def well(self) -> bool:
        """Whether it serves an administrator, and has had no fault of its own."""
        serves = self.ask("GET", "/api/v1/nodes", who="admin").status == http.HTTPStatus.OK
        return serves and self.process.poll() is None and "Traceback" not in self.said()

    def said(self) -> str:
        """What its process said."""
        return (self.folder / "said.txt").read_text()


@contextmanager
def served(folder: Path, version: str) -> Iterator[Served]:
    """A server of a version that listens until the end of the block."""
    made = Pki(folder / "pki")
    made.create()
    for stem, who in WHO.items():
        made.client(stem, who)
    signer, clock = made.signer(), Clock(time.monotonic(), time.time_ns() // 1000)
    scenario = apply(load("healthy-1.12"), "version", version)
    token, objects = account(signer, ACCOUNT)
    store = Store(str(folder / "store.db"), clock)
    store.load([*bootstrap.objects(scenario.plane.version), *objects], stamp=clock.epoch)
    store.close()
    port = _free()
    setup = ServerSetup(
        name="apiserver-0",
        address=f"127.0.0.1:{port}",
        plane=scenario.plane,
        pki=made.folder,
        store=str(folder / "store.db"),
        evidence=folder / "evidence",
        epoch=clock.epoch,
    )
    keep(Post(setup=setup, origin=clock.origin, control=folder / "control.sock"), folder / "post")
    command = [sys.executable, "-m", "snowpit.lab.conduct.process", str(folder / "post")]
    with (folder / "said.txt").open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:  # noqa: S603 - made here
        try:
            until(lambda: (folder / "control.sock").exists() or process.poll() is not None, START_S)
            yield Served(port, folder, token, signer, process)
        finally:
            process.terminate()
            process.wait(WITHIN_S)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
