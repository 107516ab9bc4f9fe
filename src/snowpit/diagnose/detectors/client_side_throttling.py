"""Clients wait for their own rate limiter, and their operators take that for a slow server.

Claim:
    Requests are late because client-go holds them back in the client, while the server answers at once.

Mechanism:
    client-go lets a client make so many requests a second (5 by default, with a burst of 10; 20 and 30 for controllers, 50 and 100
    for the scheduler) and makes the rest wait in order. A client that needs more falls behind for as long as the demand lasts,
    and its log says so. The server sees a steady, low rate and is bored.

Evidence for:
    Lines `Throttling request took` or `due to client-side throttling, not priority and fairness` in logs of clients;
    rest_client_rate_limiter_duration_seconds; a server that is fast and refuses nothing.

Evidence against:
    A limiter that makes nobody wait; a server that refuses or times out (then the client may be slow for both reasons).

Easily mistaken for:
    An overloaded server. The API server's own limiter writes the same lines, about its loopback address: that is another matter.

Cannot tell when:
    There are no logs or metrics of clients.

Remedy:
    Ask for less (caches, watches); raise qps and burst of that client where the server has room.

Sources:
    client-go rest/request.go; istio/istio#27945; Kuadrant/authorino#568; open-cluster-management-io/cluster-proxy#282.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, measured, places
from snowpit.diagnose.lines import lines, weigh_lines
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Distribution, Observed

PROFILE = Profile(
    id="client_side_throttling",
    title="Clients wait for their own rate limiter",
    role=Role.CAUSE,
    mistaken_for=("an overloaded server: it answers at once what it is asked",),
    sources=("client-go rest/request.go", "istio/istio#27945", "Kuadrant/authorino#568"),
    explains=("controller_pinned",),
    mechanism="client-go holds requests back in the client once its qps and burst are spent; the server never sees them wait.",
)

MIN_LINES = 10
LONG_S, SHORT_S = 1.0, 0.1


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    told = lines(observed, "throttled", other_than=APISERVER)
    limiters = [
        item
        for item in measured(observed).distribution("rest_client_rate_limiter_duration_seconds")
        if item.component != APISERVER and item.count >= MIN_LINES
    ]
    late = [item for item in limiters if (item.p99 or 0.0) >= LONG_S]
    hurt = trouble(observed).real
    scales = Scales()
    _weigh(scales, limiters, late)
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines in logs of {listed(list(told.components) or ['clients'])} tell of waits for the client's own limiter, up to {seconds(told.longest_s)}.",
        weight=0.9,
        least=MIN_LINES,
    )
    fast = observed.traffic.attempts >= 100 and not hurt  # noqa: PLR2004 - enough to say so
    seen = told.count >= MIN_LINES or bool(late)
    scales.supports(
        seen and fast,
        "The server answers what it is asked at once and refuses hardly anything.",
        observation="traffic",
        weight=0.5,
    )
    scales.opposes(
        seen and hurt,
        "The server itself refuses, times out or is slow as well.",
        observation="traffic",
        weight=0.8,
    )
    scales.misses(
        not limiters and not told.count,
        "logs of the clients that seem slow, or rest_client_rate_limiter_duration_seconds of theirs (from 1.18)",
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen,
        visible=bool(limiters or told.count),
        claim=f"Clients ({listed(_who(late) or list(told.components) or ['see the log'])}) wait up to {seconds(_longest(late, told.longest_s))} for their own rate limiter"
        + ("; the server is not the reason." if not hurt else "."),
        denial="No client waits for its own limiter."
        if limiters or told.count
        else "What clients wait for is not in this evidence.",
        numbers={"lines": told.count, "longest_s": _longest(late, told.longest_s)},
        impact=0.15,
        would_change="A server that is slow in its own records.",
    )


def _weigh(scales: Scales, limiters: list[Distribution], late: list[Distribution]) -> None:
    worst = max(late, key=lambda item: item.p99 or 0.0, default=None)
    scales.supports(
        worst is not None,
        f"One in a hundred requests of {worst.component if worst else ''} waits {seconds(worst.p99 if worst else None)} or longer in the client's limiter.",
        observation="metrics.distributions",
        weight=1.0,
        at=places(late),
    )
    scales.opposes(
        bool(limiters) and not late and all((item.p99 or 0.0) < SHORT_S for item in limiters),
        f"{listed(_who(limiters))} {'do' if len(_who(limiters)) > 1 else 'does'} not wait for a limiter of {'their' if len(_who(limiters)) > 1 else 'its'} own.",
        observation="metrics.distributions",
        weight=1.0,
        at=places(limiters),
    )


def _who(limiters: list[Distribution]) -> list[str]:
    return sorted({item.component or "a client" for item in limiters})


def _longest(late: list[Distribution], told_s: float | None) -> float | None:
    found = [item.p99 for item in late if item.p99 is not None] + ([told_s] if told_s else [])
    return max(found, default=None)
