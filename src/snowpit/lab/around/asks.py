"""Operations of a scenario as HTTP requests.

Every operation finds what it asks for: one object a resource and namespace (``names``), a node and its lease a kubelet.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from snowpit.cluster.workload import Clients, Operation
from snowpit.errors import LabError
from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import Resource, table
from snowpit.lab.around.bodies import SPECS

LEASES = "kube-node-lease"
JSON = "application/json"
MERGE = "application/merge-patch+json"


class Ask(NamedTuple):
    """A request.

    Args:
        method: Method.
        target: Path and query.
        body: Body, empty for none.
        content: Its type.
    """

    method: str
    target: str
    body: bytes = b""
    content: str = ""


def name_of(operation: Operation, client: int) -> str:
    """Name of the object that an operation of a client is about."""
    if operation.resource == "nodes" or operation.namespace == LEASES:
        return f"node-{client}"
    return f"lab-{operation.resource}-0"


def own(one: Clients, client: int) -> str:
    """The field selector of an informer: a kubelet looks at its own node and its own pods; others at everything."""
    field = {"nodes": "metadata.name", "pods": "spec.nodeName"}.get(one.operation.resource)
    if field is None or not one.user.startswith("system:node:"):
        return ""
    return f"{field}=node-{client}"


def resource_of(operation: Operation, version: Version | None) -> Resource:
    """The resource of an operation as a version serves it.

    Raises:
        LabError: If it does not serve it.
    """
    found = table(version).get((operation.group, operation.resource))
    if found is None:
        what = f"{operation.resource}.{operation.group}".rstrip(".")
        raise LabError(
            f"The lab does not serve {what} at {version}.", "Take another resource in the scenario."
        )
    return found


@lru_cache(maxsize=65_536)
def ask(operation: Operation, client: int, version: Version | None) -> Ask:
    """The request of a client.

    Raises:
        LabError: If the version does not serve it.
    """
    resource = resource_of(operation, version)
    base = f"/apis/{resource.api_version()}" if resource.group else f"/api/{resource.api_version()}"
    space = f"/namespaces/{operation.namespace or 'default'}" if resource.namespaced else ""
    name = name_of(operation, client)
    sub = f"/{operation.subresource}" if operation.subresource else ""
    whole = f"{base}{space}/{resource.name}"
    item = whole if operation.verb in ("list", "create", "watch") else f"{whole}/{name}"
    return _request(operation, resource, item + sub, name)


def _request(operation: Operation, resource: Resource, target: str, name: str) -> Ask:
    verb = operation.verb
    head: dict[str, Any] = {"kind": resource.kind, "apiVersion": resource.api_version()}
    space = {"namespace": operation.namespace or "default"} if resource.namespaced else {}
    if verb in ("get", "list"):
        return Ask("GET", target)
    if verb == "watch":
        return Ask("GET", f"{target}?watch=true")
    if verb == "create":
        made = {**head, "metadata": {"generateName": "lab-", **space}, **_more(resource)}
        return Ask("POST", target, _encoded(made), JSON)
    if verb == "update":
        return Ask(
            "PUT", target, _encoded({**head, "metadata": {"name": name, **space}, **_more(resource)}), JSON
        )
    if verb == "patch":
        return Ask("PATCH", target, _encoded({"metadata": {"annotations": {"lab": "beat"}}}), MERGE)
    return Ask("DELETE", target)


def _more(resource: Resource) -> Mapping[str, Any]:
    """What objects of a kind cannot do without."""
    if resource.name == "events":
        return {"involvedObject": {"kind": "Pod", "name": "lab"}, "reason": "Lab", "message": "lab"}
    if resource.name == "leases":
        return {"spec": {"holderIdentity": "lab", "leaseDurationSeconds": 40}}
    spec = SPECS.get(resource.kind)
    return {} if spec is None else {"spec": spec}


def token_review(token: str, version: str) -> Ask:
    """A TokenReview."""
    body = {"kind": "TokenReview", "apiVersion": f"authentication.k8s.io/{version}", "spec": {"token": token}}
    return Ask("POST", f"/apis/authentication.k8s.io/{version}/tokenreviews", _encoded(body), JSON)


def access_review(
    user: str, groups: tuple[str, ...], subresource: str, node: str, *, version: str, verb: str = "get"
) -> Ask:
    """A SubjectAccessReview: may a user do that with a node's subresource?"""
    asked = {"verb": verb, "resource": "nodes", "subresource": subresource, "name": node, "version": "v1"}
    spec = {"user": user, "groups": list(groups), "resourceAttributes": asked}
    body = {"kind": "SubjectAccessReview", "apiVersion": f"authorization.k8s.io/{version}", "spec": spec}
    return Ask("POST", f"/apis/authorization.k8s.io/{version}/subjectaccessreviews", _encoded(body), JSON)


def _encoded(value: object) -> bytes:
    return msgspec.json.encode(value)
