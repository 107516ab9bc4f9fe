"""Events crowd out other writes.

Claim:
    Writes of Event objects are most of the mutating requests and hold the mutating seats.

Mechanism:
    Components report what happens as Event objects. A crash loop, failing mounts or a busy controller on many nodes writes
    thousands a second; each is a mutating request with a database write. Kubelets and controllers try again when refused.

Evidence for:
    Share of events among mutating attempts and in mutating seat time; refusals; sources and namespaces behind them.
    Without requests: their part of all writes in metrics, by number and by number times mean time, with refusals.

Evidence against:
    A small share of seat time; no refusals and quick writes.

Easily mistaken for:
    A consequence: failing nodes and pods report their failures, so an incident of another cause brings events too; then they
    hold a smaller share than the cause.

Cannot tell when:
    The policy leaves out events, as most published policies do.

Remedy:
    Stop the source; EventRateLimit; a database of its own for events.

Sources:
    kubernetes/kubernetes#47899, #47366, #77723, #141022.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.asked import asked, judge_asked, weigh_asked
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, rate, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import ClassTraffic, Observed

PROFILE = Profile(
    id="event_flood",
    title="Event objects crowd out other writes",
    role=Role.CAUSE,
    mistaken_for=(
        "a consequence of another incident: its events would hold a smaller share than their cause",
    ),
    sources=("kubernetes/kubernetes#47899", "kubernetes/kubernetes#47366", "kubernetes/kubernetes#77723"),
    explains=("inflight_limit", "retry_storm", "heartbeat_pressure", "hot_client"),
    mechanism="Each Event object is a write of its own that holds a mutating seat and goes to the database; refused ones are sent again.",
)

MIN_EVENTS = 200
MIN_SHARE = 0.3
MISSING = "an audit rule of level Metadata for events (most policies leave them out)"


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    counted = asked(observed, "writes of Event objects", ("events",))
    measured = judge_asked(PROFILE, plane, observed, found=counted, least=MIN_SHARE, missing=MISSING)
    if measured is not None:
        return measured
    writes = [item for item in observed.traffic.classes if item.mutating and not item.long_running]
    events = [item for item in writes if item.key.resource == "events"]
    attempts = sum(item.attempts for item in events)
    share = attempts / max(1, sum(item.attempts for item in writes))
    held = sum(item.held_share for item in events)
    hurt = trouble(observed)
    rejected = sum(item.outcomes.get("rejected", 0) for item in events)
    scales = Scales()
    suspicious = hurt.real and not events and observed.seats.mutating.rejected >= 20  # noqa: PLR2004 - more than noise
    scales.misses(
        suspicious or not observed.policy.has_write,
        MISSING,
    )
    weigh_asked(scales, counted, least=MIN_SHARE)
    _weigh(scales, events, attempts=attempts, share=share, held=held)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=attempts >= MIN_EVENTS and share >= MIN_SHARE and held >= MIN_SHARE,
        harmful=hurt.real,
        visible=observed.policy.has_write or not hurt.real,
        claim=f"{count(attempts)} writes of Event objects, {percent(share)} of all mutating requests, hold {percent(held)} of the mutating "
        f"seat time; {count(rejected)} were refused. {_sources(observed)}",
        denial=f"{count(attempts)} writes of Event objects make {percent(share)} of the mutating requests and hold {percent(held)} of the seat time.",
        numbers={
            "events": attempts,
            "share_of_writes": round(share, 4),
            "held_share": round(held, 4),
            "events_per_s": round(sum(item.arrival_rate for item in events), 2),
            "rejected": rejected,
        },
        impact=held,
        would_change="Another class of write that holds more seat time.",
    )


def _sources(observed: Observed) -> str:
    """Largest namespaces among all requests of which events are the most frequent class."""
    spaces = [
        item for item in observed.clients if item.dimension == "namespace" and " events" in item.top_class
    ]
    return f"Namespaces: {listed([item.value for item in spaces])}." if spaces else ""


def _weigh(scales: Scales, events: list[ClassTraffic], *, attempts: int, share: float, held: float) -> None:
    scales.supports(
        held >= MIN_SHARE,
        f"They hold {percent(held)} of all mutating seat time.",
        observation="seats",
        weight=min(1.0, held + 0.2),
        at=events[0].samples if events else (),
    )
    scales.supports(
        share >= MIN_SHARE and attempts >= MIN_EVENTS,
        f"They are {percent(share)} of all mutating requests, {rate(sum(item.arrival_rate for item in events))}.",
        observation="traffic",
        weight=0.8,
    )
    rejected = sum(item.outcomes.get("rejected", 0) for item in events)
    scales.supports(
        rejected >= 20,  # noqa: PLR2004 - more than noise
        f"{count(rejected)} of them are refused with 429.",
        observation="traffic",
        weight=0.4,
    )
    slow = [item for item in events if (item.p50_s or 0.0) >= 0.1]  # noqa: PLR2004 - ten times the usual
    scales.supports(
        bool(slow),
        f"A write of an event takes {seconds(max((item.p50_s or 0.0 for item in slow), default=0.0))} in the median.",
        observation="traffic",
        weight=0.3,
    )
    scales.opposes(
        bool(events) and held < MIN_SHARE,
        f"They hold only {percent(held)} of the mutating seat time.",
        observation="seats",
        weight=0.8,
    )
