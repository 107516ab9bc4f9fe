"""Sockets of a lab for tests: certificates, and a handler that listens while a test runs."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from snowpit.lab.authority.pki import Pki
from snowpit.lab.network.adapter import PATIENCE, Patience
from snowpit.lab.network.serving import Listener, listen, serve
from snowpit.lab.network.sockets import SocketNetwork
from snowpit.lab.network.tls import client_context, server_context
from snowpit.lab.wire import Certificate, Handler, Request, Response

ALICE = Certificate("alice", ("system:nodes", "staff"), "kubernetes")
PROXY = Certificate("front-proxy-client", (), "front-proxy-ca")


@cache
def pki() -> Path:
    """A folder of certificates, made once."""
    made = Pki(Path(mkdtemp(prefix="snowpit-test-")) / "pki")
    made.create()
    made.client("alice", ALICE)
    made.client("proxy", PROXY)
    return made.folder


@contextmanager
def alone() -> Iterator[None]:
    """One lab on sockets at a time: all take the same addresses, and tests may run side by side."""
    with (Path(gettempdir()) / "snowpit-test-lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def listening(
    handler: Handler, patience: Patience = PATIENCE
) -> AsyncIterator[tuple[Listener, SocketNetwork]]:
    """A handler behind a free port, and a network of clients."""
    listener = await serve(handler, listen("127.0.0.1:0"), server_context(pki(), "apiserver"), patience)
    network = SocketNetwork(pki())
    try:
        yield listener, network
    finally:
        await network.close()
        await listener.close()


@asynccontextmanager
async def raw(listener: Listener) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare TLS connection to it."""
    host, _, port = listener.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=client_context(pki()))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that nobody tells of."""
    while not holds():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.05)


async def ok(request: Request) -> Response:
    """Says that all is well."""
    return Response(200, {"Content-Type": "text/plain"}, request.path.encode("utf-8", "replace"))
