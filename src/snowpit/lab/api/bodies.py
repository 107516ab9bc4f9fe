"""Request bodies and media types: what is read, what is refused, in the words of the API server.

Sources: kubernetes/apiserver pkg/endpoints/handlers/{rest,create,negotiation}.go (transformDecodeError, summarizeData)
and apimachinery pkg/api/validation/name.go, 1.12 to 1.28.
"""

import re
from typing import Any, NoReturn

import msgspec

from snowpit.lab.api import protobuf
from snowpit.lab.api.resources import Resource
from snowpit.lab.api.status import bad_request, failure
from snowpit.lab.wire import Request, Response

LARGEST = 3 * 1024 * 1024
"""Largest body, bytes (``MaxRequestBodyBytes``, pkg/server/config.go)."""

TABLE = "Table"
_ACCEPTED = ("application/json", "application/*", "*/*", "")
_SUMMARY = 30
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_AT_MOST = 253
_PATH_NAMES = ("clusterroles", "clusterrolebindings", "roles", "rolebindings")
"""Resources whose names are only held to be a segment of a path (``system:node``)."""
_NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end"
    " with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


class RefusedError(Exception):
    """A request that is refused.

    Args:
        response: The answer.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(str(response.status))
        self.response = response


def refuse(message: str) -> NoReturn:
    """Refuse with 400."""
    raise RefusedError(bad_request(message))


def invalid(
    resource: Resource, name: str, field: str, message: str, reason: str = "FieldValueInvalid"
) -> NoReturn:
    """Refuse with 422: a field of an object breaks its rule."""
    what = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details = {"name": name, "group": resource.group, "kind": resource.kind}
    causes = [{"reason": reason, "message": message, "field": field}]
    found = {key: value for key, value in details.items() if value}
    raise RefusedError(
        failure(
            422,
            "Invalid",
            f'{what} "{name}" is invalid: {field}: {message}',
            details={**found, "causes": causes},
        )
    )


def wants_table(accept: str) -> str:
    """How a list or object is to be shown: ``v1`` or ``v1beta1`` for a Table of that version, empty for plain JSON.

    Raises:
        RefusedError: If only media types are accepted that are not served, such as protobuf.
    """
    if not accept:
        return ""
    for clause in accept.split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        options = dict(part.partition("=")[::2] for part in parameters)
        if media not in _ACCEPTED:
            continue
        if "as" not in options:
            return ""
        if (
            options["as"] == TABLE
            and options.get("g") == "meta.k8s.io"
            and options.get("v") in ("v1", "v1beta1")
        ):
            return options["v"]
    message = "only the following media types are accepted: application/json"
    raise RefusedError(failure(406, "NotAcceptable", message))


def parse(request: Request, kind: str) -> dict[str, Any]:
    """The object in a body.

    Args:
        request: The request.
        kind: Kind that it should be of, for messages.

    Raises:
        RefusedError: If the body is too large, of another media type, or no JSON object.
    """
    if len(request.body) > LARGEST:
        message = f"Request entity too large: limit is {LARGEST}"
        raise RefusedError(failure(413, "RequestEntityTooLarge", message))
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    if media == protobuf.MEDIA:
        return _from_protobuf(request.body, kind)
    if media not in _ACCEPTED:
        unsupported("application/json", protobuf.MEDIA)
    found = decoded(request.body, kind)
    if not isinstance(found, dict):
        _unrecognized(request.body, kind, "json: cannot unmarshal into Go value of type struct")
    return found


def _from_protobuf(body: bytes, kind: str) -> dict[str, Any]:
    try:
        return protobuf.decode(body)
    except protobuf.UnreadError as error:
        message = f"{error} is not read here - accepted media types include: application/json"
        raise RefusedError(failure(415, "UnsupportedMediaType", message)) from None
    except protobuf.BrokenError as error:
        refuse(f"the object provided is unrecognized (must be of type {kind}): {error} ({_summary(body)})")


def decoded(body: bytes, kind: str) -> object:
    """JSON out of a body.

    Raises:
        RefusedError: If it is none.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _unrecognized(body, kind, str(error))


def unsupported(*accepted: str) -> NoReturn:
    """Refuse with 415."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    raise RefusedError(failure(415, "UnsupportedMediaType", message))


def check_kind(item: dict[str, Any], resource: Resource, version: str, *, kind: str = "") -> None:
    """Hold an object to the kind that the path asks for; what it leaves out is filled in.

    Raises:
        RefusedError: If it says that it is something else.
    """
    wanted, api_version = kind or resource.kind, resource.api_version(version)
    said, said_version = item.get("kind", wanted), item.get("apiVersion", api_version)
    if not isinstance(said, str) or not isinstance(said_version, str):
        refuse(
            f"the object provided is unrecognized (must be of type {wanted}): kind and apiVersion have to be text"
        )
    if (said or wanted) != wanted or (said_version or api_version) != api_version:
        what = said_version.rpartition("/")[2]
        refuse(
            f'{said} in version "{what}" cannot be handled as a {wanted}:'
            f' no kind "{said}" is registered for version "{said_version}"'
        )
    metadata = item.setdefault("metadata", {})
    if metadata is None:
        metadata = item["metadata"] = {}
    _check_metadata(metadata, wanted, version)
    item["kind"], item["apiVersion"] = wanted, api_version


def check_name(name: str, resource: Resource) -> None:
    """Hold a new object's name to the rule of its resource.

    Raises:
        RefusedError: If it breaks it.
    """
    if not name:
        invalid(
            resource,
            "",
            "metadata.name",
            "Required value: name or generateName is required",
            "FieldValueRequired",
        )
    if resource.name in _PATH_NAMES:
        if name in (".", "..") or "/" in name or "%" in name:
            invalid(
                resource,
                name,
                "metadata.name",
                f"Invalid value: \"{name}\": may not be '.' or '..', or contain '/' or '%'",
            )
        return
    if len(name) > _NAME_AT_MOST or not _NAME.fullmatch(name):
        invalid(resource, name, "metadata.name", f'Invalid value: "{name}": {_NAME_RULE}')


def _check_metadata(metadata: object, kind: str, version: str) -> None:
    where = f'{kind} in version "{version}" cannot be handled as a {kind}: json: cannot unmarshal'
    if not isinstance(metadata, dict):
        refuse(f"{where} into Go struct field {kind}.metadata of type v1.ObjectMeta")
    for field in ("name", "generateName", "namespace", "uid", "resourceVersion"):
        if not isinstance(metadata.get(field) or "", str):
            refuse(f"{where} into Go struct field ObjectMeta.metadata.{field} of type string")
    for field in ("labels", "annotations"):
        held = metadata.get(field) or {}
        if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
            refuse(f"{where} into Go struct field ObjectMeta.metadata.{field} of type map[string]string")


def _unrecognized(body: bytes, kind: str, error: str) -> NoReturn:
    refuse(
        f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind;"
        f" json parse error: {error} ({_summary(body)})"
    )


def _summary(body: bytes) -> str:
    if not body:
        return "<empty>"
    more = " ..." if len(body) > _SUMMARY else ""
    if body.startswith(b"{"):
        return body[:_SUMMARY].decode("utf-8", "replace") + more
    return body[:_SUMMARY].hex() + more
