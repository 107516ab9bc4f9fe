"""What sockets of a lab cost: kubelets that listen in one process, and clients that ask them all at once and again.

Run: ``.venv/bin/python benchmarks/lab/network.py``. It prints memory and processor time, client and server together.
"""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from snowpit.lab.around.kubelets import address
from snowpit.lab.authority.pki import Pki
from snowpit.lab.network.listening import ListeningNetwork
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.network.tls import CLIENTS, server_context
from snowpit.lab.wire import Certificate, Credential, Network, Request, Response

KUBELETS, ASKERS, ROUNDS = 1000, 1400, 3
MEMORY_REQUESTS = 100_000


async def answer(_: Request) -> Response:
    """The least that a handler can do."""
    return Response(200, {"Content-Type": "text/plain"}, b"ok")


def resident() -> float:
    """Memory of this process, MB."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def asked(network: Network) -> None:
    """Every client asks one kubelet, all at once."""
    who = Credential(certificate="client")
    calls = (network.send(address(i % KUBELETS), "GET", "/metrics", credential=who) for i in range(ASKERS))
    await asyncio.gather(*calls)


async def sockets(folder: Path) -> None:
    """Print what sockets cost."""
    made = Pki(folder)
    made.create()
    made.server("kubelet", "kubelet", ("127.0.0.1",))
    made.client("client", Certificate("client", (), "kubernetes"))
    context = server_context(folder, "kubelet", CLIENTS[:1])
    network = ListeningNetwork(folder, lambda _: context)
    before = resident()
    for node in range(KUBELETS):
        network.attach(address(node), answer)
    await asyncio.sleep(1)
    print(f"{KUBELETS} kubelets listen: {resident() - before:.0f} MB")
    for number in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        await asked(network)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(
            f"round {number}: {ASKERS} requests in {wall:.2f} s, {cpu / ASKERS * 1e3:.2f} ms of processor each"
        )
    print(f"with {ASKERS} open connections, both ends: {resident() - before:.0f} MB")
    await network.close()


async def memory() -> None:
    """Print what a request costs in memory."""
    network = MemoryNetwork({})
    network.attach("127.0.0.1:6443", answer)
    cpu = time.process_time()
    for _ in range(MEMORY_REQUESTS):
        await network.send("127.0.0.1:6443", "GET", "/api/v1/pods?limit=5")
    cpu = time.process_time() - cpu
    print(f"in memory: {cpu / MEMORY_REQUESTS * 1e6:.0f} us of processor a request")


if __name__ == "__main__":
    with TemporaryDirectory() as spare:
        asyncio.run(sockets(Path(spare) / "pki"))
    asyncio.run(memory())
