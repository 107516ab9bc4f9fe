"""Lists as tables, which is how kubectl asks for them (``as=Table``, meta.k8s.io/v1beta1 from 1.10, v1 from 1.15).

Columns as pkg/printers/internalversion/printers.go, shortened to what the lab's objects hold.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from snowpit.lab.api.resources import Resource

Object = dict[str, Any]
Cells = Callable[[Object], list[object]]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def as_table(
    resource: Resource, items: Iterable[Object], metadata: Mapping[str, str], version: str, now: str
) -> bytes:
    """A Table of objects.

    Args:
        resource: Their resource.
        items: The objects.
        metadata: Metadata of the list.
        version: Version of meta.k8s.io.
        now: This instant, as creationTimestamps are written.
    """
    names, cells = _COLUMNS.get(resource.name, ((), lambda _: []))
    columns = [_column("Name", "name"), *(_column(name) for name in names), _column("Age")]
    api_version = f"meta.k8s.io/{version}"
    rows = [
        {
            "cells": [
                item["metadata"]["name"],
                *cells(item),
                age(item["metadata"]["creationTimestamp"], now),
            ],
            "object": {
                "kind": "PartialObjectMetadata",
                "apiVersion": api_version,
                "metadata": item["metadata"],
            },
        }
        for item in items
    ]
    head = {"kind": "Table", "apiVersion": api_version, "metadata": metadata}
    return msgspec.json.encode({**head, "columnDefinitions": columns, "rows": rows})


def age(created: str, now: str) -> str:
    """Time since, as kubectl shows it.

    >>> age("2020-01-01T00:00:00Z", "2020-01-01T00:01:30Z"), age("2020-01-01T00:00:00Z", "2020-01-03T01:00:00Z")
    ('90s', '2d1h')
    """
    then, at = (datetime.fromisoformat(text) for text in (created, now))
    seconds = max(0, int((at - then).total_seconds()))
    if seconds < 2 * _MINUTE:
        return f"{seconds}s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    return f"{seconds // _DAY}d{seconds % _DAY // _HOUR}h"


def _column(name: str, form: str = "") -> Object:
    return {"name": name, "type": "string", "format": form, "description": name, "priority": 0}


def _ready(item: Object) -> list[object]:
    conditions = _field(item, "status", "conditions")
    ready = [one for one in conditions or () if isinstance(one, dict) and one.get("type") == "Ready"]
    return ["Ready" if ready and ready[0].get("status") == "True" else "NotReady" if ready else "Unknown"]


def _node(item: Object) -> list[object]:
    return [*_ready(item), _field(item, "status", "nodeInfo", "kubeletVersion") or ""]


def _count(*path: str) -> Cells:
    def cells(item: Object) -> list[object]:
        held = _field(item, *path)
        return [len(held) if isinstance(held, dict | list) else 0]

    return cells


def _text(*path: str) -> Cells:
    return lambda item: [str(_field(item, *path) or "<none>")]


def _pod(item: Object) -> list[object]:
    return [str(_field(item, "status", "phase") or ""), str(_field(item, "spec", "nodeName") or "<none>")]


def _event(item: Object) -> list[object]:
    involved = f"{_field(item, 'involvedObject', 'kind')}/{_field(item, 'involvedObject', 'name')}"
    return [str(item.get("type", "")), str(item.get("reason", "")), involved, str(item.get("message", ""))]


def _secret(item: Object) -> list[object]:
    return [str(item.get("type", "")), *_count("data")(item)]


def _field(item: object, *path: str) -> Any:  # noqa: ANN401 - JSON
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return item


_COLUMNS: Mapping[str, tuple[tuple[str, ...], Cells]] = {
    "configmaps": (("Data",), _count("data")),
    "events": (("Type", "Reason", "Object", "Message"), _event),
    "leases": (("Holder",), _text("spec", "holderIdentity")),
    "namespaces": (("Status",), _text("status", "phase")),
    "nodes": (("Status", "Version"), _node),
    "pods": (("Status", "Node"), _pod),
    "secrets": (("Type", "Data"), _secret),
    "serviceaccounts": (("Secrets",), _count("secrets")),
    "services": (("Type",), _text("spec", "type")),
}
