"""Heartbeats of the kubelets: a load by themselves, or the first victims of another.

Claim:
    Heartbeats (node status patches before 1.14, lease updates since) hold the mutating seats, or are refused because others hold them.

Mechanism:
    Each kubelet writes every 10 s: before 1.14 a PATCH of the node's status (100 a second for 1,000 nodes are normal), since
    then a small lease. Refused ones are tried again at once, up to five times. A node that does not get through for
    40 s is NotReady, its pods are evicted after five minutes, and the rest of the cluster gets their load.

Evidence for:
    As cause: their share of mutating seat time and attempts, slow writes. As victims: refusals among them while others hold the seats.
    Without requests: heartbeats answered 429 or 504 in metrics, and kubelets that could not write their status.

Evidence against:
    They pass, and hold a small share.

Easily mistaken for:
    The cause, when they are victims: they are numerous and refused, but hold little seat time.

Cannot tell when:
    The policy leaves out nodes/status and leases, as many do.

Remedy:
    As victims: treat what holds the seats; pause evictions. As cause: leases (1.14), a longer period.

Sources:
    kubernetes/kubernetes#72096, #64014, #54897; kubernetes 1.12.4 pkg/kubelet/kubelet_node_status.go.
"""

from dataclasses import replace

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.asked import Asked, asked, judge_asked, large, weigh_asked
from snowpit.diagnose.lines import lines, weigh_lines
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, rate, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import ClassTraffic, Observed

PROFILE = Profile(
    id="heartbeat_pressure",
    title="Heartbeats of the kubelets",
    role=Role.CAUSE,
    mistaken_for=("the cause, when they are victims: numerous and refused, but with little seat time",),
    sources=("kubernetes/kubernetes#72096", "kubernetes/kubernetes#64014", "kubernetes/kubernetes#54897"),
    explains=("inflight_limit", "retry_storm"),
)

KINDS = ("nodes/status", "leases")
MIN_ATTEMPTS = 100
MIN_HELD_SHARE = 0.5
MIN_REFUSED = 0.05


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    counted = asked(observed, "heartbeats of nodes", KINDS)
    measured = _by_metrics(observed, plane, counted)
    if measured is not None:
        return measured
    beats = [item for item in observed.traffic.classes if _beats(item)]
    attempts = sum(item.attempts for item in beats)
    held = sum(item.held_share for item in beats)
    refused = sum(item.turned_away for item in beats)
    share = refused / attempts if attempts else 0.0
    cause = held >= MIN_HELD_SHARE
    scales = Scales()
    hurt = trouble(observed)
    scales.misses(
        hurt.real and not attempts,
        "an audit rule of level Metadata for patch nodes/status and update leases by system:nodes",
    )
    _weigh(scales, beats, held=held, share=share, refused=refused)
    if cause:
        weigh_asked(scales, counted, least=MIN_HELD_SHARE)
    _weigh_nodes(scales, observed)
    found = conclude(
        PROFILE,
        plane,
        scales=scales,
        present=attempts >= MIN_ATTEMPTS and (cause or share >= MIN_REFUSED),
        harmful=hurt.real and (share >= MIN_REFUSED or any((item.p50_s or 0.0) >= 1.0 for item in beats)),
        visible=bool(attempts) or not hurt.real or not observed.policy.has_nodes,
        claim=_claim(observed, attempts=attempts, held=held, refused=refused, cause=cause),
        denial=f"{count(attempts)} heartbeats hold {percent(held)} of the mutating seat time; {count(refused)} were refused or timed out."
        if attempts
        else "No heartbeat of a node is among the requests.",
        numbers={
            "heartbeats": attempts,
            "heartbeats_per_s": round(sum(item.arrival_rate for item in beats), 2),
            "held_share": round(held, 4),
            "refused": refused,
            "refused_share": round(share, 4),
            "nodes": observed.hints.nodes,
        },
        impact=held if cause else 0.3 * share,
        would_change="Heartbeats that pass, or seats that they do not hold.",
    )
    if cause:
        return found
    return replace(found, role=Role.VICTIM, explains=(), title="Heartbeats are refused")


def _by_metrics(observed: Observed, plane: ControlPlane, counted: Asked | None) -> Finding | None:
    """What metrics say where no requests are seen: heartbeats that fill the seats, or are turned away; null if nothing."""
    if counted is None:
        return None
    if large(counted, least=MIN_HELD_SHARE):
        return judge_asked(PROFILE, plane, observed, found=counted, least=MIN_HELD_SHARE)
    lost = counted.refused + counted.late
    if not trouble(observed).few or lost < MIN_REFUSED * max(counted.requests, MIN_ATTEMPTS):
        return None
    scales = Scales()
    scales.supports(
        True,  # noqa: FBT003 - a gate before this
        f"Metrics count {count(lost)} of {count(counted.requests)} heartbeats answered 429 or 504 {counted.when}.",
        observation="metrics.counters",
        weight=1.0,
        at=counted.at,
    )
    _weigh_nodes(scales, observed)
    found = conclude(
        PROFILE,
        plane,
        scales=scales,
        present=True,
        harmful=trouble(observed).real,
        visible=True,
        claim=f"{count(lost)} of {count(counted.requests)} heartbeats are refused or time out: nodes turn NotReady after 40 s without one.",
        denial=f"{count(lost)} of {count(counted.requests)} heartbeats were refused or timed out, on a server that copes.",
        numbers={"measured_heartbeats": round(counted.requests), "measured_refused": round(lost)},
        impact=0.3 * lost / counted.requests,
        would_change="Heartbeats that pass.",
    )
    return replace(found, role=Role.VICTIM, explains=(), title="Heartbeats are refused")


def _weigh_nodes(scales: Scales, observed: Observed) -> None:
    """Kubelets and the controller that say that a node's status could not be told in time."""
    told = lines(observed, "node_not_ready")
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of {listed(told.components)} tell of node status that could not be written, or of nodes not ready.",
        weight=0.4,
        least=5,
    )


def _beats(item: ClassTraffic) -> bool:
    key = item.key
    status = key.resource == "nodes" and key.subresource == "status" and key.verb in ("patch", "update")
    lease = key.resource == "leases" and key.verb in ("update", "patch")
    return status or lease


def _claim(observed: Observed, *, attempts: int, held: float, refused: int, cause: bool) -> str:
    if cause:
        return (
            f"{count(attempts)} heartbeats of {count(observed.hints.nodes)} nodes hold {percent(held)} of the mutating seat time; "
            f"{count(refused)} were refused or timed out."
        )
    return (
        f"{count(refused)} of {count(attempts)} heartbeats are refused or time out, while they hold only {percent(held)} of the mutating seat "
        "time: nodes turn NotReady after 40 s without one."
    )


def _weigh(scales: Scales, beats: list[ClassTraffic], *, held: float, share: float, refused: int) -> None:
    total = sum(item.arrival_rate for item in beats)
    scales.supports(
        held >= MIN_HELD_SHARE,
        f"They hold {percent(held)} of all mutating seat time, at {rate(total)}.",
        observation="seats",
        weight=min(1.0, held + 0.1),
    )
    scales.supports(
        share >= MIN_REFUSED,
        f"{count(refused)} of them ({percent(share)}) are refused or time out.",
        observation="traffic",
        weight=1.0,
        at=beats[0].samples if beats else (),
    )
    scales.supports(
        share >= MIN_REFUSED and held < MIN_HELD_SHARE,
        f"They hold {percent(held)} of the mutating seat time themselves: others are in their way.",
        observation="seats",
        weight=0.6,
    )
    slow = max((item.p50_s or 0.0 for item in beats), default=0.0)
    scales.supports(
        slow >= 1.0,
        f"One that passes takes {seconds(slow)} in the median.",
        observation="traffic",
        weight=0.6,
    )
    scales.opposes(
        bool(beats) and share < MIN_REFUSED and slow < 0.1,  # noqa: PLR2004 - a tenth of a second
        f"They pass: {percent(share)} are refused, {seconds(slow)} in the median.",
        observation="traffic",
        weight=1.0,
    )
