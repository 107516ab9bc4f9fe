"""Kubelets fetch the Secrets and ConfigMaps of their pods over and over.

Claim:
    Reads of single Secrets and ConfigMaps by kubelets make a large part of all reads, in proportion to the pods.

Mechanism:
    A kubelet needs the Secrets and ConfigMaps of its pods. With the strategy Watch (default from 1.12) it watches each one; with Cache or
    Get it asks again when a time is over, for every pod. Nodes times pods times objects, every minute or so.

Evidence for:
    GETs of secrets and configmaps by kubelets as a large share of reads; a kubelet configuration with the strategy Cache or Get.

Evidence against:
    Few such GETs; the strategy Watch.

Easily mistaken for:
    Look-ups by the server itself (system:apiserver), which come from token reviews; pods that read Secrets through the API.

Cannot tell when:
    The audit policy leaves out reads by kubelets, as many do, and there are no metrics.

Remedy:
    configMapAndSecretChangeDetectionStrategy: Watch; mark objects that never change as immutable.

Sources:
    kubernetes/kubernetes#64752, #120126, #99393; kubernetes pkg/kubelet/util/manager.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, grown, measured, places
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed, percent, rate
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Client, Counter, Holder, Observed

PROFILE = Profile(
    id="secret_polling",
    title="Kubelets poll Secrets and ConfigMaps",
    role=Role.CAUSE,
    mistaken_for=("look-ups of the server itself: those are made by system:apiserver",),
    sources=("kubernetes/kubernetes#64752", "kubernetes/kubernetes#120126", "kubernetes/kubernetes#99393"),
    explains=("inflight_limit", "retry_storm"),
    mechanism="Every kubelet asks for every Secret and ConfigMap of its pods again and again, instead of watching them.",
)

OBJECTS = ("secrets", "configmaps")
STRATEGY = "configMapAndSecretChangeDetectionStrategy"
MIN_GETS = 200
MIN_SHARE = 0.3
FEW_SHARE = 0.05
MIN_RATE = 5.0
HOT = 0.5
"""Share of one node from which on it is that node, not the strategy of all."""


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    holders = [item for item in observed.seats.readonly.holders if _polls(item)]
    gets = sum(item.attempts for item in holders)
    reads = sum(
        item.attempts for item in observed.traffic.classes if not item.mutating and not item.long_running
    )
    share = gets / reads if reads else 0.0
    visible = observed.policy.has_read and observed.policy.has_nodes
    scales = Scales()
    scales.supports(
        gets >= MIN_GETS and share >= MIN_SHARE,
        f"{count(gets)} GETs of Secrets and ConfigMaps by {count(max((item.clients for item in holders), default=0))} kubelets are "
        f"{percent(share)} of the reads.",
        observation="seats",
        weight=0.9,
    )
    scales.opposes(
        visible and share < FEW_SHARE and reads > 0,
        f"GETs of Secrets and ConfigMaps by kubelets are {percent(share)} of {count(reads)} reads.",
        observation="seats",
        weight=1.0,
    )
    measured_share, per_s = _weigh_metrics(scales, observed)
    strategy = _weigh_strategy(scales, observed)
    scales.misses(
        not visible and measured_share is None,
        "an audit rule of level Metadata for GETs by group system:nodes: snowpit policy",
    )
    scales.misses(
        not strategy,
        "the running configuration of a kubelet (/configz): configMapAndSecretChangeDetectionStrategy",
    )
    hot = next((item for item in observed.clients if _hot(item, gets)), None)
    scales.opposes(
        hot is not None and gets >= MIN_GETS,
        f"One node, {hot.value if hot else ''}, makes {count(hot.attempts if hot else 0)} requests: a hot node, no habit of all.",
        observation="clients",
        weight=1.0,
    )
    by_requests = (
        gets >= MIN_GETS and share >= MIN_SHARE and gets / max(1.0, observed.window.seconds) >= MIN_RATE
    )
    by_metrics = (measured_share or 0.0) >= MIN_SHARE and per_s >= MIN_RATE
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=by_requests or by_metrics,
        harmful=by_requests or by_metrics,
        visible=visible or measured_share is not None,
        claim=f"Kubelets fetch Secrets and ConfigMaps one by one, {rate(max(per_s, gets / max(1.0, observed.window.seconds)))}: "
        f"{percent(max(share, measured_share or 0.0))} of the reads.",
        denial=f"GETs of Secrets and ConfigMaps by kubelets: {count(gets)} of {count(reads)} reads."
        if visible
        else "Reads by kubelets are not in this evidence.",
        numbers={
            "gets": gets,
            "share": round(share, 4),
            "measured_share": measured_share,
            "strategy": strategy or None,
        },
        impact=0.5 * max(share, measured_share or 0.0),
        would_change="The same GETs by the server itself or by pods, not by kubelets.",
    )


def _polls(item: Holder) -> bool:
    return (
        item.client == "system:node:*"
        and item.key.verb == "get"
        and item.key.resource in OBJECTS
        and not item.key.subresource
    )


def _hot(item: Client, gets: int) -> bool:
    """Whether one node makes at least half as many requests as all kubelets together make such GETs."""
    return item.dimension == "user" and item.value.startswith("system:node:") and item.attempts >= HOT * gets


def _weigh_metrics(scales: Scales, observed: Observed) -> tuple[float | None, float]:
    """Share and rate of such GETs in metrics; they do not tell who asks."""
    found = [
        item
        for item in measured(observed).counter("apiserver_request_total", APISERVER)
        if item.labels.get("verb") == "GET"
    ]
    mine: list[Counter] = [item for item in found if item.labels.get("resource") in OBJECTS]
    total = sum(map(grown, found))
    timed = [item.rate for item in mine if item.rate is not None]
    if not total or not timed:
        return None, 0.0
    share, per_s = sum(map(grown, mine)) / total, sum(timed)
    scales.supports(
        share >= MIN_SHARE and per_s >= MIN_RATE,
        f"GETs of Secrets and ConfigMaps are {percent(share)} of all GETs, {rate(per_s)}; metrics do not tell who makes them.",
        observation="metrics.counters",
        weight=0.5,
        at=places(mine),
    )
    scales.opposes(
        share < FEW_SHARE or per_s < 1,
        f"GETs of Secrets and ConfigMaps are {percent(share)} of all GETs, {rate(per_s)}.",
        observation="metrics.counters",
        weight=1.0,
        at=places(mine),
    )
    return round(share, 4), per_s


def _weigh_strategy(scales: Scales, observed: Observed) -> str:
    """What kubelets are set to; empty if not told."""
    kubelets = observed.configuration.kubelets if observed.configuration else ()
    found = [item.values[STRATEGY] for item in kubelets if STRATEGY in item.values]
    polling = [item for item in found if item.value in ("Cache", "Get")]
    at = tuple(item.pointer for item in (polling or found) if item.pointer)[:3]
    scales.supports(
        bool(polling),
        f"Kubelets are set to the strategy {listed(sorted({item.value for item in polling}))}.",
        observation="configuration.kubelets",
        weight=0.8,
        at=at,
    )
    scales.opposes(
        bool(found) and not polling,
        "Kubelets are set to the strategy Watch.",
        observation="configuration.kubelets",
        weight=0.7,
        at=at,
    )
    return (polling or found)[0].value if found else ""
