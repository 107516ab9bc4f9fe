"""An aggregated API does not answer, and whoever asks for all APIs has to wait for it.

Claim:
    The API server cannot reach the server behind an APIService.

Mechanism:
    Requests of an aggregated group are handed on to a Service in the cluster. If nothing answers there, they end with 503, and
    discovery, which asks every group, is slow or incomplete: kubectl, garbage collection and the deletion of namespaces wait or
    fail. Other writes are fine.

Evidence for:
    aggregator_unavailable_apiservice of 1; lines such as `the server is currently unable to handle the request` or
    `Rate Limited Requeue`; 503 answers of one group.

Evidence against:
    Every APIService available at every scrape.

Easily mistaken for:
    An overloaded API server: here only one group, and what needs discovery, is slow.

Cannot tell when:
    There are neither metrics nor a log of the API server.

Remedy:
    Mend the server behind it or delete the APIService.

Sources:
    kubernetes/kubernetes#56430, #83332; kubernetes-sigs/metrics-server#28; kube-aggregator available_controller.go.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import measured, places
from snowpit.diagnose.lines import lines, weigh_lines, writes_log
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count, listed
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="aggregated_api_down",
    title="An aggregated API is down",
    role=Role.CAUSE,
    mistaken_for=("an overloaded server: only one group, and what needs discovery, is slow",),
    sources=(
        "kubernetes/kubernetes#56430",
        "kubernetes/kubernetes#83332",
        "kubernetes-sigs/metrics-server#28",
    ),
    mechanism="Requests of that group end with 503, and whatever asks for all groups (discovery) waits or is incomplete.",
)

MIN_LINES = 5


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    gauges = measured(observed).gauge("aggregator_unavailable_apiservice")
    down = [item for item in gauges if item.last >= 1 and item.mean >= 0.5]  # noqa: PLR2004 - not for a moment only
    told = lines(observed, "apiservice_down")
    names = [item.labels.get("name", "") for item in down] or [name for name, _ in told.subjects]
    refused = [
        item
        for item in observed.traffic.classes
        if "." in item.key.group and item.outcomes.get("server_error", 0) >= max(MIN_LINES, item.attempts / 2)
    ]
    scales = Scales()
    scales.supports(
        bool(down),
        f"Not available at the last scrape: {listed([name for name in names if name])}.",
        observation="metrics.gauges",
        weight=1.0,
        at=places(down),
    )
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of the log tell of aggregated APIs that do not answer.",
        weight=0.9,
        least=MIN_LINES,
    )
    scales.supports(
        bool(refused),
        f"Requests of {listed(sorted({item.key.group for item in refused}))} end with a server error.",
        observation="traffic",
        weight=0.4,
    )
    logged = writes_log(observed, "kube-apiserver")
    scales.opposes(
        (bool(gauges) or logged) and not down and told.count < MIN_LINES,
        f"{count(len(gauges))} APIServices are available at the last scrape."
        if gauges
        else "No line of the API server's log tells of one.",
        observation="metrics.gauges" if gauges else "logs",
        weight=1.0,
    )
    known = bool(gauges) or logged or told.count > 0
    scales.misses(
        not known, "`kubectl get apiservices`, or aggregator_unavailable_apiservice of the API server"
    )
    seen = bool(down) or told.count >= MIN_LINES
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen,
        visible=known,
        claim=f"An aggregated API does not answer: {listed([name for name in dict.fromkeys(names) if name]) or 'which one, the evidence does not tell'}.",
        denial="Every aggregated API answers." if known else "Aggregated APIs are not in this evidence.",
        numbers={"down": len(down), "lines": told.count},
        impact=0.1,
        would_change="An APIService that is available while the errors go on.",
    )
