"""Kubelets renew the tokens of their pods in waves, about once an hour.

Claim:
    Requests for tokens (create serviceaccounts/token) by kubelets come in waves and make a large part of the writes.

Mechanism:
    Tokens of pods live an hour or little more, and kubelets renew them after four fifths of that. Pods that started together (a
    new release, a restarted cluster) renew together, every time. Each renewal is a write that signs a token.

Evidence for:
    create serviceaccounts/token as a large share of writes; peaks far above the mean; a period of three quarters of an hour to an hour.

Evidence against:
    Few such requests, or an even stream of them.

Easily mistaken for:
    A TokenReview storm: here tokens are made, not checked.

Cannot tell when:
    The evidence is shorter than two waves, or writes by kubelets are left out.

Remedy:
    It is normal up to a point. Longer expiry, jitter, and from 1.20 a level of its own keep it from hurting others.

Sources:
    kubernetes/kubernetes#128146; kubernetes pkg/kubelet/token/token_manager.go.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, grown, measured, places
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, percent, seconds
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import ClassTraffic, Observed, Synchrony

PROFILE = Profile(
    id="token_request_waves",
    title="Kubelets renew tokens in waves",
    role=Role.CAUSE,
    mistaken_for=("a TokenReview storm: here tokens are made, not checked",),
    sources=("kubernetes/kubernetes#128146", "kubernetes pkg/kubelet/token/token_manager.go"),
    explains=("inflight_limit", "retry_storm"),
    mechanism="Pods that started together have tokens that end together, so their kubelets renew them together, every hour.",
)

MIN_ATTEMPTS = 200
MIN_SHARE = 0.2
FEW_SHARE = 0.05
WAVE = 5.0
PERIOD_S = (1800.0, 5400.0)


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    found = observed.traffic.of("create", "serviceaccounts", "token")
    wave = next((item for item in observed.waves if found and item.key == found.key), None)
    writes = sum(item.attempts for item in observed.traffic.classes if item.mutating)
    share = found.attempts / writes if found and writes else 0.0
    scales = Scales()
    peaked = _weigh(scales, observed, found, wave=wave, share=share)
    told = _weigh_metrics(scales, observed)
    visible = observed.policy.has_write and observed.policy.has_nodes
    scales.misses(
        not visible and not told,
        "an audit rule of level Metadata for writes by group system:nodes: snowpit policy",
    )
    scales.misses(
        visible and bool(found) and not peaked,
        "evidence of two hours or more, to show whether the requests come in waves",
    )
    present = found is not None and found.attempts >= MIN_ATTEMPTS and share >= MIN_SHARE and peaked
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=present,
        harmful=present and trouble(observed).real,
        visible=visible or told,
        claim=f"Kubelets ask for {count(found.attempts)} tokens, {percent(share)} of the writes, up to {count(found.peak_rate)} in one second."
        if found
        else "",
        denial=f"{count(found.attempts if found else 0)} of {count(writes)} writes ask for tokens."
        if visible
        else "Metrics show few requests for tokens, or too little to see waves."
        if told
        else "Requests for tokens are not in this evidence.",
        numbers={
            "requests": found.attempts if found else 0,
            "share": round(share, 4),
            "period_s": wave.period_s if wave else None,
            "peak_per_s": found.peak_rate if found else 0,
        },
        impact=0.5 * share,
        would_change="An even stream of such requests.",
    )


def _weigh(
    scales: Scales, observed: Observed, found: ClassTraffic | None, *, wave: Synchrony | None, share: float
) -> bool:
    """What requests tell; true if they come in waves."""
    attempts = found.attempts if found else 0
    peaked = found is not None and found.peak_rate >= WAVE * max(1.0, found.arrival_rate)
    scales.supports(
        attempts >= MIN_ATTEMPTS and share >= MIN_SHARE,
        f"{count(attempts)} requests for tokens are {percent(share)} of the writes.",
        observation="traffic",
        weight=0.7,
        at=found.samples if found else (),
    )
    scales.supports(
        peaked and attempts >= MIN_ATTEMPTS,
        f"Up to {count(found.peak_rate if found else 0)} come in one second, {(found.arrival_rate if found else 0.0):.1f} on average: a wave.",
        observation="traffic",
        weight=0.6,
    )
    scales.supports(
        wave is not None and PERIOD_S[0] <= wave.period_s <= PERIOD_S[1],
        f"The waves come every {seconds(wave.period_s if wave else None)}.",
        observation="waves",
        weight=0.7,
    )
    scales.opposes(
        observed.policy.has_write and observed.policy.has_nodes and share < FEW_SHARE,
        f"Requests for tokens are {percent(share)} of the writes.",
        observation="traffic",
        weight=1.0,
    )
    return peaked


def _weigh_metrics(scales: Scales, observed: Observed) -> bool:
    """What metrics tell; true if they tell anything."""
    posts = [
        item
        for item in measured(observed).counter("apiserver_request_total", APISERVER)
        if item.labels.get("verb") == "POST"
    ]
    mine = [item for item in posts if item.labels.get("subresource") == "token"]
    total = sum(map(grown, posts))
    share = sum(map(grown, mine)) / total if total else 0.0
    timed = any(item.instants > 1 for item in posts)
    scales.supports(
        timed and share >= MIN_SHARE,
        f"Requests for tokens are {percent(share)} of all POSTs between the scrapes.",
        observation="metrics.counters",
        weight=0.4,
        at=places(mine),
    )
    scales.opposes(
        bool(total) and share < FEW_SHARE,
        f"Requests for tokens are {percent(share)} of {count(total)} POSTs.",
        observation="metrics.counters",
        weight=1.0,
    )
    return bool(total)
