"""One of several API servers carries nearly all the load while the others idle.

Claim:
    Requests are spread very unevenly over the API servers.

Mechanism:
    Clients keep one HTTP/2 connection for days, so the server that was up while the others restarted keeps all of them. Limits
    hold for each server by itself: the busy one refuses while the others have seats to spare.

Evidence for:
    Most of the requests on one server; in-flight requests on one server many times those of another.

Evidence against:
    Shares of the servers that are near to each other; a single server.

Easily mistaken for:
    A lack of capacity: all servers together have enough.

Cannot tell when:
    The evidence comes from one server, or through a load balancer.

Remedy:
    Let servers end connections now and then (--goaway-chance, from 1.18), or restart the busy one in a quiet hour.

Sources:
    kubernetes/kubernetes#88567; kube-apiserver --goaway-chance.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, measured, places
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, percent
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Evenness, Observed

PROFILE = Profile(
    id="uneven_servers",
    title="One API server carries the load of all",
    role=Role.SUSTAINS,
    mistaken_for=("a lack of capacity: the other servers have seats to spare",),
    sources=("kubernetes/kubernetes#88567",),
    explains=("inflight_limit",),
    mechanism="Long-lived connections stay with the server that was up when they were made; each server has its own limits.",
)

FAMILY = "apiserver_request_total"
LEAST_BUSY = 0.5


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    spread = measured(observed).evenness.get(FAMILY)
    several = spread is not None and spread.sources > 1
    busy, idle = _inflight(observed)
    scales = Scales()
    scales.misses(
        not several, "metrics of every API server, each asked by itself and not through the load balancer"
    )
    uneven = spread is not None and several and spread.top_share >= _limit(spread)
    if spread is not None and several:
        _weigh(scales, spread, busy=busy, idle=idle, uneven=uneven)
        scales.supports(
            busy >= 50 and busy >= 5 * max(1.0, idle),  # noqa: PLR2004 - many times, and no small numbers
            f"One server holds up to {count(busy)} requests at once, another {count(idle)}.",
            observation="metrics.gauges",
            weight=0.7,
            at=places(measured(observed).gauge("apiserver_current_inflight_requests", APISERVER)),
        )
    full = busy >= LEAST_BUSY * plane.limit("mutating")
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=uneven,
        harmful=uneven and (full or trouble(observed).real),
        visible=several,
        claim=f"{spread.top or 'One server'} answers {percent(spread.top_share)} of the requests of {count(spread.sources)} API servers."
        if spread
        else "",
        denial=f"The busiest of {count(spread.sources)} API servers answers {percent(spread.top_share)} of the requests."
        if spread
        else "Only one API server, or none, is in this evidence.",
        numbers={
            "servers": spread.sources if spread else None,
            "top_share": round(spread.top_share, 4) if spread else None,
        },
        impact=0.3,
        would_change="Shares of the servers that are near to each other.",
    )


def _limit(spread: Evenness) -> float:
    """Share of one server from which on the load is uneven."""
    return max(0.6, min(0.9, 1.8 / spread.sources))


def _weigh(scales: Scales, spread: Evenness, *, busy: float, idle: float, uneven: bool) -> None:
    scales.supports(
        uneven,
        f"{spread.top or 'One server'} answers {percent(spread.top_share)} of the requests of {count(spread.sources)} servers.",
        observation="metrics.evenness",
        weight=0.9,
    )
    scales.opposes(
        not uneven,
        f"The busiest of {count(spread.sources)} servers answers {percent(spread.top_share)} of the requests; {count(busy)} and {count(idle)} requests are the most and the least at once.",
        observation="metrics.evenness",
        weight=1.0,
    )


def _inflight(observed: Observed) -> tuple[float, float]:
    """Most requests in flight on the busiest and on the idlest server."""
    by_server: dict[str, float] = {}
    for item in measured(observed).gauge("apiserver_current_inflight_requests", APISERVER):
        by_server[item.server] = by_server.get(item.server, 0.0) + item.high
    return max(by_server.values(), default=0.0), min(by_server.values(), default=0.0)
