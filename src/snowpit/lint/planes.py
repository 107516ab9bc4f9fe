"""Which API servers are taken as one control plane."""

from collections.abc import Iterable
from typing import NamedTuple

from snowpit.model.observation.configuration import Process


class Plane(NamedTuple):
    """What tells control planes apart, as files do not name their cluster.

    Args:
        folder: Folder of the files.
        release: Release of the servers; empty if not told.
    """

    folder: str
    release: str


def plane_of(server: Process) -> Plane:
    """The control plane that a kube-apiserver belongs to."""
    folder = server.pointer.path.rpartition("/")[0] if server.pointer else ""
    return Plane(folder, server.version or "")


def members(servers: Iterable[Process]) -> dict[Plane, dict[str, Process]]:
    """The servers of each control plane: name of the node, else the file -> the first process with it.

    Two processes without a node in one file are one server.
    """
    found: dict[Plane, dict[str, Process]] = {}
    for server in servers:
        name = server.server or (server.pointer.path if server.pointer else "")
        found.setdefault(plane_of(server), {}).setdefault(name, server)
    return found
