"""Clients that come back after a fixed second, all of them at once."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.facts import select
from snowpit.lint.rule import Example, Rule, Severity, Violation, parsed
from snowpit.model.observation.configuration import Configuration

CLIENTS = ("kubelet", "kube-proxy", "kube-controller-manager", "kube-scheduler")
"""Components with informers."""

_POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: kube-proxy, namespace: kube-system}}
spec:
  containers:
  - name: kube-proxy
    image: registry.k8s.io/kube-proxy:{}
    command: [kube-proxy, --v=2]
"""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for release in configuration.releases:
        version = parsed(release.version) if release.component in CLIENTS else None
        fact = select(version).get("reflector_backoff") if version else None
        if fact is not None and not fact.value:
            yield Violation(
                f"{release.component} {version} lists again one second after each failure.", release.pointer
            )


RULE = Rule(
    id="relist-in-step",
    title="Clients spread their LISTs after a failure",
    severity=Severity.NOTE,
    why=(
        "Until 1.18 an informer waits a fixed second after a failed LIST or watch. When a server restarts, all informers "
        "of all nodes list again in the same second, and again one second later if it cannot answer: one restart "
        "becomes several."
    ),
    remedy="Upgrade kubelets, kube-proxy and controllers to 1.18 or later, where the wait grows and is spread.",
    sources=("kubernetes/client-go tools/cache/reflector.go", "kubernetes/kubernetes#87794"),
    good=(Example(_POD.format("v1.18.0")),),
    bad=(Example(_POD.format("v1.16.3")),),
    find=find,
)
