"""Costs of the lab's API and store: CPU per request on virtual time, and writes a second on disk.

python benchmarks/lab/api.py
"""

import asyncio
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from snowpit.cluster.control_plane import simulated
from snowpit.knowledge.version import Version
from snowpit.lab import virtual
from snowpit.lab.api import Api, bootstrap
from snowpit.lab.api.info import request_info
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import Exchange, User
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.wire import Request
from snowpit.lab.witness import Silent

NODES, REQUESTS = 1000, 20_000
WRITERS = (1, 10, 100)
ADMIN = User("admin", groups=("system:masters",))
MERGE = {"content-type": "application/strategic-merge-patch+json"}
CONDITIONS = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")


def node(number: int) -> dict[str, object]:
    """A Node with a status of usual size."""
    text = {"reason": "KubeletHasSufficientMemory", "message": "kubelet has sufficient memory available"}
    conditions = [{"type": name, "status": "False", "lastHeartbeatTime": "t", **text} for name in CONDITIONS]
    status = {"conditions": conditions, "capacity": {"cpu": "2", "memory": "8Gi", "pods": "110"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{number}"}, "status": status}


async def reviewed(_token: str, _audiences: tuple[str, ...]) -> User:
    """Knows every token at once."""
    return ADMIN


def heartbeat(number: int) -> Request:
    """A kubelet's write of its status."""
    conditions = [{"type": "Ready", "status": "True", "lastHeartbeatTime": f"t{number}"}]
    body = json.dumps({"status": {"conditions": conditions}}).encode()
    return Request(method="PATCH", path=f"/api/v1/nodes/n{number % NODES}/status", headers=MERGE, body=body)


def read(number: int) -> Request:
    """A read of a Node."""
    return Request(method="GET", path=f"/api/v1/nodes/n{number % NODES}")


def review(_: int) -> Request:
    """A TokenReview."""
    path = "/apis/authentication.k8s.io/v1beta1/tokenreviews"
    return Request(method="POST", path=path, body=b'{"spec":{"token":"x"}}')


def access(_: int) -> Request:
    """A SubjectAccessReview."""
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    body = b'{"spec":{"user":"u","resourceAttributes":{"verb":"get","resource":"nodes"}}}'
    return Request(method="POST", path=path, body=body)


async def requests() -> None:
    """CPU per request, request info included."""
    version, clock = Version.parse("1.12.4"), Clock(0.0, 0)
    setup = ServerSetup(name="a", address="127.0.0.1:6443", plane=simulated(version), pki=Path())
    store = Store(":memory:", clock)
    store.load([*bootstrap.objects(version), *(("nodes", node(number)) for number in range(NODES))], stamp=0)
    api = Api(setup, store, clock, authenticate=reviewed, authorizer=Authorizer(store), witness=Silent())
    kinds: tuple[Callable[[int], Request], ...] = (heartbeat, read, review, access)
    for make in kinds:
        asked = [make(number) for number in range(REQUESTS)]
        began = process_time()
        for request in asked:
            info = request_info(request.method, request.path, request.query)
            answer = await api.handle(Exchange(request, info, 0.0, "id", user=ADMIN))
            if answer.status not in (200, 201):
                raise SystemExit(answer.body.decode())
        print(f"{make.__name__:>12} {(process_time() - began) / REQUESTS * 1e6:6.0f} µs")


async def writes(folder: str, writers: int) -> None:
    """Writes a second that are on disk, by the number of clients that write at once."""
    store = Store(f"{folder}/{writers}.db", Clock(asyncio.get_running_loop().time(), 0))
    each = 2000 // writers

    async def write(writer: int) -> None:
        for number in range(each):
            item = node(number)
            await store.create("nodes", {**item, "metadata": {"name": f"n{writer}-{number}"}})

    began = perf_counter()
    await asyncio.gather(*(write(writer) for writer in range(writers)))
    print(f"{writers:4} writers {each * writers / (perf_counter() - began):6.0f} writes/s")
    store.close()


if __name__ == "__main__":
    virtual.run(requests())
    with tempfile.TemporaryDirectory() as place:
        for count in WRITERS:
            asyncio.run(writes(place, count))
