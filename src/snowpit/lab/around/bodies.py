"""What objects of a kind cannot do without at a real API server, which validates them; the lab's own does not."""

from collections.abc import Mapping
from typing import Any

_LABELS = {"app": "lab"}
_POD: Mapping[str, Any] = {"containers": [{"name": "lab", "image": "lab"}]}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": _POD}
_WORKLOAD: Mapping[str, Any] = {"selector": {"matchLabels": _LABELS}, "template": _TEMPLATE}
SPECS: Mapping[str, Mapping[str, Any]] = {
    "Pod": _POD,
    "ReplicaSet": {"replicas": 0, **_WORKLOAD},
    "Deployment": {"replicas": 0, **_WORKLOAD},
    "DaemonSet": _WORKLOAD,
    "StatefulSet": {"replicas": 0, "serviceName": "lab", **_WORKLOAD},
    "Job": {"template": {"spec": {**_POD, "restartPolicy": "Never"}}},
    "Service": {"ports": [{"port": 80}]},
}
"""Specifications by kind."""


def complete(item: Mapping[str, Any]) -> dict[str, Any]:
    """An object with the specification that its kind needs, without what only a server may set."""
    metadata = {
        key: value for key, value in item["metadata"].items() if key not in ("uid", "resourceVersion")
    }
    spec = SPECS.get(str(item.get("kind", "")))
    more = {"spec": spec} if spec is not None and "spec" not in item else {}
    return {**item, **more, "metadata": metadata}
