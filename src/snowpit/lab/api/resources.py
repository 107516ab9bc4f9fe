"""The table of resources that the lab serves, by version."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from snowpit.knowledge.version import Version

NEWEST = Version(1, 999)
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
REQUESTS_SINCE = "1.12.0"
"""From here on ``serviceaccounts/token`` is on by default (beta)."""


class Resource(NamedTuple):
    """A resource.

    Args:
        group: API group, empty for the core group.
        name: Plural name, as in paths.
        singular: Singular name.
        kind: Kind.
        namespaced: Whether it lives in namespaces.
        verbs: What can be done with it.
        short: Short names.
        subresources: Verbs of each subresource.
        versions: Versions served, the preferred one first.
    """

    group: str
    name: str
    singular: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    short: tuple[str, ...]
    subresources: Mapping[str, tuple[str, ...]]
    versions: tuple[str, ...]

    @property
    def qualified(self) -> str:
        """Resource and group as in messages and in the store: ``leases.coordination.k8s.io``."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def stored(self) -> bool:
        """Whether objects are kept; reviews are only answered."""
        return "get" in self.verbs

    def api_version(self, version: str = "") -> str:
        """``apiVersion`` of its objects; empty takes the preferred version."""
        version = version or self.versions[0]
        return f"{self.group}/{version}" if self.group else version


Table = Mapping[tuple[str, str], Resource]
"""Resources by group and name."""


@cache
def table(version: Version | None) -> Table:
    """What an API server of a version serves; an unknown version counts as the newest."""
    at = version or NEWEST
    text = files("snowpit.lab.api").joinpath("resources.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    served = {
        group["name"]: tuple(name for name, since, until in group["versions"] if at.within(since, until))
        for group in raw["group"]
    }
    rows = [
        _resource(row, served[row["group"]], at)
        for row in raw["resource"]
        if at.within(row.get("since", ""), "")
    ]
    return {(row.group, row.name): row for row in rows if row.versions}


def _resource(row: Mapping[str, Any], versions: tuple[str, ...], at: Version) -> Resource:
    subresources = {name: tuple(verbs) for name, verbs in row.get("subresources", {}).items()}
    if not at.at_least(REQUESTS_SINCE):
        subresources.pop("token", None)
    return Resource(
        row["group"],
        row["name"],
        row.get("singular", row["kind"].lower()),
        row["kind"],
        row.get("namespaced", True),
        tuple(row.get("verbs", VERBS)),
        tuple(row.get("short", ())),
        subresources,
        versions,
    )
