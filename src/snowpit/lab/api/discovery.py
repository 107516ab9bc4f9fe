"""What a server tells of itself: API groups, versions and resources, its release, and whether it is well.

Sources: kubernetes/apiserver pkg/endpoints/discovery, pkg/server/{healthz,routes/version.go}, 1.12 to 1.28. livez and
readyz: from 1.16. Commit, build date and Go version are those of the lab, not of a release.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import NEWEST, Resource, Table, table
from snowpit.lab.api.status import JSON, TEXT
from snowpit.lab.wire import Response

_CHECKS = ("ping", "log", "etcd", "poststarthook/rbac/bootstrap-roles")
_HEALTH = {"healthz": "", "livez": "1.16.0", "readyz": "1.16.0"}
"""Health endpoints and their first release."""


class Discovery:
    """Answers about the server itself.

    Args:
        version: Its version; null counts as the newest.
        address: Where it listens.
    """

    def __init__(self, version: Version | None, address: str) -> None:
        self._version = version or NEWEST
        self._documents = {path: _json(item) for path, item in _documents(table(version), address)}
        self._documents["/version"] = _json(release(self._version))

    def get(self, path: str, query: Mapping[str, str]) -> Response | None:
        """The answer to a GET; null if the path is not about the server itself."""
        found = self._documents.get(path.rstrip("/"))
        if found is not None:
            return Response(200, JSON, found)
        return self._health(path, query)

    def _health(self, path: str, query: Mapping[str, str]) -> Response | None:
        endpoint, _, check = path.strip("/").partition("/")
        if endpoint not in _HEALTH or not self._version.within(_HEALTH[endpoint], ""):
            return None
        if check:
            return Response(200, TEXT, b"ok") if check in _CHECKS else None
        if "verbose" not in query:
            return Response(200, TEXT, b"ok")
        lines = [f"[+]{name} ok" for name in _CHECKS if name != query.get("exclude")]
        passed = "healthz check passed" if endpoint == "healthz" else f"{endpoint} check passed"
        return Response(200, TEXT, "\n".join([*lines, passed, ""]).encode())


def _json(item: object) -> bytes:
    return msgspec.json.encode(item) + b"\n"


def _documents(resources: Table, address: str) -> Iterator[tuple[str, object]]:
    groups: dict[str, list[Resource]] = {}
    for resource in resources.values():
        groups.setdefault(resource.group, []).append(resource)
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    yield "/api", {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}
    listed = [_group(name, members[0].versions) for name, members in groups.items() if name]
    yield "/apis", {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    for name, members in groups.items():
        if name:
            yield (
                f"/apis/{name}",
                {"kind": "APIGroup", "apiVersion": "v1", **_group(name, members[0].versions)},
            )
        for version in members[0].versions:
            place = f"/apis/{name}/{version}" if name else f"/api/{version}"
            yield place, _resources(members, version)


def _group(name: str, versions: tuple[str, ...]) -> dict[str, Any]:
    served = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": served, "preferredVersion": served[0]}


def _resources(members: list[Resource], version: str) -> dict[str, Any]:
    found = []
    for resource in members:
        short = {"shortNames": list(resource.short)} if resource.short else {}
        found.append(
            {
                "name": resource.name,
                "singularName": resource.singular,
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": list(resource.verbs),
                **short,
            }
        )
        found.extend(
            {
                "name": f"{resource.name}/{name}",
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": {"binding": "Binding", "token": "TokenRequest"}.get(name, resource.kind),
                "verbs": list(verbs),
                **({"group": "authentication.k8s.io", "version": "v1"} if name == "token" else {}),
            }
            for name, verbs in resource.subresources.items()
        )
    api_version = members[0].api_version(version)
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": found}


def release(version: Version) -> dict[str, str]:
    """What ``/version`` tells of a release."""
    return {
        "major": str(version.major),
        "minor": str(version.minor),
        "gitVersion": f"v{version.major}.{version.minor}.{version.patch or 0}",
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.10",
        "compiler": "gc",
        "platform": "linux/amd64",
    }
