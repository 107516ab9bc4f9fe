"""FlowSchemas and PriorityLevelConfigurations as a version ships them.

Source: kubernetes/apiserver pkg/apis/flowcontrol/bootstrap/default.go 1.20 to 1.33. Levels are those of the server, so
that a scenario's own stand in the API too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from snowpit.cluster.flow_schemas import CONTROLLER_MANAGER, EXEMPT, KUBE_SYSTEM, SCHEDULER
from snowpit.cluster.scenario import PriorityLevel
from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import NEWEST, table

GROUP = "flowcontrol.apiserver.k8s.io"
_RESOURCES = {
    "verbs": ["*"],
    "apiGroups": ["*"],
    "resources": ["*"],
    "namespaces": ["*"],
    "clusterScope": True,
}
_ALL: Mapping[str, Any] = {
    "resourceRules": [_RESOURCES],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
}
_LOCKS: Mapping[str, Any] = {
    "resourceRules": [
        {
            "verbs": ["get", "create", "update"],
            "apiGroups": [group],
            "resources": resources,
            "namespaces": ["*"],
        }
        for group, resources in (("", ["endpoints", "configmaps"]), ("coordination.k8s.io", ["leases"]))
    ]
}
_NODE_HIGH: Mapping[str, Any] = {
    "resourceRules": [
        {**_RESOURCES, "apiGroups": [""], "resources": ["nodes", "nodes/status"]},
        {**_RESOURCES, "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]},
    ]
}
_PROBES: Mapping[str, Any] = {
    "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]}]
}
_ENDPOINTS: Mapping[str, Any] = {
    "resourceRules": [
        {**_RESOURCES, "verbs": ["get", "create", "update"], "apiGroups": [""], "resources": ["endpoints"]}
    ]
}
_ANYBODY = ("system:authenticated", "system:unauthenticated")
_SERVICE_ACCOUNTS = "system:serviceaccounts"


class _Schema(NamedTuple):
    name: str
    precedence: int
    level: str
    rules: Mapping[str, Any]
    users: Sequence[str] = ()
    groups: Sequence[str] = ()
    by: str = "ByUser"
    since: str = ""
    until: str = ""


_ENDPOINT_CONTROLLER = (CONTROLLER_MANAGER, "system:serviceaccount:kube-system:endpoint-controller")
_SCHEMAS = (
    _Schema("exempt", 1, EXEMPT, _ALL, groups=("system:masters",), by=""),
    _Schema("probes", 2, EXEMPT, _PROBES, groups=_ANYBODY, by="", since="1.22.0"),
    _Schema("system-leader-election", 100, "leader-election", _LOCKS, users=(CONTROLLER_MANAGER, SCHEDULER)),
    _Schema(
        "endpoint-controller",
        150,
        "workload-high",
        _ENDPOINTS,
        _ENDPOINT_CONTROLLER,
        since="1.24.0",
        until="1.34.0",
    ),
    _Schema("workload-leader-election", 200, "leader-election", _LOCKS, groups=(KUBE_SYSTEM,)),
    _Schema("system-node-high", 400, "node-high", _NODE_HIGH, groups=("system:nodes",), since="1.22.0"),
    _Schema("system-nodes", 500, "system", _ALL, groups=("system:nodes",)),
    _Schema(
        "kube-controller-manager", 800, "workload-high", _ALL, users=(CONTROLLER_MANAGER,), by="ByNamespace"
    ),
    _Schema("kube-scheduler", 800, "workload-high", _ALL, users=(SCHEDULER,), by="ByNamespace"),
    _Schema(
        "kube-system-service-accounts", 900, "workload-high", _ALL, groups=(KUBE_SYSTEM,), by="ByNamespace"
    ),
    _Schema("service-accounts", 9000, "workload-low", _ALL, groups=(_SERVICE_ACCOUNTS,)),
    _Schema("global-default", 9900, "global-default", _ALL, groups=_ANYBODY),
    _Schema("catch-all", 10000, "catch-all", _ALL, groups=_ANYBODY),
)


def objects(version: Version | None, levels: Iterable[PriorityLevel]) -> list[tuple[str, dict[str, Any]]]:
    """Resource and object of each, ready for ``Store.load``; none before priority and fairness is served."""
    at = version or NEWEST
    served = table(version).get((GROUP, "flowschemas"))
    if served is None:
        return []
    known = list(levels)
    names = {level.name for level in known}
    api_version = served.api_version()
    found = [_level(level, api_version, at) for level in known]
    found += [
        _schema(schema, api_version)
        for schema in _SCHEMAS
        if at.within(schema.since, schema.until) and schema.level in names
    ]
    return found


def _level(level: PriorityLevel, api_version: str, at: Version) -> tuple[str, dict[str, Any]]:
    spec: dict[str, Any] = {"type": "Exempt"}
    if level.shares >= 0:
        shares = "nominalConcurrencyShares" if at.at_least("1.26.0") else "assuredConcurrencyShares"
        queuing = {
            "queues": level.queues,
            "handSize": level.hand_size,
            "queueLengthLimit": level.queue_length,
        }
        reject = {"type": "Queue", "queuing": queuing} if level.queues else {"type": "Reject"}
        limited: dict[str, Any] = {shares: level.shares, "limitResponse": reject}
        if at.at_least("1.26.0"):
            limited["lendablePercent"] = level.lendable_percent
        if level.borrow_percent >= 0:
            limited["borrowingLimitPercent"] = level.borrow_percent
        spec = {"type": "Limited", "limited": limited}
    return f"prioritylevelconfigurations.{GROUP}", {
        "apiVersion": api_version,
        "kind": "PriorityLevelConfiguration",
        "metadata": {"name": level.name},
        "spec": spec,
    }


def _schema(schema: _Schema, api_version: str) -> tuple[str, dict[str, Any]]:
    subjects = [{"kind": "User", "user": {"name": name}} for name in schema.users]
    subjects += [{"kind": "Group", "group": {"name": name}} for name in schema.groups]
    spec = {
        "matchingPrecedence": schema.precedence,
        "priorityLevelConfiguration": {"name": schema.level},
        "rules": [{"subjects": subjects, **schema.rules}],
    } | ({"distinguisherMethod": {"type": schema.by}} if schema.by else {})
    return f"flowschemas.{GROUP}", {
        "apiVersion": api_version,
        "kind": "FlowSchema",
        "metadata": {"name": schema.name},
        "spec": spec,
    }
