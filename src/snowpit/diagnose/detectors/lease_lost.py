"""Controllers lose their lease because they cannot renew it in time: nobody schedules or controls meanwhile.

Claim:
    A controller manager, scheduler or operator lost its leader lease.

Mechanism:
    A leader renews its lease every 2 s and gives up after 10 s without success. While the API server refuses or delays
    writes, renewals fail; the process exits, starts anew and lists everything, which adds to the load.

Evidence for:
    Lines such as `failed to renew lease` or `leader election lost`; leader_election_master_status that falls to 0; renewals
    that are refused or time out.

Evidence against:
    Logs of the controllers without such lines; a leader that stays the same.

Easily mistaken for:
    The cause: it is a victim of the overload, and at most adds a herd of LISTs to it.

Cannot tell when:
    There are no logs or metrics of the controllers.

Remedy:
    Remove the cause; then give renewals priority (leader-election level of priority and fairness, from 1.20).

Sources:
    client-go tools/leaderelection; kube-controller-manager --leader-elect-renew-deadline.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import measured, places
from snowpit.diagnose.lines import lines, weigh_lines, writes_log
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="lease_lost",
    title="A leader lost its lease",
    role=Role.VICTIM,
    mistaken_for=("the cause: renewals fail because the server refuses or delays them",),
    sources=("client-go tools/leaderelection",),
    mechanism="A leader that cannot renew its lease within 10 s gives up, exits and starts anew.",
)

CONTROLLERS = ("kube-controller-manager", "kube-scheduler")


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    told = lines(observed, "lease_lost")
    status = measured(observed).gauge("leader_election_master_status")
    lost = [item for item in status if item.instants > 1 and item.first >= 1 and item.last < 1]
    kept = [item for item in status if item.low >= 1]
    failed = sum(
        item.turned_away
        for item in observed.traffic.classes
        if item.key.resource == "leases" and item.key.verb == "update"
    )
    scales = Scales()
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines in logs of {listed(list(told.components) or ['a component'])} tell of a lease that was not renewed.",
        weight=1.0,
    )
    scales.supports(
        bool(lost),
        f"No leader any more at the last scrape: {listed([item.component for item in lost])}.",
        observation="metrics.gauges",
        weight=0.8,
        at=places(lost),
    )
    scales.supports(
        bool(told.count or lost) and failed > 0,
        f"{count(failed)} updates of leases were refused or timed out.",
        observation="traffic",
        weight=0.3,
    )
    logged = any(writes_log(observed, name) for name in CONTROLLERS)
    scales.opposes(
        not told.count and not lost and (logged or bool(kept)),
        "Logs of the controllers tell of no lost lease."
        if logged
        else f"{listed([item.component for item in kept])} kept the lease.",
        observation="logs" if logged else "metrics.gauges",
        weight=1.0,
    )
    known = logged or bool(status) or told.count > 0
    scales.misses(
        not known,
        "logs of kube-controller-manager and kube-scheduler, or leader_election_master_status of theirs",
    )
    seen = bool(told.count or lost)
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen,
        visible=known,
        claim=f"A leader lost its lease ({listed(list(told.components) or [item.component for item in lost])}).",
        denial="No leader is seen to lose its lease." if known else "Leases are not in this evidence.",
        numbers={"lines": told.count, "leaders_lost": len(lost), "updates_failed": failed},
        impact=0.05,
        would_change="A lease that was given up on purpose (a controlled stop).",
    )
