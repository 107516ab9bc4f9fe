"""All that one server counts: hears what happens and hands it to the families of its subject."""

from collections.abc import Mapping

from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import Resource
from snowpit.lab.clock import Clock
from snowpit.lab.evidence.metrics.authentication import Authentication
from snowpit.lab.evidence.metrics.clients import Client
from snowpit.lab.evidence.metrics.exposition import Families
from snowpit.lab.evidence.metrics.fairness import Fairness
from snowpit.lab.evidence.metrics.process import Process
from snowpit.lab.evidence.metrics.requests import Requests
from snowpit.lab.evidence.metrics.running import Running
from snowpit.lab.evidence.metrics.storage import Storage
from snowpit.lab.exchange import MASTERS, Exchange
from snowpit.lab.inside import Inside
from snowpit.lab.setup import ServerSetup
from snowpit.lab.wire import Response

GATE = "priorityandfairness"
INSTANT = ("audit", "impersonation")
"""Filters that take no time in a lab."""

ITSELF = "system:apiserver"
"""User of the server's own client."""


class Metrics:
    """What one server counts.

    Args:
        setup: The server.
        clock: The lab's clock.
    """

    def __init__(self, setup: ServerSetup, clock: Clock) -> None:
        version = setup.plane.version or Version(1, 34)
        self._clock = clock
        self._families = Families("[ALPHA] " if version.at_least("1.16.0") else "", clock.now)
        self._requests = Requests(self._families, version)
        self._running = Running(self._families, version)
        self._authentication = Authentication(self._families, version)
        self._fairness = Fairness(self._families, version)
        self._storage = Storage(self._families, version)
        self._client = Client(self._families, version)
        self._process = Process(self._families, version, clock.stamp() / 1e6)

    def authenticated(self, exchange: Exchange, result: str, seconds: float) -> None:
        """A request passed the chain."""
        good = exchange.user is not None and result == "success"
        self._authentication.tried(exchange.user.name if good and exchange.user else None, result, seconds)
        self._running.filtered("authentication", seconds)
        for name in INSTANT if result == "success" else ():
            self._running.filtered(name, 0.0)

    def authorized(self, exchange: Exchange) -> None:
        """A request was allowed or not, which takes no time in a lab."""
        allowed = exchange.decision == "allow"
        by_group = MASTERS in exchange.acting.groups
        authorizer = "" if by_group else "RBAC" if exchange.reason else "Node"
        self._authentication.authorized(authorizer, 0.0, allowed=allowed)
        self._running.filtered("authorization", 0.0)

    def admitted(self, exchange: Exchange, taken: int) -> None:
        """A seat was taken."""
        self._running.admitted(exchange, taken, self._clock.now())
        if exchange.flow_schema:
            self._fairness.admitted(exchange)
            self._running.filtered(GATE, exchange.queued)

    def freed(self, exchange: Exchange, taken: int) -> None:
        """A seat was given back."""
        self._running.freed(exchange, taken, self._clock.now())
        if exchange.flow_schema and exchange.seated is not None:
            self._fairness.freed(exchange, self._clock.now() - exchange.seated)

    def dropped(self, exchange: Exchange, reason: str) -> None:
        """A request was refused."""
        self._running.dropped(exchange)
        self._requests.refused(exchange)
        if exchange.flow_schema:
            self._fairness.refused(exchange, reason)

    def opened(self, exchange: Exchange) -> None:
        """A watch has begun."""
        self._running.opened(exchange, 1.0)

    def answered(self, exchange: Exchange, response: Response) -> None:
        """A request was answered behind the gate, or its watch has ended."""
        if response.stream is not None:
            self._running.opened(exchange, -1.0)
        if exchange.handling is None:
            return
        if exchange.user is not None and exchange.user.name == ITSELF:
            self._running.asked_itself(exchange)
        self._requests.answered(exchange, response, self._clock.now() - exchange.handling)

    def terminated(self, exchange: Exchange, source: str) -> None:
        """A request was cut off; the limit inside handlers counts as an answer like any other."""
        if source == "filter":
            self._requests.outlasted(exchange)

    def finished_late(self, response: Response) -> None:
        """The work on a request ended after its client had been sent away."""
        self._running.finished_late(failed=response.status >= 500)  # noqa: PLR2004 - of the server

    def cache(self, *, hit: bool) -> None:
        """The token cache was asked."""
        self._authentication.cache(hit=hit)

    def fetched(self, seconds: float, *, ok: bool) -> None:
        """A look-up ended."""
        self._authentication.fetched(seconds, ok=ok)

    def validated(self, *, legacy: bool) -> None:
        """A ServiceAccount token was found good."""
        self._authentication.validated(legacy=legacy)

    def paced(self, verb: str, url: str, waited: float) -> None:
        """The loopback client passed its limiter."""
        self._client.paced(verb, url, waited)

    def looped(self, verb: str, url: str, code: int, seconds: float) -> None:
        """The loopback client was answered."""
        self._client.answered(verb, url, code, seconds)

    def stored(self, operation: str, resource: Resource, seconds: float) -> None:
        """The store did something."""
        self._storage.did(operation, resource, seconds)

    def audited(
        self, events: int, rejected: int, levels: Mapping[str, int], *, lost: Mapping[str, int]
    ) -> None:
        """So many audit events were written, requests rejected for want of them, requests judged by level, and events lost by plugin."""
        self._families.reach("apiserver_audit_event_total", float(events))
        self._families.reach("apiserver_audit_requests_rejected_total", float(rejected))
        for level, number in levels.items():
            self._families.reach("apiserver_audit_level_total", float(number), (("level", level),))
        for plugin, number in lost.items():
            self._families.reach("apiserver_audit_error_total", float(number), (("plugin", plugin),))

    def expose(self, inside: Inside) -> bytes:
        """The text.

        Args:
            inside: The server at this moment: its gauges are read off it.
        """
        now = self._clock.now()
        waiting = [one.exchange for level in inside.levels for one in level.held if one.started is None]
        reads = sum(one.info.read_only for one in waiting)
        self._running.show({"readOnly": reads, "mutating": len(waiting) - reads}, now)
        self._authentication.show(inside)
        self._fairness.show(inside.levels)
        self._storage.show(inside)
        self._process.show(inside, self._clock.stamp() / 1e6)
        return self._families.text()
