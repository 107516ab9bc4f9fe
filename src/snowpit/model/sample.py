"""The sample table: state and counts of a control plane, one row per server and bin of time.

Counts say how often something happened within a bin; states are read at its end.
Bins are half-open and begin at the start of the run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Measure(NamedTuple):
    """One column of the sample table.

    Args:
        name: Name.
        unit: Unit.
        kind: ``count`` (of a bin; add servers up) or ``state`` (at the end of a bin).
        meaning: What it is.
    """

    name: str
    unit: str
    kind: str
    meaning: str


SERVER_MEASURES = (
    Measure("offered", "attempts", "count", "attempts that reached the server, retries included"),
    Measure("rejected", "attempts", "count", "attempts answered 429"),
    Measure("timed_out", "attempts", "count", "attempts answered 504, by the handler's or the outer limit"),
    Measure("unauthorized", "attempts", "count", "attempts answered 401"),
    Measure("answered", "attempts", "count", "attempts answered well to a client that still waited"),
    Measure(
        "wasted",
        "attempts",
        "count",
        "attempts that ended after their client had gone, counted beside their own end",
    ),
    Measure("reviews", "reviews", "count", "TokenReviews answered 201"),
    Measure("cache_hits", "authentications", "count", "bearer tokens found fresh in the token cache"),
    Measure("cache_misses", "authentications", "count", "bearer tokens not found fresh"),
    Measure("lookups", "look-ups", "count", "authentications of an uncached token that ended"),
    Measure("dead_lookups", "look-ups", "count", "of those, the ones that nobody waited for any more"),
    Measure("loopback_reads", "reads", "count", "reads that the loopback limiter let pass"),
    Measure("backlog", "reads", "state", "reservations at the loopback limiter that wait for their token"),
    Measure("throttle_wait_s", "s", "state", "how long a read reserved now would wait"),
    Measure("seats_mutating", "seats", "state", "mutating seats held (or seats of all priority levels)"),
    Measure("seats_readonly", "seats", "state", "read-only seats held"),
    Measure("queued", "requests", "state", "requests waiting in queues of priority and fairness"),
    Measure("authenticating", "requests", "state", "requests hanging in authentication, before any seat"),
    Measure("fresh_tokens", "tokens", "state", "tokens fresh in the token cache"),
    Measure("dead_work", "look-ups", "state", "look-ups under way that nobody waits for any more"),
)
"""What is sampled per server."""

CLIENT_MEASURES = (
    Measure("calls", "calls", "count", "calls begun"),
    Measure("attempts", "attempts", "count", "attempts sent"),
    Measure("goodput", "calls", "count", "calls that ended well in time"),
    Measure("failed", "calls", "count", "calls given up"),
    Measure("refusals", "attempts", "count", "attempts answered 429"),
    Measure("timeouts", "attempts", "count", "attempts answered 504, or that the client gave up waiting for"),
    Measure("sojourn_s", "s", "count", "time from the begin of a call to its good end, summed"),
)
"""What is sampled per population of clients; scrapers of kubelets are populations too, and so are the kubelets'
reviews (``<scraper>/tokenreviews`` and ``<scraper>/subjectaccessreviews``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Samples of one run.

    Args:
        bin_s: Width of a bin, s.
        bins: Number of bins.
        servers: By server, by measure name: one number per bin.
        clients: By population name, by measure name: one number per bin.
    """

    bin_s: float
    bins: int
    servers: Sequence[Mapping[str, Sequence[float]]]
    clients: Mapping[str, Mapping[str, Sequence[float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """An event of a run.

    Args:
        at_s: When, s since the start.
        title: What.
        trigger: Whether it is a trigger, not an intervention.
    """

    at_s: float
    title: str
    trigger: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One simulated run.

    Args:
        seed: Its seed.
        ended_s: Time reached, s.
        overflow: What outgrew its bound, and the bound; empty if nothing did.
        samples: What was sampled.
        markers: What happened, in order of time.
        events: Events processed.
        counts: Whole-run counts by name (peaks, conservation sums).
    """

    seed: int
    ended_s: float
    overflow: str
    samples: Samples
    markers: tuple[Marker, ...]
    events: int
    counts: Mapping[str, float]
