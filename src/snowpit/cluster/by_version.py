"""Clients of the control plane as their version makes them: kubelets, their heartbeats, metrics-server.

Sources: ``kubelet.toml`` of the facts; kubernetes-sigs/metrics-server pkg/sources/manager.go 0.3.1 and
pkg/scraper 0.4 to 0.7.
"""

from dataclasses import replace

from snowpit.cluster.workload import FOREVER, Clients, Delay, Kubelets, Operation, Retry, Scraper, Tokens
from snowpit.errors import ScenarioError
from snowpit.knowledge.facts import select
from snowpit.knowledge.version import Version

HEARTBEATS = "heartbeats"
NODE = "system:node:node-{client}"
NODE_GROUPS = "system:nodes,system:authenticated"
REVIEW_RETRIES = ("rejected", "timed_out", "reset")
"""What a kubelet retries: 429, 500 and 504, connections lost; a deadline of its own is none of these."""

SPREAD_PER_NODE_S = 0.008
SPREAD_AT_MOST_S = 4.0
PART_OF_PERIOD = 0.9
"""metrics-server to 0.6 waits for a kubelet for that part of its period."""

_METRICS_SERVER = (
    # first release, period s, timeout s (0: a part of the period), subresource of nodes that it reads
    ((0, 7), 15.0, 10.0, "metrics"),
    ((0, 6), 15.0, 0.0, "metrics"),
    ((0, 5), 15.0, 0.0, "stats"),
    ((0, 3), 60.0, 0.0, "stats"),
    ((0, 0), 60.0, 20.0, "stats"),
)


def kubelets_of(version: Version) -> Kubelets:
    """Kubelets of a version, none of them yet: caches, retries and limits by the facts."""
    facts = select(version)

    def number(name: str) -> float:
        return float(facts[name].value)

    bound = number("kubelet_review_bound_s")
    retry = Retry(
        inner_tries=int(number("kubelet_inner_tries")),
        steps=int(number("kubelet_review_tries")),
        base_s=number("kubelet_review_backoff_s"),
        factor=number("kubelet_review_backoff_factor"),
        jitter=number("kubelet_review_backoff_jitter"),
        on=REVIEW_RETRIES,
        bound_s=bound if bound >= 0.0 else FOREVER,
    )
    return Kubelets(
        ok_ttl_s=number("kubelet_review_cache_ok_s"),
        failed_ttl_s=number("kubelet_review_cache_false_s"),
        keeps_errors=bool(facts["kubelet_keeps_errors"].value),
        allowed_ttl_s=number("kubelet_access_allowed_s"),
        coalesces=bool(facts["kubelet_coalesces_reviews"].value),
        retry=retry,
        qps=number("kubelet_qps"),
        burst=number("kubelet_burst"),
        user_agent=f"kubelet/v{version}",
    )


def heartbeats_of(version: Version, count: int) -> Clients:
    """The heartbeats of ``count`` kubelets of a version: writes of nodes/status, or of leases from 1.14.

    The kubelet's client for them has no limiter; five tries follow each other at once, and within each
    client-go repeats on 429.
    """
    facts = select(version)
    verb, _, what = str(facts["heartbeat"].value).partition(" ")
    resource, _, subresource = what.partition("/")
    leases = resource == "leases"
    return Clients(
        name=HEARTBEATS,
        count=count,
        user=NODE,
        groups=NODE_GROUPS,
        user_agent=f"kubelet/v{version}",
        operation=Operation(
            verb=verb,
            group="coordination.k8s.io" if leases else "",
            resource=resource,
            subresource=subresource,
            namespace="kube-node-lease" if leases else "",
        ),
        tokens=Tokens(credential="certificate", subject=NODE),
        think=Delay(mean_s=float(facts["heartbeat_period_s"].value)),
        patience=Delay(mean_s=float(facts["heartbeat_timeout_s"].value)),
        retry=Retry(
            inner_tries=int(facts["kubelet_inner_tries"].value),
            steps=int(facts["heartbeat_tries"].value),
            base_s=0.0,
        ),
    )


def metrics_server_of(release: str, scraper: Scraper) -> Scraper:
    """A scraper with the periods and endpoint of a release of metrics-server.

    Args:
        release: Such as ``0.3.1``. From 0.5 the period is that of the shipped manifest, not the default of the code.
        scraper: What it is laid over.

    Raises:
        ScenarioError: If the text is no release.
    """
    parts = release.removeprefix("v").split(".")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) < 4 for part in parts):  # noqa: PLR2004
        message = f"{release[:40]!a} is not a release of metrics-server."
        raise ScenarioError(message, 'Write for instance "0.3.1".')
    found = (int(parts[0]), int(parts[1]))
    period, timeout, subresource = next(row[1:] for row in _METRICS_SERVER if found >= row[0])
    return replace(
        scraper,
        period_s=period,
        timeout_s=timeout or PART_OF_PERIOD * period,
        subresource=subresource,
        release=".".join(parts),
    )


def joint_spread(nodes: int) -> float:
    """Seconds over which metrics-server spreads a round over its nodes.

    >>> joint_spread(100), joint_spread(5000)
    (0.8, 4.0)
    """
    return min(SPREAD_PER_NODE_S * nodes, SPREAD_AT_MOST_S)
