"""What a request asks for, read off method, path and query.

Source: kubernetes/apiserver pkg/endpoints/request/requestinfo.go NewRequestInfo, 1.12.0 and 1.28.0. Authorization and
handler both go by this one reading.
"""

from collections.abc import Mapping

from snowpit.lab.api.selectors import exact_name
from snowpit.lab.exchange import RequestInfo

VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


def truthy(text: str | None) -> bool:
    """A boolean query parameter (apimachinery pkg/runtime/conversion.go): present and not ``false`` or ``0``.

    >>> truthy(None), truthy("false"), truthy(""), truthy("true")
    (False, False, True, True)
    """
    return text is not None and text not in ("false", "0")


def request_info(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """What is asked.

    Args:
        method: HTTP method.
        path: Decoded path.
        query: Query parameters.

    >>> request_info("GET", "/api/v1/namespaces/default/pods", {"watch": "1"})[1:8]
    ('watch', '', 'v1', 'pods', '', 'default', '')
    >>> request_info("PATCH", "/api/v1/nodes/n1/status", {})[1:8]
    ('patch', '', 'v1', 'nodes', 'status', '', 'n1')
    >>> request_info("GET", "/apis/apps/v1", {})[:2]
    (False, 'get')
    """
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:  # noqa: PLR2004 - /api/v1/pods
        return _resource(method, path, "", parts[1:], query)
    if parts[0] == "apis" and len(parts) >= 4:  # noqa: PLR2004 - /apis/apps/v1/deployments
        return _resource(method, path, parts[1], parts[2:], query)
    return RequestInfo(resource_request=False, verb=method.lower(), path=path)


def _resource(method: str, path: str, group: str, parts: list[str], query: Mapping[str, str]) -> RequestInfo:
    version, *rest = parts
    verb = VERBS.get(method, "")
    namespace = ""
    if rest[0] in ("watch", "proxy"):
        verb, *rest = rest
    if rest and rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:  # noqa: PLR2004
            rest = rest[2:]
    resource, name, subresource, *_ = (*rest, "", "", "")
    if verb == "proxy":
        subresource = ""
    if not name and verb == "get":
        verb = "watch" if truthy(query.get("watch")) else "list"
    if not name and verb in ("list", "watch"):
        name = exact_name(query.get("fieldSelector", ""))
    if not name and verb == "delete":
        verb = "deletecollection"
    return RequestInfo(
        resource_request=True,
        verb=verb,
        group=group,
        version=version,
        resource=resource,
        subresource=subresource,
        namespace=namespace,
        name=name,
        path=path,
    )
