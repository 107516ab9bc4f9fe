"""What a request path asks for, as the API server's RequestInfo resolver tells it.

Source: ``staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go``, Kubernetes 1.12.
"""

from typing import NamedTuple
from urllib.parse import unquote

_SPECIAL = ("proxy", "redirect", "watch")
_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_NAMESPACE_PARTS = ("status", "finalize")


class RequestInfo(NamedTuple):
    """A request path, taken apart; ``resource`` is null for a non-resource path."""

    verb: str | None = None
    group: str | None = None
    version: str | None = None
    namespace: str | None = None
    resource: str | None = None
    subresource: str | None = None
    name: str | None = None


def request_info(uri: str, method: str | None = None) -> RequestInfo:
    """Takes a request URI apart.

    Args:
        uri: Path with or without a query.
        method: HTTP method; the verb stays null without it.

    Returns:
        Its parts; for a non-resource path only the verb (the method in lower case).
    """
    path, _, query = uri.partition("?")
    parts = path.strip("/").split("/")
    prefix = {"api": 2, "apis": 3}.get(parts[0], 0)
    if not prefix or len(parts) <= prefix:
        return RequestInfo(verb=method.lower() if method else None)
    group = "" if prefix == 2 else parts[1]  # noqa: PLR2004  /api/<version>, /apis/<group>/<version>
    version, rest = parts[prefix - 1], parts[prefix:]
    verb = _VERBS.get(method.upper()) if method else None
    if rest[0] in _SPECIAL:
        if len(rest) == 1:
            return RequestInfo(verb=verb)
        verb, rest = (rest[0] if method else None), rest[1:]
    namespace, rest = _namespaced(rest)
    resource, name, subresource = (*rest, None, None, None)[:3]
    verb = _collective(verb, name=name, query=query)
    return RequestInfo(
        verb, group, version, namespace, resource, subresource, unquote(name) if name else None
    )


def _namespaced(rest: list[str]) -> tuple[str | None, list[str]]:
    """Splits off the namespace; a namespace itself is a resource of its own name."""
    if rest[0] != "namespaces" or len(rest) == 1:
        return None, rest
    if len(rest) > 2 and rest[2] not in _NAMESPACE_PARTS:  # noqa: PLR2004  namespaces/<name>/<resource>
        return rest[1], rest[2:]
    return rest[1], rest


def _collective(verb: str | None, *, name: str | None, query: str) -> str | None:
    """GET and DELETE without a name ask for the collection; ``watch=true`` makes it a watch."""
    if name:
        return verb
    if verb == "delete":
        return "deletecollection"
    if verb == "get":
        watch = [item for item in query.split("&") if item.split("=")[0] == "watch"]
        on = bool(watch) and watch[0].partition("=")[2].lower() not in ("0", "false", "f")
        return "watch" if on else "list"
    return verb
