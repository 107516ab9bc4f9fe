"""TokenReview: the authenticator chain is asked for another's token, on the seat of the request.

Source: pkg/registry/authentication/tokenreview/storage.go, 1.12 to 1.28. An error of the authenticator is no error of
the request: 201 with ``status.error``. Audiences: from 1.13.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from snowpit.knowledge.version import Version
from snowpit.lab.api import bodies
from snowpit.lab.api.bodies import refuse
from snowpit.lab.api.objects import Target
from snowpit.lab.api.shown import answer_object
from snowpit.lab.api.status import failure
from snowpit.lab.exchange import AuthenticationError, Exchange, User
from snowpit.lab.storage.latency import pause
from snowpit.lab.wire import Response

Authenticate = Callable[[str, tuple[str, ...]], Awaitable[User | None]]
"""The chain for a bearer token and the audiences asked for; null if nothing knows the token.

Raises ``AuthenticationError`` if it is refused.
"""


class Reviews:
    """Handlers of TokenReviews and SelfSubjectReviews.

    Args:
        authenticate: The chain.
        version: Version; null counts as the newest.
    """

    def __init__(self, authenticate: Authenticate, version: Version | None) -> None:
        self._authenticate = authenticate
        self._audiences = version is None or version.at_least("1.13.0")

    async def create(self, exchange: Exchange, target: Target) -> Response:
        """POST of a TokenReview."""
        item = bodies.parse(exchange.request, target.resource.kind)
        exchange.body = item
        bodies.check_kind(item, target.resource, target.version)
        token, audiences = self._asked(item)
        status: dict[str, Any] = {"user": {}}
        try:
            user = await self._authenticate(token, audiences)
        except AuthenticationError as error:
            status["error"] = str(error)
        else:
            if user is not None:
                status = {"authenticated": True, "user": user_info(user)}
                if audiences:
                    status["audiences"] = list(audiences)
        await pause(target.took)
        if exchange.request.gone.is_set() and target.took <= 0.0:
            return failure(500, "InternalError", "context canceled", details={})
        spec: dict[str, Any] = {"token": token} | ({"audiences": list(audiences)} if audiences else {})
        metadata = {**item["metadata"], "creationTimestamp": None}
        head = {"kind": target.resource.kind, "apiVersion": target.api_version, "metadata": metadata}
        return answer_object(exchange, 201, {**head, "spec": spec, "status": status})

    async def own(self, exchange: Exchange, target: Target) -> Response:
        """POST of a SelfSubjectReview: who the server takes the asker for (from 1.28)."""
        item = bodies.parse(exchange.request, target.resource.kind)
        exchange.body = item
        bodies.check_kind(item, target.resource, target.version)
        await pause(target.took)
        head = {"kind": target.resource.kind, "apiVersion": target.api_version}
        status = {"userInfo": user_info(exchange.acting)}
        return answer_object(
            exchange, 201, {**head, "metadata": {"creationTimestamp": None}, "status": status}
        )

    def _asked(self, item: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        spec = item.get("spec") or {}
        token = spec.get("token") if isinstance(spec, dict) else None
        audiences = (spec.get("audiences") or ()) if isinstance(spec, dict) else ()
        if not isinstance(spec, dict) or not isinstance(token or "", str) or not _texts(audiences):
            refuse(
                "TokenReview cannot be handled as a TokenReview: json: cannot unmarshal into Go struct field"
                " TokenReview.spec of type v1.TokenReviewSpec"
            )
        if not token:
            refuse("token is required for TokenReview in authentication")
        return token, tuple(audiences) if self._audiences else ()


def user_info(user: User) -> dict[str, Any]:
    """A user as reviews show it."""
    found = {
        "username": user.name,
        "uid": user.uid,
        "groups": list(user.groups),
        "extra": {key: list(values) for key, values in user.extra.items()},
    }
    return {key: value for key, value in found.items() if value}


def _texts(values: object) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
