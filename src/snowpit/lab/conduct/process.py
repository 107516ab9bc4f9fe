"""One API server of a lab as a process of its own: it serves HTTPS, and takes orders over a socket of the conductor's.

``python -m snowpit.lab.conduct.process FILE`` runs the server that a file of ``keep`` describes, until SIGTERM. The store is a
file that all servers share, so a process that is killed loses nothing that it has acknowledged.
"""

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from snowpit.errors import SnowpitError
from snowpit.knowledge.facts import Value
from snowpit.lab.authority.pki import Pki
from snowpit.lab.clock import Clock
from snowpit.lab.conduct.calls import Answer, answer
from snowpit.lab.evidence import Evidence
from snowpit.lab.network.listening import ListeningNetwork
from snowpit.lab.network.tls import server_context
from snowpit.lab.server import ApiServer
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.storage.latency import latency
from snowpit.lab.witness import Silent

FLUSH_S = 0.5
"""How long evidence may lie in the process before the system has it."""

USAGE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a process is started with.

    Args:
        setup: The server; its store is a file.
        origin: The time of the machine's monotonic clock when the lab began, s.
        control: Socket on which it takes orders.
        warm: Whether it counts as having run for long; else its informers have to list first.
    """

    setup: ServerSetup
    origin: float
    control: Path
    warm: bool = False


def keep(post: Post, path: Path) -> None:
    """Write a post to a file; there are no secrets in it."""
    path.write_bytes(msgspec.msgpack.encode(post, enc_hook=str))


def kept(path: Path) -> Post:
    """Read it."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Post, dec_hook=lambda kind, value: kind(value))


async def serve(post: Post) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        LabError: If the address is taken, or a file is missing.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    setup, made = post.setup, Pki(post.setup.pki)
    clock = Clock(post.origin, setup.epoch)
    context = server_context(setup.pki, "apiserver")
    network = ListeningNetwork(setup.pki, lambda _: context)
    store = Store(setup.store, clock, latency=latency(setup.plane, setup.seed, "store"))
    evidence = Evidence(setup, clock, network) if setup.evidence else None
    server = ApiServer(
        setup,
        network,
        store,
        clock=clock,
        witness=evidence or Silent(),
        verifier=made.verifier(),
        signer=made.signer(),
    )
    network.attach(setup.address, server.handle)
    if not post.warm:
        server.start()
    store.poll()
    control = await answer(post.control, _orders(server))
    flushing = asyncio.ensure_future(_flush(evidence))
    await stop.wait()
    flushing.cancel()
    await server.stop()
    if evidence is not None:
        await evidence.drain()
        evidence.close()
    await control.cleanup()
    await network.close()
    store.close()


def _orders(server: ApiServer) -> Mapping[str, Answer]:
    """What the conductor may ask for."""

    async def change(key: str, value: Value) -> None:
        server.change(key, value)

    async def slow(factor: float) -> None:
        server.slow(factor)

    async def shed(population: str, share: float) -> None:
        server.shed(population, share)

    async def backlog(lookups: int) -> None:
        server.backlog(lookups)

    async def status() -> object:
        return server.status()

    return {"change": change, "slow": slow, "shed": shed, "backlog": backlog, "status": status}


async def _flush(evidence: Evidence | None) -> None:
    while evidence is not None:
        await asyncio.sleep(FLUSH_S)
        evidence.flush()


def main(path: Path) -> int:
    """Run the server that a file describes; gives the exit code of the process."""
    try:
        with suppress(asyncio.CancelledError):
            asyncio.run(serve(kept(path)))
    except SnowpitError as error:
        sys.stderr.write(f"{error.message}\n")
        return USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
