"""Nodes are marked NotReady although they work: their heartbeats do not get through.

Claim:
    Kubelets could not report in time, and the controller manager marked their nodes NotReady.

Mechanism:
    A kubelet reports every 10 s and tries five times; after 40 s without a report the node is marked, after five more minutes its pods are
    evicted and made anew elsewhere, which is more writes. Heartbeats are writes like any other before 1.22, and are
    refused with them.

Evidence for:
    Lines such as `update node status exceeds retry count` or `Node is not ready`; nodes listed as not ready; unhealthy nodes in the
    metrics of the controller manager; heartbeats that are refused.

Evidence against:
    All nodes ready while the server is in trouble.

Easily mistaken for:
    Dead machines or a broken network: those do not come back together when the server does.

Cannot tell when:
    There is nothing of kubelets, of the controller manager or of the nodes themselves.

Remedy:
    Remove the cause; stop evictions meanwhile if many nodes are concerned (the controller does so by itself for whole zones).

Sources:
    kubernetes pkg/kubelet/kubelet_node_status.go; pkg/controller/nodelifecycle; kubernetes/kubernetes#47899.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import measured, places
from snowpit.diagnose.lines import lines, weigh_lines, writes_log
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="nodes_not_ready",
    title="Nodes are marked NotReady as victims",
    role=Role.VICTIM,
    mistaken_for=("dead machines: those do not come back together",),
    sources=("kubernetes pkg/kubelet/kubelet_node_status.go", "kubernetes/kubernetes#47899"),
    mechanism="Heartbeats that are refused or late look like dead nodes; after 40 s the node is marked, after five minutes more its pods move.",
)

MIN_NODES = 3
MIN_SHARE = 0.02
MIN_LINES = 5


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    told = lines(observed, "node_not_ready")
    zones = measured(observed).gauge("node_collector_unhealthy_nodes_in_zone")
    sick = sum(item.high for item in zones)
    nodes = observed.configuration.nodes if observed.configuration else None
    missing = nodes.count - nodes.ready if nodes else 0
    counted = max(float(missing), sick)
    scales = Scales()
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of logs tell of nodes that were marked not ready, or could not report.",
        weight=0.9,
        least=MIN_LINES,
    )
    scales.supports(
        sick >= MIN_NODES,
        f"The controller manager counts {count(sick)} nodes that are not healthy.",
        observation="metrics.gauges",
        weight=0.8,
        at=places(zones),
    )
    few = nodes is not None and missing >= max(MIN_NODES, MIN_SHARE * nodes.count)
    scales.supports(
        few,
        f"{count(missing)} of {count(nodes.count if nodes else 0)} nodes are not ready.",
        observation="configuration.nodes",
        weight=0.8,
        at=(nodes.pointer,) if nodes and nodes.pointer else (),
    )
    failed = _heartbeats_failed(observed)
    seen = told.count >= MIN_LINES or sick >= MIN_NODES or few
    scales.supports(
        seen and failed > 0,
        f"{count(failed)} heartbeats were refused or timed out.",
        observation="traffic",
        weight=0.6,
    )
    scales.supports(
        seen and trouble(observed).real,
        "The server refuses or delays requests in the same window.",
        observation="traffic",
        weight=0.4,
    )
    healthy = bool(zones) or (nodes is not None and not missing)
    logged = writes_log(observed, "kube-controller-manager") or writes_log(observed, "kubelet")
    scales.opposes(
        (healthy or logged) and not seen,
        f"Nodes that are not ready: {count(counted)}."
        if healthy
        else "Logs of kubelets or controllers tell of no node that was not ready.",
        observation=("metrics.gauges" if zones else "configuration.nodes") if healthy else "logs",
        weight=1.0,
    )
    known = healthy or logged or nodes is not None or told.count > 0
    scales.misses(not known, "`kubectl get nodes`, logs of kube-controller-manager and of some kubelets")
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen,
        visible=known,
        claim=f"{count(counted) if counted else 'Some'} nodes are marked not ready; {count(told.count)} lines of logs tell of failed reports.",
        denial="Nodes stay ready." if known else "The state of nodes is not in this evidence.",
        numbers={"not_ready": counted, "lines": told.count, "heartbeats_failed": failed},
        impact=0.1,
        would_change="Nodes that stay away after the server has recovered.",
    )


def _heartbeats_failed(observed: Observed) -> int:
    """Refused or timed out: status of nodes, and leases (of nodes, mostly)."""
    return sum(
        item.turned_away
        for item in observed.traffic.classes
        if (item.key.resource, item.key.subresource) in {("nodes", "status"), ("leases", "")}
        and item.mutating
    )
