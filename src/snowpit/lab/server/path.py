"""The path of a request through a lab's API server: the stages of ``cluster.request_path``, in their order.

A request is authenticated before it takes a seat. The outer limit answers 504 and leaves what lies inside running on its
seat; the limit of writes answers 504 and frees the seat, while a look-up goes on. To 1.20 a client that leaves frees nothing.
Source: kubernetes/apiserver pkg/server/config.go and pkg/endpoints/filters 1.12.0 to 1.28.0.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from uuid import UUID

from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.request_path import long_running
from snowpit.lab.api import status
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.authentication.chain import AUTHENTICATED, Chain
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import AuthenticationError, Exchange, RequestInfo, User
from snowpit.lab.server.fairness import Fairness
from snowpit.lab.server.gate import Gate
from snowpit.lab.server.limits import ending, within
from snowpit.lab.server.tallies import Tallies
from snowpit.lab.wire import Response
from snowpit.lab.witness import Witness

FOREVER = float("inf")
GONE = 499
"""Written where a client left before it was answered; it never reaches anybody."""

IMPERSONATE = "impersonate-user"
Handler = Callable[[Exchange], Awaitable[Response]]


class Path:
    """The filters.

    Args:
        plane: Parameters.
        clock: The lab's clock.
        chain: The authenticator chain.
        gate: The gate, or priority and fairness.
        authorizer: Who may do what.
        handler: What lies at the end.
        witness: Told of every moment.
        tallies: Counts.
        marked: Puts on a response what names its level and flow schema.
    """

    def __init__(
        self,
        plane: ControlPlane,
        clock: Clock,
        *,
        chain: Chain,
        gate: Gate | Fairness,
        authorizer: Authorizer,
        handler: Handler,
        witness: Witness,
        tallies: Tallies,
        marked: Callable[[Exchange, Response], Response],
    ) -> None:
        self._plane, self._clock, self._chain, self._gate = plane, clock, chain, gate
        self._authorizer, self._handler = authorizer, handler
        self._witness, self._tallies, self._marked = witness, tallies, marked
        self.authenticating = 0
        self.configure(plane)

    def configure(self, plane: ControlPlane) -> None:
        """Take on parameters."""
        self._plane = plane
        self._filter_s, self._handler_s = (
            _limit(plane, "request_timeout_s"),
            _limit(plane, "handler_timeout_s"),
        )
        self._stamps_arrival = bool(plane.flag("audit_clock_includes_authentication"))
        self._leaving_frees = bool(plane.flag("disconnect_frees_seat"))
        self._retry_after_s = max(1, int(plane.number("retry_after_s") or 1))

    async def pass_through(self, exchange: Exchange) -> Response:
        """The answer to a request, whatever happens to it."""
        endless = long_running(exchange.info.verb, exchange.info.subresource)
        found = await within(self._authenticate(exchange), FOREVER if endless else self._filter_s)
        if isinstance(found, Response):
            return found
        found.add_done_callback(partial(self._late, exchange))
        self._witness.terminated(exchange, "filter")
        return status.filter_timeout(self._plane)

    def _late(self, exchange: Exchange, task: "asyncio.Task[Response]") -> None:
        if not task.cancelled() and task.exception() is None:
            self._witness.late(exchange, task.result())

    async def _authenticate(self, exchange: Exchange) -> Response:
        exchange.stamped = exchange.arrived
        begin = self._clock.now()
        self.authenticating += 1
        try:
            exchange.user = await self._chain.request(exchange.request)
        except AuthenticationError as error:
            self._witness.authenticated(exchange, "error", self._clock.now() - begin, str(error))
            return self._answered(exchange, status.unauthorized())
        finally:
            self.authenticating -= 1
        self._witness.authenticated(exchange, "success", self._clock.now() - begin, "")
        if not self._stamps_arrival:
            exchange.stamped = self._clock.now()
        self._witness.began(exchange, "RequestReceived")
        await _audited(exchange)
        response = self._answered(exchange, await self._impersonate(exchange))
        await _audited(exchange)
        return response

    def _answered(self, exchange: Exchange, response: Response) -> Response:
        if response.stream is None:
            self._witness.answered(exchange, response)
            return response
        self._witness.began(exchange, "ResponseStarted")
        stream = ending(response.stream, lambda: self._witness.answered(exchange, response))
        return replace(response, stream=stream)

    async def _impersonate(self, exchange: Exchange) -> Response:
        """Act as another user and his groups, each of which the asker must be allowed to take on."""
        name = exchange.request.headers.get(IMPERSONATE, "")
        if name:
            groups = _listed(exchange.request.headers, "impersonate-group")
            for resource, taken in (("users", name), *(("groups", group) for group in groups)):
                allowed, reason = self._authorizer.decide(exchange.acting, _taking(exchange, resource, taken))
                if not allowed:
                    exchange.reason = reason
                    return status.forbidden(exchange)
            exchange.impersonated = User(name, groups=(*groups, AUTHENTICATED))
        return await self._seat(exchange)

    async def _seat(self, exchange: Exchange) -> Response:
        if long_running(exchange.info.verb, exchange.info.subresource):
            return await self._authorize(exchange)
        came = self._clock.now()
        refused = await self._gate.enter(exchange)
        exchange.queued = self._clock.now() - came
        if refused:
            self._witness.dropped(exchange, refused)
            return self._marked(exchange, status.too_many(self._retry_after_s))
        exchange.seated = self._clock.now()
        self._witness.admitted(exchange, self._held(exchange))
        try:
            return self._marked(exchange, await self._authorize(exchange))
        finally:
            self._gate.leave(exchange)
            self._witness.freed(exchange, self._held(exchange))

    def _held(self, exchange: Exchange) -> int:
        return self._gate.executing("readonly" if exchange.info.read_only else "mutating")

    async def _authorize(self, exchange: Exchange) -> Response:
        allowed, exchange.reason = self._authorizer.decide(exchange.acting, exchange.info)
        exchange.decision = "allow" if allowed else "forbid"
        self._witness.authorized(exchange)
        if not allowed:
            return status.forbidden(exchange)
        exchange.handling = self._clock.now()
        endless = long_running(exchange.info.verb, exchange.info.subresource)
        gone = exchange.request.gone if self._leaving_frees and not endless else None
        limit = FOREVER if exchange.info.read_only or endless else self._handler_s
        found = await within(_caught(self._handler, exchange), limit, gone)
        if isinstance(found, Response):
            return found
        if exchange.request.gone.is_set() and gone is not None:
            return Response(GONE)
        self._witness.terminated(exchange, "handler")
        return status.handler_timeout(self._plane)


def _taking(exchange: Exchange, resource: str, name: str) -> RequestInfo:
    """What is asked for when somebody is to be impersonated."""
    return exchange.info._replace(
        resource_request=True,
        verb="impersonate",
        group="",
        resource=resource,
        subresource="",
        namespace="",
        name=name,
    )


async def _caught(handler: Handler, exchange: Exchange) -> Response:
    """What a handler gives; one that breaks costs its request, not the server."""
    try:
        return await handler(exchange)
    except Exception as error:  # noqa: BLE001 - as the panic recovery of the API server
        message = (
            f"apiserver panic'd on {exchange.request.method} {exchange.info.path}: {type(error).__name__}"
        )
        return status.failure(500, "InternalError", message)


async def _audited(exchange: Exchange) -> None:
    """Wait until an audit webhook that blocks has taken what was told of a request."""
    if exchange.audits:
        await asyncio.wait(exchange.audits)
        exchange.audits.clear()


def _limit(plane: ControlPlane, name: str) -> float:
    found = plane.number(name)
    return FOREVER if found is None or found < 0.0 else found


def _listed(headers: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in headers.get(name, "").split(","))))


def audit_id(number: int, seed: int) -> str:
    """An audit id that is the same in every run.

    >>> audit_id(1, 7)
    '00000007-0000-4000-8000-000000000001'
    """
    return str(UUID(int=(seed & 0xFFFFFFFF) << 96 | 0x4 << 76 | 0x8 << 60 | number))
