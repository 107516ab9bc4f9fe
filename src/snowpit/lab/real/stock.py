"""What a lab begins with, made through the API of a real server by an administrator.

No controller-manager runs, so namespaces, ServiceAccounts and the Secrets of their tokens are made by hand. A real server
gives every object a UID of its own, which tokens name; so ServiceAccounts come first.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from snowpit.errors import LabError
from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import Resource, table
from snowpit.lab.around.bodies import complete
from snowpit.lab.wire import Credential, LostError, Network

TOGETHER = 16
CREATED, OK, EXISTS = 201, 200, 409
JSON = {"content-type": "application/json"}
ACCOUNTS = ("namespaces", "serviceaccounts")
Item = tuple[str, Mapping[str, Any]]


class Stock:
    """Makes objects.

    Args:
        network: Carries requests.
        address: The server.
        admin: What the administrator shows.
        version: The server's version, for paths.
    """

    def __init__(self, network: Network, address: str, admin: Credential, version: Version) -> None:
        self._network, self._address, self._admin = network, address, admin
        self._resources = {one.qualified: one for one in table(version).values()}

    async def accounts(self, items: Iterable[Item]) -> dict[str, str]:
        """Make namespaces and ServiceAccounts; gives UIDs by ``namespace/name``.

        Raises:
            LabError: If the server refuses one.
        """
        found = list(items)
        for kind in ACCOUNTS:
            await self._all([item for item in found if item[0] == kind])
        names = {_name(item) for kind, item in found if kind == "serviceaccounts"}
        return {f"{space}/{name}": await self._uid(space, name) for space, name in sorted(names)}

    async def others(self, items: Iterable[Item]) -> None:
        """Make all the rest.

        Raises:
            LabError: If the server refuses one.
        """
        await self._all([item for item in items if item[0] not in ACCOUNTS])

    async def _all(self, items: list[Item]) -> None:
        gate = asyncio.Semaphore(TOGETHER)

        async def one(kind: str, item: Mapping[str, Any]) -> None:
            async with gate:
                await self._create(self._resources[kind], item)

        await asyncio.gather(*(one(kind, item) for kind, item in items))

    async def _create(self, resource: Resource, item: Mapping[str, Any]) -> None:
        """Make one object; one that is there already stays."""
        whole = {**complete(item), "kind": resource.kind, "apiVersion": resource.api_version()}
        target = _path(resource, _name(item)[0])
        status, answer = await self._send("POST", target, msgspec.json.encode(whole))
        if status not in (CREATED, EXISTS):
            raise LabError(
                f"kube-apiserver answered {status} to a new {resource.kind}: {answer.get('message', '')}.",
                "The lab may not know this version; its log says more.",
            )

    async def _uid(self, namespace: str, name: str) -> str:
        resource = self._resources["serviceaccounts"]
        status, answer = await self._send("GET", f"{_path(resource, namespace)}/{name}", b"")
        if status != OK:
            raise LabError(f"kube-apiserver answered {status} for {namespace}/{name}.", "See its log.")
        return str(answer["metadata"]["uid"])

    async def _send(self, method: str, target: str, body: bytes) -> tuple[int, Mapping[str, Any]]:
        try:
            response = await self._network.send(
                self._address, method, target, credential=self._admin, headers=JSON, body=body
            )
            return response.status, msgspec.json.decode(response.body, type=dict[str, Any])
        except (LostError, msgspec.DecodeError) as error:
            raise LabError("kube-apiserver gave no answer.", "See its log.") from error


def _name(item: Mapping[str, Any]) -> tuple[str, str]:
    """Namespace and name."""
    metadata = item["metadata"]
    return str(metadata.get("namespace", "")), str(metadata["name"])


def _path(resource: Resource, namespace: str) -> str:
    base = "/apis" if resource.group else "/api"
    space = f"/namespaces/{namespace}" if resource.namespaced else ""
    return f"{base}/{resource.api_version()}{space}/{resource.name}"
