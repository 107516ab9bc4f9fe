"""Look-ups of Secrets, ServiceAccounts and Pods on behalf of a token: live, or from 1.14 an informer's cache first.

An informer answers once it has listed. What it does not know is asked for live, so a token whose Secret is gone costs a
live read in every version. Source: pkg/controller/serviceaccount/tokengetter.go 1.12.4, 1.14.0; kubernetes#71816.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lab.authentication.loopback import HopelessError, Loopback
from snowpit.lab.storage import Store
from snowpit.lab.wire import LostError

PATHS = {"secrets": "secrets", "serviceaccounts": "serviceaccounts", "pods": "pods"}
OK = 200


class Lookups:
    """Finds objects that tokens name.

    Args:
        plane: Whether informers come first, and when they have synced.
        loopback: The client for live reads.
        store: What informers mirror.
    """

    def __init__(self, plane: ControlPlane, loopback: Loopback, store: Store) -> None:
        self._loopback, self._store = loopback, store
        self._synced_at = float("-inf")
        self.configure(plane)

    def configure(self, plane: ControlPlane) -> None:
        """Take on parameters."""
        self._informer_first = bool(plane.flag("informer_first"))
        self._in_deadline = bool(plane.flag("loopback_wait_in_deadline"))
        limit = plane.number("lookup_limit_s") or 0.0
        self._patience = limit if self._in_deadline and limit > 0.0 else float("inf")
        self._sync_s = plane.number("informer_sync_s") or 0.0

    def restarted(self) -> None:
        """The server has just started: its informers have to list first."""
        self._synced_at = asyncio.get_running_loop().time() + self._sync_s

    async def find(self, resource: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        """An object; null if it is gone or cannot be read."""
        if self._informer_first and asyncio.get_running_loop().time() >= self._synced_at:
            known = self._store.peek(resource, namespace, name)
            if known is not None:
                return _decoded(known)
        try:
            response = await self._loopback.get(
                f"/api/v1/namespaces/{namespace}/{PATHS[resource]}/{name}", patience=self._patience
            )
        except (HopelessError, LostError):
            return None
        return _decoded(response.body) if response.status == OK else None


def _decoded(body: bytes) -> Mapping[str, Any]:
    found: Mapping[str, Any] = msgspec.json.decode(body, type=dict)
    return found
