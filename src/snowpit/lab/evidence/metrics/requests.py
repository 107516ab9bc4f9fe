"""Requests in /metrics: how many, how long, how large, and which were cut short.

What is known to mislead is kept. To 1.16 a request that the gate refuses, and one that is cut off by the outer time limit, counts
with a duration of 0 under the verb of the API (``CREATE``), not of HTTP. To 1.13 durations are in microseconds and their last
bound is 8 s; 1.14 to 1.16 show both names. From 1.16 to 1.22 watches and health checks count with code 0. Requests that are no
requests for a resource count from 1.19 on, health checks only.
Source: kubernetes/apiserver pkg/endpoints/metrics/metrics.go 1.12 to 1.34; dumps of 1.13.5 to 1.34.0.
"""

from snowpit.knowledge.version import Version
from snowpit.lab.evidence.metrics import bounds
from snowpit.lab.evidence.metrics.exposition import Families
from snowpit.lab.evidence.metrics.labels import Shape, Shapes
from snowpit.lab.exchange import Exchange
from snowpit.lab.wire import Response

HEALTH = ("/healthz", "/livez", "/readyz")
READS = ("GET", "LIST", "WATCH")
MICRO = 1e6
ENDLESS = "WATCH"


class Requests:
    """What one server counts of requests.

    Args:
        families: Where it is counted.
        version: The server's version.
    """

    def __init__(self, families: Families, version: Version) -> None:
        self._families, self._version = families, version
        self._shapes = Shapes(version)
        self._old = not version.at_least("1.17.0")
        self._terminates = version.at_least("1.16.15")
        self._new = version.at_least("1.14.0")
        self._bounds = bounds.requests(version)
        self._slo = self._names_of_slo()
        self._codeless = version.within("1.16.0", "1.23.0")
        self._paths = version.at_least("1.19.0")
        self._agents = version.within("", "1.18.0") and not version.within("1.16.15", "1.17.0")

    def _names_of_slo(self) -> tuple[str, ...]:
        names = (
            ("apiserver_request_slo_duration_seconds", "1.23.0", "1.28.0"),
            ("apiserver_request_sli_duration_seconds", "1.26.0", ""),
        )
        return tuple(name for name, since, until in names if self._version.within(since, until))

    def answered(self, exchange: Exchange, response: Response, seconds: float) -> None:
        """A request was answered behind the gate, after that many seconds in its handler."""
        info = exchange.info
        if not info.resource_request and not (self._paths and info.path in HEALTH):
            return
        shape = self._shapes.of(exchange)
        silent = shape.verb == ENDLESS or not info.resource_request
        code = "0" if silent and self._codeless else str(response.status)
        self._counted(exchange, shape, code, content=_content(response, info.verb))
        self._timed(shape, seconds)
        if shape.verb in READS and (self._new or shape.verb != ENDLESS):
            self._families.observe("apiserver_response_sizes", len(response.body), bounds.SIZES, shape.base)
        if shape.verb != ENDLESS and info.resource_request:
            for name in self._slo:
                self._families.observe(name, seconds, bounds.SLO, shape.base)

    def refused(self, exchange: Exchange) -> None:
        """The gate refused a request."""
        self._cut(exchange, "429")

    def outlasted(self, exchange: Exchange) -> None:
        """The outer time limit cut a request off."""
        self._cut(exchange, "504")

    def _cut(self, exchange: Exchange, code: str) -> None:
        if not self._terminates:
            shape = self._shapes.of(exchange, verb=exchange.info.verb.upper())
            self._counted(exchange, shape, code, content="")
            self._timed(shape, 0.0)
            return
        labels = (*self._shapes.of(exchange).base, ("code", code))
        if not exchange.info.resource_request:
            labels = tuple(
                (key, value or "apiserver" if key == "component" else value) for key, value in labels
            )
        self._families.count("apiserver_request_terminations_total", labels)

    def _counted(self, exchange: Exchange, shape: Shape, code: str, *, content: str) -> None:
        agent = exchange.request.headers.get("user-agent", "") if self._agents else ""
        if self._old:
            labels = (*shape.base, ("client", agent), ("code", code), ("contentType", content))
            self._families.count("apiserver_request_count", labels)
        if self._new:
            labels = (*shape.timed, ("code", code))
            if not self._version.at_least("1.18.0"):
                labels = (*labels, ("client", agent))
            if not self._version.at_least("1.21.0"):
                labels = (*labels, ("contentType", content))
            self._families.count("apiserver_request_total", labels)

    def _timed(self, shape: Shape, seconds: float) -> None:
        if self._old:
            micros = seconds * MICRO
            self._families.observe("apiserver_request_latencies", micros, bounds.LATENCIES, shape.base)
            self._families.summarise("apiserver_request_latencies_summary", micros, shape.base)
        if self._new:
            self._families.observe("apiserver_request_duration_seconds", seconds, self._bounds, shape.timed)


def _content(response: Response, verb: str) -> str:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    return "application/json;stream=watch" if verb == "watch" and kind else kind
