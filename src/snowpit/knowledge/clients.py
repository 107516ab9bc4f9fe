"""Well-known clients of an API server, by user agent or user name: what they are, which trouble is known of them."""

from typing import NamedTuple


class KnownClient(NamedTuple):
    """One well-known client.

    Args:
        name: As operators call it.
        marks: Lower-case pieces of text, one of which its user agent or user name contains.
        what: What it is.
        trouble: Trouble that it is known to cause; empty if none.
        source: Where that is known from.
    """

    name: str
    marks: tuple[str, ...]
    what: str
    trouble: str
    source: str


CLIENTS = (
    KnownClient(
        "metrics-server",
        ("metrics-server",),
        "scrapes every kubelet for the metrics API",
        "Presents its ServiceAccount token to every kubelet, every 15 to 60 s, so that every kubelet asks for a TokenReview "
        "each time its 2-minute cache has expired. From 0.4.0 it takes --kubelet-client-certificate and --kubelet-client-key.",
        "kubernetes-sigs/metrics-server tags v0.3.1 to v0.7.0",
    ),
    KnownClient(
        "heapster", ("heapster",), "scrapes every kubelet (retired)", "As metrics-server.", "metrics-server v0.1"
    ),
    KnownClient(
        "Prometheus",
        ("prometheus",),
        "scrapes kubelets and the API server",
        "Scrapes /metrics and /metrics/cadvisor of every kubelet each 30 s with its ServiceAccount token.",
        "kube-prometheus ServiceMonitor for kubelets",
    ),
    KnownClient(
        "kube-state-metrics",
        ("kube-state-metrics",),
        "lists and watches nearly everything",
        "Each restart lists all objects of every kind; shards multiply that.",
        "kubernetes/kube-state-metrics",
    ),
    KnownClient(
        "Istio control plane",
        ("istiod", "pilot-discovery", "citadel", "istio-pilot"),
        "reviews the tokens of workloads",
        "Creates one TokenReview per certificate request of a workload; throttled by its own client first.",
        "istio/istio#27945, istio/istio#11673",
    ),
    KnownClient(
        "Kyverno",
        ("kyverno",),
        "admission webhook and background scans",
        "Lists per namespace straight from storage; one SubjectAccessReview per admission.",
        "kyverno/kyverno#8005, kyverno/kyverno#17058",
    ),
    KnownClient(
        "Gatekeeper", ("gatekeeper",), "admission webhook and audits", "Its audit lists all objects periodically.", "gatekeeper docs"
    ),
    KnownClient(
        "Argo CD",
        ("argocd", "argo-cd"),
        "watches all objects of a cluster",
        "Lists and watches every kind; a resynchronisation lists them all again.",
        "argoproj/argo-cd",
    ),
    KnownClient(
        "Argo Workflows", ("argo-workflow", "workflow-controller"), "runs workflows", "Patches pods and workflows at high rates.", "argoproj/argo-workflows"
    ),
    KnownClient(
        "Calico",
        ("calico", "typha"),
        "network agent on every node",
        "Full pod LISTs from every node, repeated after a 60 s time-out without back-off; Typha stands in between.",
        "projectcalico/node#1200",
    ),
    KnownClient(
        "Cilium", ("cilium",), "network agent on every node", "One agent per node lists and watches after each restart.", "cilium docs"
    ),
    KnownClient(
        "kube-rbac-proxy",
        ("kube-rbac-proxy",),
        "authorizes requests by SubjectAccessReview",
        "Asks for a TokenReview and a SubjectAccessReview per request; its own client limit is 5 or 10 a second.",
        "kube-rbac-proxy/kube-rbac-proxy#285",
    ),
    KnownClient(
        "Authorino", ("authorino",), "API gateway authorization", "One TokenReview per request through it.", "kuadrant/authorino#568"
    ),
    KnownClient(
        "node-problem-detector",
        ("node-problem-detector",),
        "agent on every node that reports conditions",
        "Patches node status from every node; retried at once on 429 in old versions.",
        "kubernetes/kubernetes#47899",
    ),
    KnownClient(
        "cluster-autoscaler", ("cluster-autoscaler",), "adds and removes nodes", "", "kubernetes/autoscaler"
    ),
    KnownClient("kube-proxy", ("kube-proxy",), "service routing on every node", "", "kubernetes/kubernetes"),
    KnownClient("kubelet", ("kubelet",), "node agent", "", "kubernetes/kubernetes"),
    KnownClient(
        "kube-controller-manager", ("kube-controller-manager",), "the built-in controllers", "", "kubernetes/kubernetes"
    ),
    KnownClient("kube-scheduler", ("kube-scheduler",), "the scheduler", "", "kubernetes/kubernetes"),
    KnownClient(
        "kubectl", ("kubectl",), "a person or a script", "Scripts that run kubectl in a loop do discovery each time.", "kubernetes/kubectl"
    ),
    KnownClient("Velero", ("velero",), "backups", "Lists every object during a backup.", "vmware-tanzu/velero"),
    KnownClient("Fluent Bit", ("fluent-bit", "fluentd"), "log agent on every node", "GETs or lists pods from every node.", "fluent-bit docs"),
    KnownClient("Datadog agent", ("datadog",), "agent on every node", "Lists pods or events from every node.", "datadog docs"),
    KnownClient("Helm", ("helm",), "package manager", "Keeps releases in Secrets: LISTs of Secrets are large.", "helm docs"),
)
"""In order of precedence."""


def known(text: str) -> KnownClient | None:
    """The well-known client that a user agent or a user name points at; null if none."""
    lowered = text.lower()
    for client in CLIENTS:
        if any(mark in lowered for mark in client.marks):
            return client
    return None
