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
    refused = _refused(observed, kind)
    scales = Scales()
    _weigh(scales, observed, kind, plane)
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
