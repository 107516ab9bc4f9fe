"""Requests that a server is at work on: seats, watches, refusals, filters and what becomes of requests after their time.

To 1.18 the in-flight gauge is set when a request finishes, to the most of the last second; in a stall it reads 0.
Source: kubernetes/apiserver pkg/server/filters/maxinflight.go, timeout.go and wrap.go, pkg/endpoints/metrics/metrics.go 1.12 to 1.34.
"""

from collections.abc import Mapping

from snowpit.knowledge.version import Version
from snowpit.lab.api.resources import table
from snowpit.lab.evidence.metrics import bounds
from snowpit.lab.evidence.metrics.exposition import Families, Labels
from snowpit.lab.evidence.metrics.labels import METHODS, Shapes
from snowpit.lab.exchange import Exchange

KINDS = {True: "readOnly", False: "mutating"}
WITHIN_S = 1.0
"""The gauge shows the most of this time."""


class Running:
    """What one server shows of requests under way.

    Args:
        families: Where it is counted.
        version: The server's version.
    """

    def __init__(self, families: Families, version: Version) -> None:
        self._families, self._version = families, version
        self._shapes, self._resources = Shapes(version), table(version)
        self._at_once = version.at_least("1.19.0")
        self._kind = "request_kind" if self._at_once else "requestKind"
        self._seen: dict[str, tuple[int, float, float]] = {}
        self._taken: dict[str, int] = {}

    def admitted(self, exchange: Exchange, taken: int, now: float) -> None:
        """A seat was taken: from 1.19 the gauge notes it now, before that when the request finishes."""
        if self._at_once:
            self._note(exchange, taken, now)
        else:
            self._taken[exchange.audit_id] = taken

    def freed(self, exchange: Exchange, taken: int, now: float) -> None:
        """A seat was given back."""
        if self._at_once:
            self._note(exchange, taken, now)
        elif exchange.audit_id in self._taken:
            self._note(exchange, self._taken.pop(exchange.audit_id), now)

    def _note(self, exchange: Exchange, taken: int, now: float) -> None:
        kind = KINDS[exchange.info.read_only]
        most, since, _ = self._seen.get(kind, (0, 0.0, 0.0))
        if now - since >= WITHIN_S:
            most, since = 0, now
        self._seen[kind] = (max(most, taken), since, now)

    def dropped(self, exchange: Exchange) -> None:
        """A request was refused."""
        labels = ((self._kind, KINDS[exchange.info.read_only]),)
        for name, since, until in (
            ("apiserver_dropped_requests", "", "1.18.0"),
            ("apiserver_dropped_requests_total", "1.14.0", "1.25.0"),
        ):
            if self._version.within(since, until):
                self._families.count(name, labels)

    def opened(self, exchange: Exchange, by: float) -> None:
        """A watch began (1) or ended (-1)."""
        base = self._shapes.of(exchange).base
        if not self._version.at_least("1.24.0"):
            self._families.move("apiserver_longrunning_gauge", by, base)
            self._families.move("apiserver_registered_watchers", by, self._watched(exchange))
        if self._version.at_least("1.23.0"):
            self._families.move("apiserver_longrunning_requests", by, base)

    def _watched(self, exchange: Exchange) -> Labels:
        info = exchange.info
        resource = self._resources.get((info.group, info.resource))
        kind = resource.kind if resource else info.resource
        return ("group", info.group), ("kind", kind), ("version", info.version)

    def filtered(self, name: str, seconds: float) -> None:
        """A filter took its time."""
        if self._version.at_least("1.20.0"):
            family = "apiserver_request_filter_duration_seconds"
            self._families.observe(family, seconds, bounds.filters(self._version), (("filter", name),))

    def asked_itself(self, exchange: Exchange) -> None:
        """The server's own client asked something."""
        info = exchange.info
        if not self._version.at_least("1.20.0"):
            return
        verb = METHODS.get(info.verb, info.verb.upper())
        labels: Labels = (("resource", info.resource), ("subresource", info.subresource), ("verb", verb))
        if self._version.at_least("1.34.0"):
            labels = (*labels, ("group", info.group))
        self._families.count("apiserver_selfrequest_total", labels)

    def finished_late(self, *, failed: bool) -> None:
        """A handler ended after its client had been sent away."""
        if self._version.at_least("1.22.0"):
            labels = (("source", "timeout-handler"), ("status", "error" if failed else "ok"))
            self._families.count("apiserver_request_post_timeout_total", labels)

    def show(self, queued: Mapping[str, int], now: float) -> None:
        """Set the gauges of requests in flight and in queues, by kind."""
        for kind in KINDS.values():
            most, _, last = self._seen.get(kind, (0, 0.0, 0.0))
            shown = most if now - last < WITHIN_S else 0
            self._families.set("apiserver_current_inflight_requests", float(shown), ((self._kind, kind),))
            if self._version.at_least("1.20.0"):
                labels = ((self._kind, kind),)
                self._families.set("apiserver_current_inqueue_requests", float(queued[kind]), labels)
