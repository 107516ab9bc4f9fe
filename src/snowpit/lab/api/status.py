"""The bodies of refusals, to the letter.

Sources: apimachinery pkg/api/errors/errors.go; kubernetes/apiserver pkg/endpoints/handlers/{rest,responsewriters}
and pkg/server/filters/{maxinflight,timeout}.go, 1.12 to 1.28.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lab.exchange import Exchange, RequestInfo, User
from snowpit.lab.wire import Response

JSON: Mapping[str, str] = {"Content-Type": "application/json"}
TEXT: Mapping[str, str] = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_MINUTE = 60


def body(code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A Status object of a failure; ``details`` null leaves the field out."""
    if details is not None:
        details = {key: _sound(value) if isinstance(value, str) else value for key, value in details.items()}
    found: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": _sound(message),
        "reason": reason,
        "details": details,
        "code": code,
    }
    if details is None:
        del found["details"]
    return found


def failure(
    code: int,
    reason: str,
    message: str,
    *,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal with a Status object.

    Args:
        code: HTTP status.
        reason: Machine-readable reason.
        message: Text.
        details: Kind, name, group, causes; null leaves the field out.
        headers: Further header fields.
    """
    encoded = msgspec.json.encode(body(code, reason, message, details)) + b"\n"
    return Response(code, {**JSON, **(headers or {})}, encoded)


def about(info: RequestInfo, name: str | None = None) -> dict[str, str]:
    """Details that name the object of a request: name, group, kind (which holds the resource)."""
    details = {"name": info.name if name is None else name, "group": info.group, "kind": info.resource}
    return {key: value for key, value in details.items() if value}


def bad_request(message: str) -> Response:
    """400: the request cannot be understood."""
    return failure(400, "BadRequest", message)


def unauthorized() -> Response:
    """401: no credential was accepted."""
    return failure(401, "Unauthorized", "Unauthorized")


def too_many(retry_after_s: int = 1) -> Response:
    """429 of the gate: plain text, and when to come back (s)."""
    headers = {**TEXT, "Retry-After": str(retry_after_s)}
    return Response(429, headers, b"Too many requests, please try again later.\n")


def handler_timeout(plane: ControlPlane) -> Response:
    """504 of the time limit inside handlers that write; its text by version."""
    version = plane.version
    if version is not None and version.at_least("1.22.0"):
        limit = "- context deadline exceeded"
    elif version is not None and version.at_least("1.21.0"):
        limit = "context deadline exceeded"
    else:
        limit = go_duration(plane.number("handler_timeout_s") or 0.0)
    message = f"Timeout: request did not complete within requested timeout {limit}"
    return failure(504, "Timeout", message, details={})


def filter_timeout(plane: ControlPlane) -> Response:
    """504 of ``--request-timeout``: a Status without type, sent without a content type, which clients take for text."""
    if plane.version is not None and plane.version.at_least("1.21.0"):
        limit = "the allotted timeout"
    else:
        limit = go_duration(plane.number("request_timeout_s") or 0.0)
    found = body(504, "Timeout", f"Timeout: request did not complete within {limit}", {})
    del found["kind"], found["apiVersion"]
    return Response(504, {"Content-Type": TEXT["Content-Type"]}, msgspec.json.encode(found) + b"\n")


def forbidden(exchange: Exchange) -> Response:
    """403, with the reason that the exchange holds."""
    info = exchange.info
    text = denial(exchange.acting, info)
    if exchange.reason:
        text = f"{text}: {exchange.reason}"
    what = _qualified(info)
    place = (
        f'{what} "{info.name}" is forbidden' if info.name else f"{what} is forbidden" if what else "forbidden"
    )
    details = about(info) if info.resource_request else {}
    headers = {"X-Content-Type-Options": "nosniff"}
    return failure(403, "Forbidden", f"{place}: {text}", details=details, headers=headers)


def denial(user: User, info: RequestInfo) -> str:
    """What a user may not do (pkg/endpoints/handlers/responsewriters/errors.go forbiddenMessage).

    >>> denial(User("x"), RequestInfo(True, "list", resource="nodes"))
    'User "x" cannot list resource "nodes" in API group "" at the cluster scope'
    """
    if not info.resource_request:
        return f'User "{user.name}" cannot {info.verb} path "{info.path}"'
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    place = f'in the namespace "{info.namespace}"' if info.namespace else "at the cluster scope"
    return f'User "{user.name}" cannot {info.verb} resource "{resource}" in API group "{info.group}" {place}'


def not_served(known_methods: tuple[str, ...] = ()) -> Response:
    """404 of a path that nothing serves, or 405 of one that is served by other methods."""
    if not known_methods:
        return Response(404, TEXT, b"404 page not found\n")
    message = "the server does not allow this method on the requested resource"
    return failure(405, "MethodNotAllowed", message, details={}, headers={"Allow": ", ".join(known_methods)})


def go_duration(seconds: float) -> str:
    """A duration as Go prints it, for whole seconds and fractions of one below an hour.

    >>> go_duration(30.0), go_duration(60.0), go_duration(90.5)
    ('30s', '1m0s', '1m30.5s')
    """
    minutes, rest = divmod(seconds, _MINUTE)
    return f"{minutes:.0f}m{rest:g}s" if minutes else f"{rest:g}s"


def _sound(text: str) -> str:
    """The text without halves of surrogate pairs, which a path may hold and JSON may not."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _qualified(info: RequestInfo) -> str:
    return f"{info.resource}.{info.group}" if info.group else info.resource
