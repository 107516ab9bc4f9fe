"""One priority level has no seats left while the server as a whole has: its requests wait in queues and are refused.

Claim:
    A priority level of API Priority and Fairness refuses or delays requests, although other levels have seats to spare.

Mechanism:
    From 1.20 the sum of both in-flight limits is divided between priority levels by shares. A level whose seats are taken
    queues requests, at most a quarter of the request timeout long (15 s), then refuses with 429; one of type Reject refuses at once.
    A client that fills a level starves all others whose flow schema leads there, and nobody else.

Evidence for:
    Refusals of one level (queue-full, time-out, concurrency-limit) while other levels refuse nothing; requests waiting in its
    queues; long waits; its seats all in use; the debug dumps of priority and fairness.

Evidence against:
    No level refuses and none queues; a release before priority and fairness.

Easily mistaken for:
    A full server (then the levels are full together); a slow server (then executing takes long, not waiting).

Cannot tell when:
    There are no metrics or dumps of priority and fairness: the audit log does not name the level.

Remedy:
    Give the client that fills the level a flow schema and a level of its own; then look at the shares.

Sources:
    kubernetes/kubernetes#95259; apiserver pkg/util/flowcontrol; KEP 1040; projectcalico/calico#7694.
"""

from collections.abc import Sequence
from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import measured
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, seconds
from snowpit.model.evidence import Pointer
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="apf_starvation",
    title="A priority level is starved",
    role=Role.SYMPTOM,
    mistaken_for=("a full server: here other levels have seats to spare",),
    sources=("kubernetes/kubernetes#95259", "projectcalico/calico#7694", "apiserver pkg/util/flowcontrol"),
    mechanism="A level whose seats are taken queues its requests and then refuses them, whatever other levels have to spare.",
)

MIN_REFUSED = 20
MIN_SHARE = 0.005
LONG_WAIT_S = 1.0
MIN_WAITING = 10


class Level(NamedTuple):
    """One level, all servers together."""

    name: str
    refused: float
    passed: float
    reasons: tuple[str, ...]
    waiting: float
    wait_s: float | None
    full: bool
    source: str
    at: tuple[Pointer, ...]

    @property
    def share(self) -> float:
        """Share refused."""
        return self.refused / max(1.0, self.refused + self.passed)


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    levels = _measured(observed) or _dumped(observed)
    worst = max(levels, key=lambda item: (_starved(item), item.refused, item.waiting), default=None)
    scales = Scales()
    off = plane.flag("priority_and_fairness") is False and not levels
    scales.opposes(
        off, f"Kubernetes {plane.version} has no priority and fairness.", observation="hints", weight=1.0
    )
    scales.misses(
        not levels and not off,
        "apiserver_flowcontrol_* of every API server, or the dumps under /debug/api_priority_and_fairness",
    )
    if worst is not None:
        _weigh(scales, worst, levels)
    present = worst is not None and _starved(worst)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=present,
        harmful=present,
        visible=bool(levels) or off,
        claim=_claim(worst) if worst else "",
        denial=_denial(levels, off=off),
        numbers={
            "level": worst.name if worst else None,
            "refused": worst.refused if worst else None,
            "waiting": worst.waiting if worst else None,
            "wait_p99_s": worst.wait_s if worst else None,
        },
        impact=min(1.0, worst.share + 0.1) if worst else 0.0,
        would_change="Other levels that refuse as much: then the server as a whole is full.",
    )


def _starved(level: Level) -> bool:
    refused = level.refused >= MIN_REFUSED and level.share >= MIN_SHARE
    return refused or (level.waiting >= MIN_WAITING and (level.wait_s is None or level.wait_s >= LONG_WAIT_S))


def _measured(observed: Observed) -> list[Level]:
    """Levels as metrics show them, added up over servers."""
    found = []
    for name in dict.fromkeys(item.level for item in measured(observed).levels):
        mine = [item for item in measured(observed).levels if item.level == name]
        reasons = {key for item in mine for key, number in item.rejected.items() if number and key}
        waits = [item.wait_p99_s for item in mine if item.wait_p99_s is not None]
        found.append(
            Level(
                name=name,
                refused=sum(sum(item.rejected.values()) for item in mine),
                passed=sum(item.dispatched for item in mine),
                reasons=tuple(sorted(reasons)),
                waiting=sum(item.queued for item in mine),
                wait_s=max(waits, default=None),
                full=any(item.seats and item.in_use >= 0.95 * item.seats for item in mine),
                source="metrics.levels",
                at=tuple(item.pointer for item in mine if item.pointer)[:3],
            )
        )
    return found


def _dumped(observed: Observed) -> list[Level]:
    """Levels as the debug dumps show them."""
    states = observed.configuration.states if observed.configuration else ()
    return [
        Level(
            name=item.name,
            refused=float((item.rejected or 0) + (item.timed_out or 0)),
            passed=0.0,
            reasons=(),
            waiting=float(item.waiting or 0),
            wait_s=None,
            full=bool(item.waiting),
            source="configuration.states",
            at=(item.pointer,) if item.pointer else (),
        )
        for item in states
    ]


def _weigh(scales: Scales, worst: Level, levels: Sequence[Level]) -> None:
    starved = _starved(worst)
    scales.supports(
        worst.refused >= MIN_REFUSED and worst.share >= MIN_SHARE,
        f"Level {worst.name} refuses {count(worst.refused)} requests ({percent(worst.share)} of its own"
        + (f"; {', '.join(worst.reasons)})." if worst.reasons else ")."),
        observation=worst.source,
        weight=0.9,
        at=worst.at,
    )
    scales.supports(
        worst.waiting >= MIN_WAITING,
        f"{count(worst.waiting)} requests wait in its queues at once.",
        observation=worst.source,
        weight=0.7,
        at=worst.at,
    )
    scales.supports(
        (worst.wait_s or 0.0) >= LONG_WAIT_S,
        f"One in a hundred of its requests waits {seconds(worst.wait_s)} or longer for a seat; the limit is 15 s.",
        observation=worst.source,
        weight=0.6,
        at=worst.at,
    )
    scales.supports(
        starved and worst.full, "All its seats are in use.", observation=worst.source, weight=0.4, at=worst.at
    )
    idle = [item.name for item in levels if item is not worst and not _starved(item)]
    scales.supports(
        starved and bool(idle),
        f"Other levels refuse hardly anything: {listed(idle)}.",
        observation=worst.source,
        weight=0.4,
    )
    scales.opposes(
        not starved,
        f"None of {count(len(levels))} levels refuses or delays requests; the most are {count(worst.refused)} refusals by {worst.name}.",
        observation=worst.source,
        weight=1.0,
    )


def _claim(worst: Level) -> str:
    wait = (
        f" and the slowest hundredth waits {seconds(worst.wait_s)}"
        if (worst.wait_s or 0) >= LONG_WAIT_S
        else ""
    )
    return (
        f"Priority level {worst.name} has no seats left: it refuses {count(worst.refused)} requests, {count(worst.waiting)} wait in its "
        f"queues at once{wait}."
    )


def _denial(levels: Sequence[Level], *, off: bool) -> str:
    if off:
        return "This release has no priority and fairness."
    return (
        f"None of {count(len(levels))} priority levels refuses or delays requests."
        if levels
        else "Priority levels are not in this evidence."
    )
