"""Rows of the setting table, gathered object by object, and objects put together again from paths of fields."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from snowpit.model.evidence import Pointer
from snowpit.model.observation.configuration import Setting
from snowpit.model.setting import WORKLOADS
from snowpit.store import Tables

MOST = 60_000
"""Settings that are looked at."""

KNOWN = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "metrics-server",
    "prometheus",
    "etcd",
    "kube-aggregator",
)
"""Components whose settings come first where there are too many."""

_DOT = re.compile(r"(?<!\\)\.")


@dataclass(slots=True)
class Group:
    """Settings of one object, in their order.

    Args:
        file: Row of the files table.
        component: Whom they configure.
        server: Which instance.
        document: Shape they stood in.
        object: Its name.
        version: Release told; null if none.
        values: By key; of a repeated flag the last.
    """

    file: int
    component: str
    server: str
    document: str
    object: str
    version: str | None
    values: dict[str, Setting] = field(default_factory=dict)

    @property
    def pointer(self) -> Pointer | None:
        """The first place that is told."""
        return next((value.pointer for value in self.values.values() if value.pointer), None)

    def text(self, key: str) -> str:
        """A value; empty if it is not there."""
        found = self.values.get(key)
        return found.value if found else ""


def groups(tables: Tables) -> tuple[list[Group], int]:
    """Settings by object, those of well-known components first, and how many were left out."""
    marks, plain = ", ".join("?" * len(KNOWN)), ", ".join("?" * (len(WORKLOADS) + 1))
    first = f"(document NOT IN ({plain}) OR (file, object) IN (SELECT file, object FROM settings WHERE component IN ({marks})))"
    bound = ["flags", *WORKLOADS, *KNOWN]
    files = dict(tables.run("SELECT file, path FROM files"))
    found: list[Group] = []
    total = 0
    for condition in (first, f"NOT {first}"):
        rows = tables.run(
            "SELECT file, component, server, document, object, key, value, version, line FROM settings"
            f" WHERE document <> 'Node' AND {condition} ORDER BY rowid LIMIT {MOST - total}",
            bound,
        )
        total += len(rows)
        found += _gathered(rows, files)
    every = tables.run("SELECT count(*) FROM settings WHERE document <> 'Node'")[0][0]
    return found, int(every) - total


def _gathered(rows: list[tuple[Any, ...]], files: Mapping[int, str]) -> Iterator[Group]:
    group: Group | None = None
    for file, component, server, document, name, key, value, version, line in rows:
        same = group is not None and (
            (group.file, group.component, group.server, group.document, group.object)
            == (file, component, server or "", document, name or "")
        )
        again = group is not None and key in group.values and (document != "flags" or key == "command")
        if group is None or not same or again or (document == "flags" and key == "command"):
            if group is not None:
                yield group
            group = Group(file, component, server or "", document, name or "", version)
        pointer = Pointer(files.get(file, ""), int(line)) if line else None
        group.values[key] = Setting(value, pointer)
        group.version = group.version or version
    if group is not None:
        yield group


def nested(values: Mapping[str, Setting]) -> dict[str, Any]:
    """An object put together from paths: mappings of mappings, lists with their index as key, settings at the ends."""
    tree: dict[str, Any] = {}
    for path, setting in values.items():
        *parents, last = [part.replace("\\.", ".").replace("\\\\", "\\") for part in _DOT.split(path)]
        inner: Any = tree
        for part in parents:
            following = inner.setdefault(part, {})
            if not isinstance(following, dict):
                following = inner[part] = {}
            inner = following
        if setting.value not in ("[]", "{}"):
            inner.setdefault(last, setting)
    return tree


def at(tree: Any, *path: str) -> Any:  # noqa: ANN401 - settings or mappings of such
    """What stands under a path; null if nothing does."""
    for part in path:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(part)
    return tree


def value(tree: Any, *path: str) -> str:  # noqa: ANN401
    """The value under a path; empty if there is none."""
    found = at(tree, *path)
    return found.value if isinstance(found, Setting) else ""


def listed(tree: Any, *path: str) -> list[Any]:  # noqa: ANN401
    """The list under a path, in its order; empty if there is none."""
    found = at(tree, *path)
    if not isinstance(found, dict):
        return []
    return [found[key] for key in sorted(filter(str.isdecimal, found), key=int)]


def texts(tree: Any, *path: str) -> tuple[str, ...]:  # noqa: ANN401
    """The values of the list under a path."""
    return tuple(item.value for item in listed(tree, *path) if isinstance(item, Setting))


def place(tree: Any) -> Pointer | None:  # noqa: ANN401
    """The first place below a tree."""
    if isinstance(tree, Setting):
        return tree.pointer
    inner = tree.values() if isinstance(tree, dict) else ()
    return next((found for item in inner if (found := place(item))), None)
