"""/metrics of one server: names, labels, units and defects of its version.

What is known to mislead is kept: to 1.18 the in-flight gauge is set when a request finishes, to the most of the last second;
to 1.16 a request that is refused counts with a duration of 0; to 1.13 durations are in microseconds and their last bound is 8 s.
Counted in dictionaries by label values: a lab counts millions of times on virtual time, which a client library's locks would slow.
Source: kubernetes/apiserver pkg/endpoints/metrics/metrics.go 1.12 to 1.34; names of 1.13.5 were recorded.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from snowpit.knowledge.version import Version
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import Exchange
from snowpit.lab.setup import ServerSetup
from snowpit.lab.wire import Response

Labels = tuple[tuple[str, str], ...]
OLD_BOUNDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
BOUNDS = (
    0.005,
    0.025,
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
    1.0,
    1.25,
    1.5,
    2.0,
    3.0,
    4.0,
    5.0,
    6.0,
    8.0,
    10.0,
    15.0,
    20.0,
    30.0,
    45.0,
    60.0,
)
CACHE_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = {
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
KINDS = {True: "readOnly", False: "mutating"}
REFUSED = 429
FIXED = 200_000_000.0
"""Memory of a server without requests, bytes."""

EACH = 50_000.0
"""Memory of a request that waits, bytes."""


class _Histogram:
    """Counts by bound, and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        place = next((i for i, bound in enumerate(self.bounds) if value <= bound), len(self.bounds))
        self.counts[place] += 1
        self.total += value


class Metrics:
    """What one server counts.

    Args:
        setup: The server.
        clock: The lab's clock.
    """

    def __init__(self, setup: ServerSetup, clock: Clock) -> None:
        self._version = setup.plane.version or Version(1, 34)
        self._clock, self._started = clock, clock.stamp() / 1e6
        self._counters: dict[tuple[str, Labels], float] = defaultdict(float)
        self._histograms: dict[tuple[str, Labels], _Histogram] = {}
        self._seen: dict[str, tuple[int, float, float]] = {}
        self._old = not self._version.at_least("1.14.0")
        self._at_once = self._version.at_least("1.19.0")
        self._taken: dict[str, int] = {}
        self._kind = "request_kind" if self._version.at_least("1.19.0") else "requestKind"

    def _count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        self._counters[name, tuple(labels.items())] += by

    def _observe(self, name: str, value: float, bounds: tuple[float, ...], /, **labels: str) -> None:
        key = (name, tuple(labels.items()))
        if key not in self._histograms:
            self._histograms[key] = _Histogram(bounds)
        self._histograms[key].add(value)

    def authenticated(self, exchange: Exchange, result: str, seconds: float) -> None:
        """A request passed the chain."""
        if result == "success" and exchange.user is not None:
            self._count("authenticated_user_requests", username=_compressed(exchange.user.name))
        if self._version.at_least("1.16.0"):
            self._count("authentication_attempts", result=result)
        if self._version.at_least("1.17.0"):
            self._observe("authentication_duration_seconds", seconds, CACHE_BOUNDS, result=result)

    def admitted(self, exchange: Exchange, taken: int) -> None:
        """A seat was taken: from 1.19 the gauge notes it now, before that when the request finishes."""
        if self._at_once:
            self._note(exchange, taken)
        else:
            self._taken[exchange.audit_id] = taken

    def freed(self, exchange: Exchange, taken: int) -> None:
        """A seat was given back."""
        if self._at_once:
            self._note(exchange, taken)
        elif exchange.audit_id in self._taken:
            self._note(exchange, self._taken.pop(exchange.audit_id))

    def _note(self, exchange: Exchange, taken: int) -> None:
        """The gauge shows the most of the last second."""
        kind = KINDS[exchange.info.read_only]
        most, since, _ = self._seen.get(kind, (0, 0.0, 0.0))
        now = self._clock.now()
        if now - since >= 1.0:
            most, since = 0, now
        self._seen[kind] = (max(most, taken), since, now)

    def dropped(self, exchange: Exchange) -> None:
        """A request was refused."""
        kind = {self._kind: KINDS[exchange.info.read_only]}
        if not self._version.at_least("1.25.0"):
            self._count(
                "apiserver_dropped_requests" if self._old else "apiserver_dropped_requests_total", **kind
            )
        if self._version.at_least("1.17.0"):
            self._terminations(exchange, "429")
            return
        self._request(exchange, "429", verb=exchange.info.verb.upper(), content="")
        self._time(exchange, 0.0, verb=exchange.info.verb.upper())

    def answered(self, exchange: Exchange, response: Response) -> None:
        """A request was answered behind the gate."""
        if exchange.handling is None:
            return
        self._request(exchange, str(response.status), content="application/json")
        if exchange.info.verb != "watch":
            self._time(exchange, self._clock.now() - exchange.handling)

    def _request(self, exchange: Exchange, code: str, *, content: str, verb: str = "") -> None:
        info = exchange.info
        method = verb or METHODS.get(info.verb, info.verb.upper())
        agent = exchange.request.headers.get("user-agent", "")
        scope = "namespace" if info.namespace else "cluster" if info.resource_request else ""
        what = {"resource": info.resource, "scope": scope, "subresource": info.subresource}
        if self._old:
            self._count(
                "apiserver_request_count", client=agent, code=code, contentType=content, verb=method, **what
            )
            return
        more = {"component": "apiserver", "group": info.group, "version": info.version, "dry_run": ""}
        if not self._version.at_least("1.18.0"):
            more["client"] = agent
        if not self._version.at_least("1.21.0"):
            more["contentType"] = content
        self._count("apiserver_request_total", code=code, verb=method, **what, **more)

    def _time(self, exchange: Exchange, seconds: float, *, verb: str = "") -> None:
        info = exchange.info
        scope = "namespace" if info.namespace else "cluster" if info.resource_request else ""
        what = {"resource": info.resource, "scope": scope, "subresource": info.subresource}
        method = verb or METHODS.get(info.verb, info.verb.upper())
        if self._old:
            bounds = tuple(bound * 1e6 for bound in OLD_BOUNDS)
            self._observe("apiserver_request_latencies", seconds * 1e6, bounds, verb=method, **what)
            return
        more = {"component": "apiserver", "group": info.group, "version": info.version, "dry_run": ""}
        self._observe("apiserver_request_duration_seconds", seconds, BOUNDS, verb=method, **what, **more)

    def terminated(self, exchange: Exchange, source: str) -> None:
        """A request was cut off; the limit inside handlers counts as an answer like any other."""
        if source == "filter" and self._version.at_least("1.17.0"):
            self._terminations(exchange, "504")

    def _terminations(self, exchange: Exchange, code: str) -> None:
        info = exchange.info
        scope = "namespace" if info.namespace else "cluster"
        self._count(
            "apiserver_request_terminations_total",
            code=code,
            component="apiserver",
            group=info.group,
            resource=info.resource,
            scope=scope,
            subresource=info.subresource,
            verb=METHODS.get(info.verb, info.verb.upper()),
            version=info.version,
        )

    def cache(self, hit: bool) -> None:  # noqa: FBT001 - one fact
        """The token cache was asked."""
        if self._version.at_least("1.18.0"):
            self._count("authentication_token_cache_request_total", status="hit" if hit else "miss")

    def fetched(self, ok: bool, seconds: float) -> None:  # noqa: FBT001
        """A look-up ended."""
        if self._version.at_least("1.18.0"):
            self._count("authentication_token_cache_fetch_total", status="ok" if ok else "error")
            status = {"status": "ok" if ok else "error"}
            self._observe(
                "authentication_token_cache_request_duration_seconds", seconds, CACHE_BOUNDS, **status
            )

    def looped(self, verb: str, code: int, seconds: float) -> None:
        """The loopback client was answered."""
        told = str(code) if code else "<error>"
        self._count("rest_client_requests_total", code=told, host="127.0.0.1:6443", method=verb)
        if not self._version.at_least("1.18.0"):
            bounds = tuple(0.001 * 2.0**i for i in range(10))
            self._observe(
                "rest_client_request_latency_seconds",
                seconds,
                bounds,
                url="https://127.0.0.1:6443/",
                verb=verb,
            )

    def stored(self, operation: str, kind: str, seconds: float) -> None:
        """The store did something; to 1.13 a server on etcd 3 exposes no such times (recorded with 1.13.5)."""
        if not self._old:
            self._observe(
                "etcd_request_duration_seconds", seconds, CACHE_BOUNDS, operation=operation, type=kind
            )

    def expose(self, state: Mapping[str, object]) -> bytes:
        """The text.

        Args:
            state: The server's status: what waits decides goroutines and memory.
        """
        families: dict[str, list[str]] = defaultdict(list)
        for (name, labels), value in self._counters.items():
            families[f"{name} counter"].append(f"{name}{_shown(labels)} {value:g}")
        for (name, labels), found in self._histograms.items():
            families[f"{name} histogram"] += _lines(name, labels, found)
        for name, labels, value in self._gauges(state):
            families[f"{name} gauge"].append(f"{name}{_shown(labels)} {value!r}")
        text: list[str] = []
        for family in sorted(families):
            name, _, kind = family.partition(" ")
            text += [
                f"# HELP {name} [ALPHA] As kube-apiserver v{self._version} counts it.",
                f"# TYPE {name} {kind}",
            ]
            text += families[family]
        return ("\n".join(text) + "\n").encode()

    def _gauges(self, state: Mapping[str, object]) -> Iterator[tuple[str, Labels, float]]:
        inside = sum(
            _number(state, name) for name in ("seats_mutating", "seats_readonly", "authenticating", "backlog")
        )
        yield "go_goroutines", (), 500.0 + 2.0 * inside
        yield "process_resident_memory_bytes", (), FIXED + EACH * inside
        yield "process_start_time_seconds", (), self._started
        build = {
            "gitVersion": f"v{self._version}",
            "major": "1",
            "minor": str(self._version.minor),
            "platform": "linux/amd64",
        }
        if self._version.at_least("1.18.0"):
            build["git_version"] = build.pop("gitVersion")
        yield "kubernetes_build_info", tuple(build.items()), 1.0
        for kind in KINDS.values():
            most, _, last = self._seen.get(kind, (0, 0.0, 0.0))
            shown = most if self._clock.now() - last < 1.0 else 0
            yield "apiserver_current_inflight_requests", ((self._kind, kind),), float(shown)


def _number(state: Mapping[str, object], name: str) -> float:
    value = state.get(name, 0.0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _lines(name: str, labels: Labels, found: _Histogram) -> list[str]:
    """A histogram with cumulated counts."""
    lines, running = [], 0
    for bound, count in zip((*map(_bound, found.bounds), "+Inf"), found.counts, strict=True):
        running += count
        lines.append(f"{name}_bucket{_shown((*labels, ('le', bound)))} {running}")
    lines.append(f"{name}_sum{_shown(labels)} {found.total!r}")
    lines.append(f"{name}_count{_shown(labels)} {running}")
    return lines


def _bound(value: float) -> str:
    return f"{value:g}"


def _shown(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = (f'{key}="{_escaped(value)}"' for key, value in sorted(labels))
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _compressed(name: str) -> str:
    """A user name as the server compresses it (pkg/endpoints/filters/authentication.go)."""
    if name in ("admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"):
        return name
    return "email_id" if "@" in name else "other"
