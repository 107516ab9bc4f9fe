"""The node authorizer in a simplified form: what kubelets may do, and only with what is theirs.

Kubelets may read Secrets and ConfigMaps that a pod bound to their node names, write their own Node, pods of their
node, their own Lease, and ask for tokens of ServiceAccounts of their pods. The restrictions that a real control plane
has from the admission plugin NodeRestriction are made here too. Sources: plugin/pkg/auth/authorizer/node/
node_authorizer.go and rbac/bootstrappolicy/policy.go NodeRules, 1.12 to 1.28.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from snowpit.lab.exchange import RequestInfo, User
from snowpit.lab.storage import Change, Store

GROUP = "system:nodes"
PREFIX = "system:node:"
_READ = ("get", "list", "watch")
_LEASES = "coordination.k8s.io"
_ALLOWED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("authentication.k8s.io", "tokenreviews"): ("create",),
    ("authorization.k8s.io", "subjectaccessreviews"): ("create",),
    ("authorization.k8s.io", "localsubjectaccessreviews"): ("create",),
    ("", "services"): _READ,
    ("", "endpoints"): ("get",),
    ("", "nodes"): (*_READ, "create"),
    ("", "events"): ("create", "patch", "update"),
    ("", "pods"): (*_READ, "create"),
}
"""Allowed without looking further: verbs by group and resource."""
_OWN_NODE = ("update", "patch")
_NO_RELATION = "no relationship found between node '{node}' and this object"


class Nodes:
    """Decides for kubelets.

    Args:
        store: Where pods are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._related: set[tuple[str, str, str, str]] | None = None
        store.listen(self._changed)

    def decide(self, user: User, info: RequestInfo) -> tuple[bool, str]:
        """Whether a kubelet may do that, and why not; for others: no, without a reason."""
        if GROUP not in user.groups or not user.name.startswith(PREFIX) or not info.resource_request:
            return False, ""
        node = user.name.removeprefix(PREFIX)
        key = (info.group, info.resource)
        if info.resource == "nodes" and info.verb in _OWN_NODE:
            return self._own_node(node, info)
        if info.verb in _ALLOWED.get(key, ()) and not info.subresource:
            return True, ""
        if key == (_LEASES, "leases"):
            return _own_lease(node, info)
        if info.resource in ("secrets", "configmaps", "serviceaccounts", "pods") and not info.group:
            return self._related_object(node, info)
        return False, ""

    def _own_node(self, node: str, info: RequestInfo) -> tuple[bool, str]:
        if info.name != node:
            return False, f"node '{node}' is not allowed to modify node '{info.name}'"
        return info.subresource in ("", "status"), ""

    def _related_object(self, node: str, info: RequestInfo) -> tuple[bool, str]:
        asked = (info.resource, info.subresource, info.verb)
        writes = asked == ("pods", "", "delete") or (
            asked[:2] == ("pods", "status") and asked[2] in _OWN_NODE
        )
        tokens = asked == ("serviceaccounts", "token", "create")
        reads = info.resource in ("secrets", "configmaps") and not info.subresource and info.verb in _READ
        if not (writes or tokens or reads):
            return False, ""
        if self._related is None:
            self._related = {found for pod in self._store.scan("pods") for found in _relations(pod)}
        if info.name and (node, info.resource, info.namespace, info.name) in self._related:
            return True, ""
        return False, _NO_RELATION.format(node=node)

    def _changed(self, change: Change) -> None:
        if change.key.resource == "pods":
            self._related = None


def _own_lease(node: str, info: RequestInfo) -> tuple[bool, str]:
    if info.verb not in ("get", "create", "update", "patch", "delete") or info.subresource:
        return False, "can only get, create, update, patch, or delete a node lease"
    if info.namespace != "kube-node-lease":
        return False, 'can only access leases in the "kube-node-lease" system namespace'
    if info.verb != "create" and info.name != node:
        return False, "can only access node lease with the same name as the requesting node"
    return True, ""


def _relations(pod: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    spec = pod.get("spec") or {}
    node = spec.get("nodeName")
    if not node:
        return
    namespace = pod["metadata"].get("namespace", "")
    yield node, "pods", namespace, pod["metadata"]["name"]
    if spec.get("serviceAccountName"):
        yield node, "serviceaccounts", namespace, spec["serviceAccountName"]
    for resource, name in _named(spec):
        yield node, resource, namespace, name


def _named(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for volume in spec.get("volumes") or ():
        sources = (volume.get("projected") or {}).get("sources") or [volume]
        for source in sources:
            secret, config = source.get("secret") or {}, source.get("configMap") or {}
            yield "secrets", secret.get("secretName") or secret.get("name", "")
            yield "configmaps", config.get("name", "")
    for reference in spec.get("imagePullSecrets") or ():
        yield "secrets", reference.get("name", "")
    for container in spec.get("containers") or ():
        for source in (*(container.get("env") or ()), *(container.get("envFrom") or ())):
            held = source.get("valueFrom") or source
            yield "secrets", (held.get("secretKeyRef") or held.get("secretRef") or {}).get("name", "")
            yield (
                "configmaps",
                (held.get("configMapKeyRef") or held.get("configMapRef") or {}).get("name", ""),
            )
