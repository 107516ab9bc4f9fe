"""Objects that a lab's store begins with.

Namespaces with their default ServiceAccounts (which a controller-manager would make), the service of the API, ClusterRoles
and their bindings.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import NEWEST

RBAC = "rbac.authorization.k8s.io"
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_NAMESPACES = (("default", ""), ("kube-public", ""), ("kube-system", ""), ("kube-node-lease", "1.12.0"))
"""Namespaces and their first release."""


def objects(version: Version | None) -> list[tuple[str, dict[str, Any]]]:
    """Resource and object of each, ready for ``Store.load``."""
    at = version or NEWEST
    found = [("namespaces", _namespace(name)) for name, since in _NAMESPACES if at.within(since, "")]
    found += [("serviceaccounts", _default_account(item["metadata"]["name"])) for _, item in found]
    found.append(("services", _service()))
    text = files("snowpit.lab.api").joinpath("roles.toml").read_text("utf-8")
    for row in tomllib.loads(text)["role"]:
        if at.within(row.get("since", ""), row.get("until", "")):
            found.extend(_role(row))
    return found


def binding(
    name: str, role: str, *subjects: Mapping[str, str], namespace: str = ""
) -> tuple[str, dict[str, Any]]:
    """A ClusterRoleBinding, or a RoleBinding to a ClusterRole where a namespace is given.

    Args:
        name: Name.
        role: Name of the ClusterRole.
        subjects: ``{"kind": "User", "name": ...}``, ``Group``, or ``ServiceAccount`` with ``namespace``.
        namespace: Namespace; empty binds in the whole cluster.
    """
    kind, resource = (
        ("RoleBinding", "rolebindings") if namespace else ("ClusterRoleBinding", "clusterrolebindings")
    )
    metadata = {"name": name, "labels": _LABELS} | ({"namespace": namespace} if namespace else {})
    return f"{resource}.{RBAC}", {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [
            dict(subject) if subject["kind"] == "ServiceAccount" else {"apiGroup": RBAC, **subject}
            for subject in subjects
        ],
    }


def cluster_role(name: str, *rules: Mapping[str, list[str]]) -> tuple[str, dict[str, Any]]:
    """A ClusterRole with rules as in RBAC."""
    return f"clusterroles.{RBAC}", {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": _LABELS},
        "rules": [dict(rule) for rule in rules],
    }


def _role(row: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    rules = [
        {"verbs": verbs, "apiGroups": groups, "resources": resources}
        for verbs, groups, resources in row.get("rules", ())
    ]
    if "urls" in row:
        verbs = ["*"] if row["urls"] == ["*"] else ["get"]
        rules.append({"verbs": verbs, "nonResourceURLs": row["urls"]})
    yield cluster_role(row["name"], *rules)
    subjects = [{"kind": "Group", "name": name} for name in row.get("groups", ())]
    subjects += [{"kind": "User", "name": name} for name in row.get("users", ())]
    if subjects:
        yield binding(row["name"], row["name"], *subjects)


def _namespace(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _default_account(namespace: str) -> dict[str, Any]:
    metadata = {"name": "default", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def _service() -> dict[str, Any]:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels},
        "spec": {"clusterIP": "10.96.0.1", "ports": [port], "sessionAffinity": "None", "type": "ClusterIP"},
        "status": {"loadBalancer": {}},
    }
