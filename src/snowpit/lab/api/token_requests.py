"""TokenRequest: a ServiceAccount's token for a time, an audience and perhaps a pod or Secret.

Source: pkg/registry/core/serviceaccount/storage/token.go and pkg/apis/authentication/validation, 1.12 to 1.28.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from snowpit.lab.api import bodies
from snowpit.lab.api.bodies import RefusedError, invalid, refuse
from snowpit.lab.api.objects import Target
from snowpit.lab.api.shown import answer_object
from snowpit.lab.api.status import failure
from snowpit.lab.clock import Clock, moment
from snowpit.lab.exchange import Exchange
from snowpit.lab.storage import Store, edits
from snowpit.lab.wire import Response

DEFAULT_S = 3600
LEAST_S = 600
MOST_S = 1 << 32
_BOUND_TO: Mapping[str, str] = {"Pod": "pods", "Secret": "secrets"}


class Claims(NamedTuple):
    """What a token is to say.

    Args:
        namespace: Namespace of the ServiceAccount.
        account: Its name.
        uid: Its UID.
        audiences: Whom the token is for; empty for the API server.
        issued: When it is made, s since the epoch.
        expires: When it ends, s since the epoch.
        bound: Kind, name and UID of the object that it is bound to; null for none.
    """

    namespace: str
    account: str
    uid: str
    audiences: tuple[str, ...]
    issued: int
    expires: int
    bound: tuple[str, str, str] | None


Mint = Callable[[Claims], str]
"""Makes the signed token."""


class _Bound(msgspec.Struct):
    kind: str = ""
    name: str = ""
    uid: str = ""


class _Spec(msgspec.Struct):
    audiences: list[str] | None = None
    expirationSeconds: int | None = None  # noqa: N815 - Kubernetes' names
    boundObjectRef: _Bound | None = None  # noqa: N815


class TokenRequests:
    """Handler of ``serviceaccounts/token``.

    Args:
        store: Store.
        clock: Clock of the lab.
        mint: Makes tokens; null refuses them, as a server without a signing key does.
    """

    def __init__(self, store: Store, clock: Clock, mint: Mint | None) -> None:
        self._store = store
        self._clock = clock
        self._mint = mint

    async def create(self, exchange: Exchange, target: Target) -> Response:
        """POST of a TokenRequest."""
        if self._mint is None:
            raise RefusedError(
                failure(404, "NotFound", "the server could not find the requested resource", details={})
            )
        item = bodies.parse(exchange.request, "TokenRequest")
        exchange.body = item
        spec = self._spec(item, target)
        key = target.key(exchange)
        account = edits.parsed(await self._store.read(*key, took=target.took))
        bound = self._bound(spec.boundObjectRef, key.namespace)
        issued = self._clock.stamp() // 1_000_000
        expires = issued + (DEFAULT_S if spec.expirationSeconds is None else spec.expirationSeconds)
        audiences = tuple(spec.audiences or ())
        claims = Claims(
            key.namespace, key.name, account["metadata"]["uid"], audiences, issued, expires, bound
        )
        found = _answer(claims, self._mint(claims), item["spec"].get("boundObjectRef"))
        return answer_object(exchange, 201, found)

    def _spec(self, item: dict[str, Any], target: Target) -> _Spec:
        if item.get("kind", "TokenRequest") != "TokenRequest":
            refuse("the object provided is unrecognized (must be of type TokenRequest)")
        try:
            spec = msgspec.convert(item.setdefault("spec", {}), _Spec)
        except msgspec.ValidationError as error:
            refuse(f'TokenRequest in version "v1" cannot be handled as a TokenRequest: {error}')
        seconds = DEFAULT_S if spec.expirationSeconds is None else spec.expirationSeconds
        rule = ""
        if seconds < LEAST_S:
            rule = "may not specify a duration less than 10 minutes"
        elif seconds > MOST_S:
            rule = "may not specify a duration larger than 2^32 seconds"
        if rule:
            invalid(target.resource, "", "spec.expirationSeconds", f"Invalid value: {seconds}: {rule}")
        return spec

    def _bound(self, held: _Bound | None, namespace: str) -> tuple[str, str, str] | None:
        if held is None:
            return None
        if held.kind not in _BOUND_TO:
            refuse(f"cannot bind token for serviceaccount to object of type {held.kind[:50]}")
        value = self._store.peek(_BOUND_TO[held.kind], namespace, held.name)
        if value is None:
            details = {"name": held.name, "kind": _BOUND_TO[held.kind]}
            message = f'{_BOUND_TO[held.kind]} "{held.name}" not found'
            raise RefusedError(failure(404, "NotFound", message, details=details))
        uid = edits.parsed(value)["metadata"]["uid"]
        if held.uid not in ("", uid):
            message = (
                f"the UID in the bound object reference ({held.uid}) does not match the UID in record."
                f" The object might have been deleted and then recreated"
            )
            raise RefusedError(failure(409, "Conflict", message, details={}))
        return held.kind, held.name, uid


def _answer(claims: Claims, token: str, bound: object) -> dict[str, Any]:
    expires = moment(claims.expires * 1_000_000).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": claims.account, "namespace": claims.namespace, "creationTimestamp": None},
        "spec": {
            "audiences": list(claims.audiences),
            "expirationSeconds": claims.expires - claims.issued,
            "boundObjectRef": bound,
        },
        "status": {"token": token, "expirationTimestamp": expires},
    }
