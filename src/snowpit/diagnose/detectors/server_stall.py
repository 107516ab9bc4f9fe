"""The whole server stands still for a while, then answers everything at once.

Claim:
    Requests of nearly every kind become slow at the same moment and end together in a burst: the server, its host or its database stalled.

Mechanism:
    A pause of the process (garbage collection, swapping, a frozen virtual machine, a blocked audit log) or of the database (slow
    fsync, leader change, defragmentation) stops all requests alike. They wait, hold their seats, and end within a
    second when it is over. Clients that gave up meanwhile come again.

Evidence for:
    Most classes slow in the same stretch, reads and writes; no or few completions in it; a burst of completions after it.
    Lines of slow calls to etcd in the same evidence.

Evidence against:
    Only writes, or only one class, slow; another finding that holds the seats.

Easily mistaken for:
    A full gate (then requests are refused, not slow); a slow webhook (only writes).

Cannot tell when:
    The log has gaps for other reasons, or the policy keeps too few kinds of request.

Remedy:
    Look at the database (fsync, leader changes), then at the host (CPU, memory, disk of the audit log).

Sources:
    kubernetes/kubernetes#70082; etcd-io/etcd discussion 17305; kubernetes audit log backend, mode blocking.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import measured
from snowpit.diagnose.lines import lines, weigh_lines
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, rate, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed, Stall
from snowpit.model.window import clock

PROFILE = Profile(
    id="server_stall",
    title="The whole server stood still",
    role=Role.CAUSE,
    mistaken_for=(
        "a full gate: requests would be refused, not slow",
        "a slow webhook: only writes would be slow",
    ),
    sources=("kubernetes/kubernetes#70082", "etcd-io/etcd discussion 17305"),
    explains=("inflight_limit", "retry_storm", "heartbeat_pressure"),
    mechanism="Whatever stopped the server or its database stopped all requests alike; they kept their seats until it went on.",
)

MIN_CLASSES = 4
MIN_SLOW_SHARE = 0.6
MIN_S = 2.0
MIN_WAITING = 20


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    stalls = [item for item in observed.stalls if _whole(item)]
    scales = Scales()
    if not stalls:
        denial = "At no time were requests of most kinds slow together."
        return conclude(
            PROFILE, plane, scales=scales, present=False, harmful=False, visible=True, claim="", denial=denial
        )
    worst = max(stalls, key=lambda item: (item.waiting, item.window.seconds))
    scales.misses(
        not _etcd_known(observed),
        "what stalled: etcd_disk_wal_fsync_duration_seconds and leader changes; CPU, memory and disk of the API server's host at "
        f"{clock(worst.window.start)}",
    )
    _weigh(scales, stalls, worst)
    _weigh_etcd(scales, observed)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=True,
        harmful=worst.waiting >= MIN_WAITING and worst.window.seconds >= MIN_S,
        visible=True,
        claim=f"At {clock(worst.window.start)} the whole server stood still for {seconds(worst.window.seconds)}: {count(worst.slow_classes)} of "
        f"{count(worst.classes)} kinds of request were slow together, {count(worst.waiting)} requests waited, then "
        f"{count(worst.burst)} ended within a second.",
        denial=f"A stretch of {seconds(worst.window.seconds)} in which most kinds of request were slow, with {count(worst.waiting)} waiting.",
        numbers={
            "stalls": len(stalls),
            "seconds": round(worst.window.seconds, 1),
            "classes": worst.classes,
            "slow_classes": worst.slow_classes,
            "waiting": worst.waiting,
            "burst": worst.burst,
            "usual_completions_per_s": round(worst.usual, 1),
        },
        impact=0.5 * worst.slow_classes / worst.classes,
        would_change="Kinds of request that stayed fast in that stretch, or one holder of the seats.",
    )


def _etcd_known(observed: Observed) -> bool:
    """Whether the database speaks for itself, in its metrics or in its log."""
    components = observed.logs.components if observed.logs else ()
    return "etcd" in components or any(item.component == "etcd" for item in measured(observed).instances)


def _weigh_etcd(scales: Scales, observed: Observed) -> None:
    """Slow calls to the database, as logs tell them: then it stalled, and the server with it."""
    told = lines(observed, "etcd_slow")
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of {listed(told.components)} tell of slow calls to etcd, up to {seconds(told.longest_s)}.",
        weight=0.5,
        least=5,
    )
    panics = lines(observed, "panic")
    weigh_lines(scales, panics, f"{count(panics.count)} panics are logged.", weight=0.2)


def _whole(stall: Stall) -> bool:
    """True if a stretch concerns the whole server."""
    return stall.classes >= MIN_CLASSES and stall.slow_classes >= MIN_SLOW_SHARE * stall.classes


def _weigh(scales: Scales, stalls: list[Stall], worst: Stall) -> None:
    share = worst.slow_classes / worst.classes
    scales.supports(
        True,  # noqa: FBT003 - a gate before this
        f"{count(worst.slow_classes)} of {count(worst.classes)} kinds of request ({percent(share)}) are slow in the same {seconds(worst.window.seconds)}.",
        observation="stalls",
        weight=0.9,
    )
    scales.supports(
        worst.burst >= 3 * max(1.0, worst.usual),
        f"Then {count(worst.burst)} requests end within one second; usual are {rate(worst.usual)}.",
        observation="stalls",
        weight=0.7,
    )
    scales.supports(
        worst.waiting >= MIN_WAITING,
        f"{count(worst.waiting)} requests waited at the end of it.",
        observation="stalls",
        weight=0.3,
    )
    scales.supports(
        len(stalls) > 1,
        f"It happens {count(len(stalls))} times in this evidence.",
        observation="stalls",
        weight=0.2,
    )
