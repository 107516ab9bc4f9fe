"""All seats of one kind are taken, and further requests are refused: a symptom that always has a cause elsewhere.

Claim:
    The server holds as many mutating (or read-only) requests as its in-flight limit admits, and refuses the rest with 429.

Mechanism:
    A request that is not long-running takes a seat before it is authorized and gives it back when its handler returns. With
    no seat free it is refused at once with 429 and Retry-After: 1; nobody waits, and system:masters pass. From 1.20
    priority and fairness divides the sum of both limits between priority levels and queues before it refuses. By
    Little's law the seats held are arrival rate times sojourn time: either many more requests came, or they became slow.

Evidence for:
    429s of one kind; seats held on a flat top while they come; the height of that top close to the limit.

Evidence against:
    No refusals, or refusals while few seats were held; refusals of evictions alone (a disruption budget answers 429).

Easily mistaken for:
    The cause. The limit is where the overload shows, not where it comes from; raising it admits more of the same work.

Cannot tell when:
    The log leaves out the requests that hold the seats, or carries no times; under priority and fairness the level is not logged.

Remedy:
    Remove what holds the seats; do not raise the limit before.

Sources:
    kubernetes 1.12 staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go; kubernetes/kubernetes#47899, #97061.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.gate import Gate, answered, gate, gauge_misleads
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude, near
from snowpit.diagnose.words import count, percent, rate, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed, SeatKind

PROFILE = Profile(
    id="inflight_limit",
    title="The in-flight limit is reached",
    role=Role.SYMPTOM,
    mistaken_for=("the cause: the limit only shows where the overload arrives",),
    sources=("apiserver 1.12.0 pkg/server/filters/maxinflight.go", "kubernetes/kubernetes#47899"),
    mechanism="A request that finds no free seat is refused at once with 429 and Retry-After; whoever holds the seats decides how long that lasts.",
)

MIN_ATTEMPTS = 50
MIN_REFUSED = 20
NAMES = {"mutating": "mutating", "readonly": "read-only"}


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    kind = max(
        (observed.seats.mutating, observed.seats.readonly), key=lambda seats: _refused(observed, seats)
    )
    if not observed.traffic.attempts and observed.metrics is not None:
        return _by_metrics(observed, plane)
    refused = _refused(observed, kind)
    scales = Scales()
    _weigh(scales, observed, kind, plane)
    _weigh_metrics(scales, observed, gate(observed, plane, kind.kind), plane)
    enough = observed.traffic.attempts >= MIN_ATTEMPTS and refused >= MIN_REFUSED and trouble(observed).real
    scales.misses(
        enough and not kind.peak,
        "the requests that were admitted: an audit rule of level Metadata for all of them, with times (snowpit policy)",
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=enough,
        harmful=enough,
        visible=not enough or kind.peak > 0,
        claim=_claim(observed, kind, plane),
        denial=_denial(observed, kind, plane),
        numbers=_numbers(observed, kind, plane),
        impact=min(1.0, refused / max(1, observed.traffic.attempts) + 0.1),
        would_change="Refusals while held seats were far below their top.",
    )


def _by_metrics(observed: Observed, plane: ControlPlane) -> Finding:
    """The hypothesis on metrics alone."""
    found = max(
        (gate(observed, plane, kind) for kind in NAMES),
        key=lambda item: (item.refused, item.full, item.high or 0.0),
    )
    late = answered(observed, "429")
    refused = max(found.refused, 0.0 if plane.flag("priority_and_fairness") else late)
    scales = Scales()
    _weigh_metrics(scales, observed, found, plane)
    scales.supports(
        late >= MIN_REFUSED,
        f"{count(late)} requests were answered 429.",
        observation="metrics.counters",
        weight=0.8,
    )
    quiet = found.high is not None and not found.full and refused < MIN_REFUSED and late < MIN_REFUSED
    scales.opposes(
        quiet,
        f"At most {count(found.high or 0)} of {count(found.limit)} {NAMES[found.kind]} requests were in flight at a scrape, and {count(late)} were answered 429.",
        observation="metrics.gauges",
        weight=1.0,
        at=found.at,
    )
    known = found.high is not None or bool(late or refused)
    scales.misses(
        not known,
        "apiserver_current_inflight_requests and apiserver_dropped_requests_total of every API server",
    )
    present = refused >= MIN_REFUSED or (found.full and found.lasting >= 0.5 and found.scrapes > 1)  # noqa: PLR2004 - lasting
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=present,
        harmful=present,
        visible=known,
        claim=f"{count(refused)} {NAMES[found.kind]} requests were refused for want of a seat; the limit is {count(found.limit)}.",
        denial=f"{count(refused)} requests were refused for want of a seat."
        if known
        else "In-flight requests are not in this evidence.",
        numbers={"kind": found.kind, "rejected": refused, "gauge_high": found.high, "limit": found.limit},
        impact=0.3,
        would_change="Gauges far below the limit while requests are refused, on a release that publishes them at admission.",
    )


def _weigh_metrics(scales: Scales, observed: Observed, found: Gate, plane: ControlPlane) -> None:
    """What gauges and counters add; a gauge below the limit is no denial on releases that publish it late."""
    name = NAMES[found.kind]
    misleads = gauge_misleads(observed, plane) if found.kind == "mutating" else ""
    scales.supports(
        found.refused >= MIN_REFUSED,
        f"The server counts {count(found.refused)} {name} requests refused by its limit. {misleads}".strip(),
        observation="metrics.counters",
        weight=0.8,
        at=found.at,
    )
    scales.supports(
        found.full,
        f"The gauge of {name} requests stands at {count(found.high or 0)} of {count(found.limit)} at {percent(found.lasting)} of the scrapes.",
        observation="metrics.gauges",
        weight=0.7,
        at=found.at,
    )


def _refused(observed: Observed, kind: SeatKind) -> int:
    """429s of one kind, evictions left out."""
    evictions = sum(
        item.outcomes.get("rejected", 0)
        for item in observed.traffic.classes
        if item.key.subresource == "eviction" and item.mutating is (kind.kind == "mutating")
    )
    return max(0, kind.rejected - evictions)


def _top(kind: SeatKind) -> int:
    return kind.plateau or kind.peak


def _weigh(scales: Scales, observed: Observed, kind: SeatKind, plane: ControlPlane) -> None:
    name, refused, limit = NAMES.get(kind.kind, kind.kind), _refused(observed, kind), plane.limit(kind.kind)
    scales.supports(
        refused >= MIN_REFUSED,
        f"{count(refused)} {name} requests are refused with 429, {rate(refused / max(1.0, observed.window.seconds))} over the window.",
        observation="seats",
        weight=0.8,
    )
    scales.supports(
        kind.rejected_on_plateau >= 0.5,  # noqa: PLR2004 - most of them
        f"{percent(kind.rejected_on_plateau)} of the refusals come while the seats stand at their top of {count(_top(kind))}.",
        observation="seats",
        weight=0.8,
    )
    scales.supports(
        near(_top(kind), limit, within=0.05),
        f"That top is the limit of {count(limit)}.",
        observation="seats",
        weight=0.6,
    )
    scales.supports(
        kind.plateau is not None and kind.plateau_s > 0,
        f"Held seats stay on that top for {seconds(float(kind.plateau_s))}.",
        observation="seats",
        weight=0.4,
    )
    fair = plane.flag("priority_and_fairness")
    scales.opposes(
        kind.peak > 0 and kind.rejected_on_plateau < 0.2 and not fair,  # noqa: PLR2004 - hardly any
        f"Only {percent(kind.rejected_on_plateau)} of the refusals come while the seats are at their top.",
        observation="seats",
        weight=0.6,
    )


def _claim(observed: Observed, kind: SeatKind, plane: ControlPlane) -> str:
    name, limit, top = NAMES.get(kind.kind, kind.kind), plane.limit(kind.kind), _top(kind)
    if near(top, limit, within=0.05):
        where = f"all {count(limit)} {name} seats are taken"
    elif plane.flag("priority_and_fairness"):
        where = f"at most {count(top)} {name} seats are held, so a priority level refuses before the whole server is full"
    else:
        where = f"{count(top)} {name} seats are taken at the top, so the limit seems to be {count(top)} instead of {count(limit)}"
    return f"{count(_refused(observed, kind))} requests are refused with 429: {where}."


def _denial(observed: Observed, kind: SeatKind, plane: ControlPlane) -> str:
    name = NAMES.get(kind.kind, kind.kind)
    return (
        f"{count(_refused(observed, kind))} {name} requests are refused; at most {count(kind.peak)} of "
        f"{count(plane.limit(kind.kind))} {name} seats are held at once."
    )


def _numbers(observed: Observed, kind: SeatKind, plane: ControlPlane) -> dict[str, Number]:
    return {
        "kind": kind.kind,
        "rejected": _refused(observed, kind),
        "peak": kind.peak,
        "plateau": kind.plateau,
        "plateau_s": kind.plateau_s,
        "limit": plane.limit(kind.kind),
        "rejected_on_plateau": round(kind.rejected_on_plateau, 4),
    }
