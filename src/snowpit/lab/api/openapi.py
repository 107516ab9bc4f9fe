"""``/openapi/v2``, and from 1.24 ``/openapi/v3`` per group and version.

Source: kube-openapi pkg/handler and pkg/handler3; k8s.io/apiserver routes/openapi.go of 1.12 and 1.24.
"""

from collections.abc import Callable

import msgspec

from snowpit.knowledge.version import Version
from snowpit.lab.api.definitions import DEFINITIONS, Document
from snowpit.lab.api.resources import NEWEST, table
from snowpit.lab.api.status import JSON, failure
from snowpit.lab.api.swagger import TITLE, Rows, document
from snowpit.lab.wire import Response

V3_SINCE = "1.24.0"
_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_PROTOBUF_SENT = _PROTOBUF.replace("@", ".")
"""How it is answered: "@" is none of the letters of a media type (kube-openapi pkg/handler/handler.go)."""
_COMPONENTS = "#/components/schemas/"


class OpenApi:
    """Answers ``/openapi/...``.

    Args:
        version: Version of the server; null counts as the newest.
    """

    def __init__(self, version: Version | None) -> None:
        self._version = version or NEWEST
        self._made: dict[str, bytes] = {}

    def get(self, path: str, accept: str) -> Response | None:
        """The answer to a GET; null if the path is no description."""
        if path == "/openapi/v2":
            return self._second(accept)
        if path.startswith("/openapi/v3") and self._version.at_least(V3_SINCE):
            return self._third(path.removeprefix("/openapi/v3").strip("/"))
        return None

    def _second(self, accept: str) -> Response:
        offered = [clause.partition(";")[0].strip() for clause in accept.split(",")]
        if any(media in ("", "*/*", "application/*", "application/json") for media in offered):
            return Response(200, JSON, self._encoded("", lambda: document(self._version)))
        if _PROTOBUF in offered:
            return Response(200, {"Content-Type": _PROTOBUF_SENT}, _head(str(self._version)))
        return failure(406, "NotAcceptable", "only the following media types are accepted: application/json")

    def _third(self, place: str) -> Response | None:
        places = _places(self._version)
        if not place:
            index = {
                name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={self._version}"} for name in places
            }
            return Response(200, JSON, msgspec.json.encode({"paths": index}))
        if place not in places:
            return None
        resources = places[place]
        return Response(200, JSON, self._encoded(place, lambda: third(document(self._version, resources))))

    def _encoded(self, place: str, make: Callable[[], Document]) -> bytes:
        if place not in self._made:
            self._made[place] = msgspec.json.encode(make())
        return self._made[place]


def third(second: Document) -> Document:
    """The same as OpenAPI 3."""
    paths = {path: _third_path(item) for path, item in second["paths"].items()}
    made = {
        "openapi": "3.0.0",
        "info": second["info"],
        "paths": paths,
        "components": {"schemas": second["definitions"]},
    }
    text = msgspec.json.encode(made).decode().replace(DEFINITIONS, _COMPONENTS)
    found: Document = msgspec.json.decode(text)
    return found


def _third_path(item: Document) -> Document:
    return {
        verb: _third_operation(operation)
        if isinstance(operation, dict)
        else [_third_parameter(one) for one in operation]
        for verb, operation in item.items()
    }


def _third_operation(operation: Document) -> Document:
    kept = {
        name: value for name, value in operation.items() if name not in ("consumes", "produces", "parameters")
    }
    parameters = operation.get("parameters", [])
    found = {**kept, "parameters": [_third_parameter(one) for one in parameters if one["in"] != "body"]}
    for body in (one for one in parameters if one["in"] == "body"):
        content = {media: {"schema": body["schema"]} for media in operation["consumes"]}
        found["requestBody"] = {"content": content, "required": body.get("required", False)}
    found["responses"] = {
        code: {
            "description": held["description"],
            "content": {"application/json": {"schema": held["schema"]}},
        }
        for code, held in operation["responses"].items()
    }
    return found


def _third_parameter(parameter: Document) -> Document:
    outer = ("name", "in", "required", "description")
    schema = {name: value for name, value in parameter.items() if name not in outer}
    return {**{name: parameter[name] for name in outer if name in parameter}, "schema": schema}


def _places(version: Version) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in table(version).values():
        for name in row.versions:
            place = f"apis/{row.group}/{name}" if row.group else f"api/{name}"
            found.setdefault(place, []).append((row, (name,)))
    return found


def _head(version: str) -> bytes:
    """A description without definitions, as protobuf (gnostic openapiv2/OpenAPIv2.proto: swagger 1, info 2).

    kubectl reads version 2 as protobuf only. It checks nothing about kinds that are not described.
    """
    info = _field(1, TITLE.encode()) + _field(2, f"v{version}".encode())
    return _field(1, b"2.0") + _field(2, info)


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited field of protobuf, shorter than 128 bytes."""
    return bytes((number << 3 | 2, len(value))) + value
