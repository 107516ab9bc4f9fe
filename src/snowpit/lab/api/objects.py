"""Get, create, update, patch and delete of stored objects.

Sources: kubernetes/apiserver pkg/endpoints/handlers/{create,get,update,patch,delete}.go and
pkg/registry/generic/registry/store.go, 1.12 to 1.28.
"""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, NamedTuple

import msgspec

from snowpit.lab.api import bodies, parts
from snowpit.lab.api.bodies import RefusedError, invalid, refuse
from snowpit.lab.api.patching import patcher
from snowpit.lab.api.resources import Resource
from snowpit.lab.api.shown import answer, answer_object, shown
from snowpit.lab.api.status import about, failure
from snowpit.lab.api.tables import as_table
from snowpit.lab.exchange import Exchange
from snowpit.lab.storage import ConflictError, ExistsError, Key, NotFoundError, Store, edits
from snowpit.lab.wire import Response

Object = dict[str, Any]
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
"""Letters of generated names (apimachinery pkg/util/rand)."""
_SUFFIX_LENGTH = 5


class Target(NamedTuple):
    """What a request is about.

    Args:
        resource: Resource.
        api_version: apiVersion that the path asks for.
        version: Version alone.
        took: What the handler takes, s.
        table: Version of a Table that is asked for; empty for plain JSON.
    """

    resource: Resource
    api_version: str
    version: str
    took: float
    table: str = ""

    def key(self, exchange: Exchange) -> Key:
        """Where the object is."""
        namespace = exchange.info.namespace if self.resource.namespaced else ""
        return Key(self.resource.qualified, namespace, exchange.info.name)


class Objects:
    """Handlers of single objects.

    Args:
        store: Store.
        chance: Chance of generated names.
    """

    def __init__(self, store: Store, chance: Random) -> None:
        self._store = store
        self._chance = chance

    async def get(self, exchange: Exchange, target: Target) -> Response:
        """GET of an object."""
        value = await self._store.read(*target.key(exchange), took=target.took)
        if target.table:
            item = edits.parsed(value)
            metadata = {"resourceVersion": item["metadata"]["resourceVersion"]}
            return answer(
                exchange, 200, as_table(target.resource, [item], metadata, target.table, self._store.now())
            )
        return answer(exchange, 200, shown(value, target.api_version))

    async def create(self, exchange: Exchange, target: Target) -> Response:
        """POST of an object."""
        item = bodies.parse(exchange.request, target.resource.kind)
        exchange.body = item
        bodies.check_kind(item, target.resource, target.version)
        name = self._place(exchange, target, item)
        bodies.check_name(name, target.resource)
        parts.check(item, target.resource)
        dry = dry_run(exchange, target.resource)
        item = parts.begun({**item, "apiVersion": target.resource.api_version()}, target.resource)
        resource, created = target.resource.qualified, self._store.now()
        value = await self._store.apply(
            lambda writing: edits.create(writing, resource, item, created, dry=dry), took=target.took
        )
        return answer(exchange, 201, shown(value, target.api_version))

    async def update(self, exchange: Exchange, target: Target) -> Response:
        """PUT of an object or of its status."""
        item = bodies.parse(exchange.request, target.resource.kind)
        exchange.body = item
        bodies.check_kind(item, target.resource, target.version)
        metadata, key = item["metadata"], target.key(exchange)
        if metadata.get("name", key.name) != key.name:
            refuse(
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({key.name})"
            )
        self._check_namespace(exchange, target, metadata)
        return await self._change(exchange, target, lambda _: item)

    async def patch(self, exchange: Exchange, target: Target) -> Response:
        """PATCH of an object or of its status."""
        edit = patcher(exchange.request, target.resource.kind)
        exchange.body = msgspec.Raw(exchange.request.body)
        return await self._change(exchange, target, edit)

    async def _change(self, exchange: Exchange, target: Target, edit: Callable[[Object], Object]) -> Response:
        resource, subresource = target.resource, exchange.info.subresource
        key, dry = target.key(exchange), dry_run(exchange, resource)

        def checked(stored: Object) -> Object:
            before = dict(stored)
            item = edit({**stored, "apiVersion": target.api_version, "metadata": dict(stored["metadata"])})
            bodies.check_kind(item, resource, target.version)
            if item["metadata"].get("name", key.name) != key.name:
                invalid(resource, key.name, "metadata.name", "Invalid value: field is immutable")
            parts.check(item, resource)
            item["apiVersion"] = resource.api_version()
            return parts.kept(before, item, resource, subresource)

        value = await self._store.apply(
            lambda writing: edits.change(writing, key, checked, dry=dry), took=target.took
        )
        return answer(exchange, 200, shown(value, target.api_version))

    async def delete(self, exchange: Exchange, target: Target) -> Response:
        """DELETE of an object."""
        uid, revision = self._preconditions(exchange, target)
        key, dry = target.key(exchange), dry_run(exchange, target.resource)
        value = await self._store.apply(
            lambda writing: edits.delete(writing, key, uid, revision, dry=dry), took=target.took
        )
        details = {**about(exchange.info), "uid": edits.parsed(value)["metadata"]["uid"]}
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details,
        }
        return answer_object(exchange, 200, status)

    def _place(self, exchange: Exchange, target: Target, item: Object) -> str:
        """Name and namespace of a new object, filled in; gives the name."""
        metadata = item["metadata"]
        if metadata.get("resourceVersion"):
            refuse("resourceVersion should not be set on objects to be created")
        self._check_namespace(exchange, target, metadata)
        if not metadata.get("name") and metadata.get("generateName"):
            suffix = "".join(self._chance.choice(_SUFFIX) for _ in range(_SUFFIX_LENGTH))
            metadata["name"] = metadata["generateName"] + suffix
        for field in ("uid", "creationTimestamp", "resourceVersion", "selfLink"):
            metadata.pop(field, None)
        return str(metadata.get("name") or "")

    def _check_namespace(self, exchange: Exchange, target: Target, metadata: Object) -> None:
        if not target.resource.namespaced:
            metadata.pop("namespace", None)
            return
        if metadata.get("namespace") not in (None, "", exchange.info.namespace):
            refuse("the namespace of the provided object does not match the namespace sent on the request")
        metadata["namespace"] = exchange.info.namespace

    def _preconditions(self, exchange: Exchange, target: Target) -> tuple[str, str]:
        if not exchange.request.body:
            return "", ""
        options = bodies.parse(exchange.request, "DeleteOptions")
        exchange.body = options
        if options.get("kind", "DeleteOptions") != "DeleteOptions":
            refuse(f"{target.resource.kind} cannot be handled as DeleteOptions")
        held = options.get("preconditions") or {}
        if not isinstance(held, dict):
            refuse(
                "DeleteOptions: json: cannot unmarshal into Go struct field .preconditions of type v1.Preconditions"
            )
        uid, revision = (held.get(name) or "" for name in ("uid", "resourceVersion"))
        if not isinstance(uid, str) or not isinstance(revision, str):
            refuse("DeleteOptions: json: cannot unmarshal into Go struct field Preconditions of type string")
        return uid, revision


def dry_run(exchange: Exchange, resource: Resource) -> bool:
    """Whether nothing is to be written.

    Raises:
        RefusedError: If the parameter has another value than ``All``.
    """
    told = exchange.request.query.get("dryRun", "")
    if told not in ("", "All"):
        invalid(
            resource,
            "",
            "dryRun",
            f'Unsupported value: "{told[:50]}": supported values: "All"',
            "FieldValueNotSupported",
        )
    return told == "All"


async def refusals(exchange: Exchange, work: Awaitable[Response], resource: Resource) -> Response:
    """A handler's answer; what store or checks refuse becomes the Status of the API server."""
    info = exchange.info
    try:
        return await work
    except RefusedError as error:
        return error.response
    except NotFoundError as error:
        details = about(info, str(error))
        return failure(404, "NotFound", f'{resource.qualified} "{error}" not found', details=details)
    except ExistsError as error:
        details = about(info, str(error))
        return failure(
            409, "AlreadyExists", f'{resource.qualified} "{error}" already exists', details=details
        )
    except ConflictError as error:
        message = f'Operation cannot be fulfilled on {resource.qualified} "{info.name}": {error}'
        return failure(409, "Conflict", message, details=about(info))


Handler = Callable[[Exchange, Target], Awaitable[Response]]
Handlers = Mapping[str, Handler]
