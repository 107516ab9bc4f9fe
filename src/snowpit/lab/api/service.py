"""The handler at the end of a server's path: it looks up what is served and lets that answer.

Who asks, whether they may, and their seat have been settled before. Paths that are not of the API (``/metrics``,
``/debug``, the lab's own) are the server's; ``handle`` gives 404 for them.
"""

from collections.abc import Mapping
from random import Random

from snowpit.knowledge.version import Version
from snowpit.lab.api import bodies
from snowpit.lab.api.access import Access
from snowpit.lab.api.bodies import RefusedError
from snowpit.lab.api.discovery import Discovery
from snowpit.lab.api.lists import Lists
from snowpit.lab.api.objects import Handlers, Objects, Target, refusals
from snowpit.lab.api.openapi import OpenApi
from snowpit.lab.api.pods import Pods
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.api.resources import Resource, table
from snowpit.lab.api.reviews import Authenticate, Reviews
from snowpit.lab.api.status import bad_request, failure, not_served
from snowpit.lab.api.timing import Timing
from snowpit.lab.api.token_requests import Mint, TokenRequests
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import Exchange, RequestInfo
from snowpit.lab.setup import ServerSetup
from snowpit.lab.storage import Store
from snowpit.lab.wire import Response
from snowpit.lab.witness import Witness

_METHODS: Mapping[str, str] = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
_ALL_NAMESPACES = ("list", "watch")


class Api:
    """The API.

    Args:
        setup: The server's parameters.
        store: Store.
        clock: Clock of the lab.
        authenticate: The authenticator chain for reviewed tokens.
        authorizer: Who decides in access reviews.
        witness: Who hears of the store's work.
        mint: Makes the tokens that ``serviceaccounts/token`` asks for; null serves none.
    """

    def __init__(
        self,
        setup: ServerSetup,
        store: Store,
        clock: Clock,
        *,
        authenticate: Authenticate,
        authorizer: Authorizer,
        witness: Witness,
        mint: Mint | None = None,
    ) -> None:
        version = setup.plane.version
        self._clock = clock
        self._witness = witness
        self._resources = table(version)
        self._timing = Timing(setup, store)
        self._discovery = Discovery(version, setup.address)
        self._openapi = OpenApi(version)
        chance = Random(f"{setup.seed}:{setup.name}:api")  # noqa: S311 - no secret
        self._stored = _stored(store, chance, version)
        access, reviews = Access(authorizer), Reviews(authenticate, version)
        self._special: Handlers = {
            "tokenreviews": reviews.create,
            "selfsubjectreviews": reviews.own,
            "subjectaccessreviews": access.create,
            "localsubjectaccessreviews": access.create,
            "selfsubjectaccessreviews": access.create,
            "selfsubjectrulesreviews": access.rules,
            "pods/binding": Pods(store).bind,
            "serviceaccounts/token": TokenRequests(store, clock, mint).create,
        }

    async def handle(self, exchange: Exchange) -> Response:
        """Answer a request that has passed everything else."""
        info = exchange.info
        if not all(map(_sound, (info.path, *exchange.request.query.values()))):
            return bad_request("path or query hold bytes that are no UTF-8")
        if not info.resource_request:
            return self._about_itself(exchange)
        resource = self._resources.get((info.group, info.resource))
        if resource is None or info.version not in resource.versions or not _fits(info, resource):
            return not_served()
        verbs = _verbs(info, resource)
        if info.verb not in verbs:
            return not_served(tuple(sorted({_METHODS[verb] for verb in verbs})))
        return await refusals(exchange, self._resource(exchange, resource), resource)

    def _about_itself(self, exchange: Exchange) -> Response:
        request = exchange.request
        found = self._discovery.get(request.path, request.query)
        if found is None:
            found = self._openapi.get(request.path, request.headers.get("accept", ""))
        if found is None:
            return not_served()
        return found if request.method in ("GET", "HEAD") else not_served(("GET",))

    async def _resource(self, exchange: Exchange, resource: Resource) -> Response:
        info = exchange.info
        shown = bodies.wants_table(exchange.request.headers.get("accept", ""))
        target = Target(
            resource, resource.api_version(info.version), info.version, self._timing.of(exchange), shown
        )
        what = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
        special = self._special.get(what)
        if special is not None:
            return await special(exchange, target)
        if target.took <= 0.0 and exchange.request.gone.is_set():
            raise RefusedError(failure(500, "InternalError", "context canceled", details={}))
        return await self._store_work(exchange, target)

    async def _store_work(self, exchange: Exchange, target: Target) -> Response:
        began = self._clock.now()
        verb = exchange.info.verb
        try:
            return await self._stored[verb](exchange, target)
        finally:
            seconds = self._clock.now() - began
            exchange.etcd += seconds
            if verb != "watch":
                self._witness.stored(_OPERATIONS.get(verb, verb), target.resource, seconds)


def _stored(store: Store, chance: Random, version: Version | None) -> Handlers:
    """Handlers of what the store holds, by verb."""
    objects = Objects(store, chance)
    bookmarks = version is None or version.at_least("1.15.0")
    expired = "Expired" if version is None or version.at_least("1.17.0") else "Gone"
    lists = Lists(store, chance, bookmarks=bookmarks, expired=expired)
    return {
        "get": objects.get,
        "create": objects.create,
        "update": objects.update,
        "patch": objects.patch,
        "delete": objects.delete,
        "list": lists.list,
        "watch": lists.watch,
        "deletecollection": lists.delete,
    }


_OPERATIONS: Mapping[str, str] = {"patch": "update", "deletecollection": "delete"}


def _verbs(info: RequestInfo, resource: Resource) -> tuple[str, ...]:
    """What can be done at a path, whether an object, its subresource or a collection."""
    if info.subresource:
        return resource.subresources.get(info.subresource, ())
    single = ("get", "update", "patch", "delete")
    if _names_object(info):
        return tuple(verb for verb in resource.verbs if verb in single)
    found = tuple(verb for verb in resource.verbs if verb not in single)
    if resource.namespaced and not info.namespace:
        return tuple(verb for verb in found if verb in _ALL_NAMESPACES)
    return found


def _sound(text: str) -> bool:
    """Whether a text can be stored and sent: an undecodable byte is left in it as half of a surrogate pair."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _names_object(info: RequestInfo) -> bool:
    return bool(info.name) and info.verb not in _ALL_NAMESPACES


def _fits(info: RequestInfo, resource: Resource) -> bool:
    """Whether the path is one that is served: right scope, known subresource, nothing behind it."""
    if info.subresource and info.subresource not in resource.subresources:
        return False
    named = _names_object(info)
    if resource.namespaced and named and not info.namespace:
        return False
    prefix = f"/apis/{info.group}/{info.version}" if info.group else f"/api/{info.version}"
    scope = f"/namespaces/{info.namespace}" if resource.namespaced and info.namespace else ""
    rest = "/".join(filter(None, (info.resource, info.name if named else "", info.subresource)))
    path = info.path.rstrip("/")
    return path in (
        f"{prefix}{scope}/{rest}",
        f"{prefix}/watch{scope}/{rest}" if info.verb == "watch" else None,
    )
