"""In-flight limits left at their defaults in a large cluster."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration

LARGE = 1000
"""Nodes from which the defaults are too small."""

_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.1
    command: [kube-apiserver, "--v=2"]
"""
_NODE = """\
---
apiVersion: v1
kind: Node
metadata: {{name: worker-{}}}
status: {{nodeInfo: {{kubeletVersion: v1.30.1}}}}
"""
FLAGS = ("max-requests-inflight", "max-mutating-requests-inflight")


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    nodes = configuration.nodes.count if configuration.nodes else 0
    for process, _ in servers(configuration, plane):
        given = [process.flags.get(name) for name in FLAGS]
        if nodes >= LARGE and not any(given):
            yield Violation(
                f"{nodes} nodes share the default limits of 400 read-only and 200 mutating requests in flight.",
                where(process),
            )


RULE = Rule(
    id="inflight-default-large",
    title="In-flight limits are raised with the number of nodes",
    severity=Severity.WARNING,
    why=(
        "The defaults of 400 read-only and 200 mutating requests in flight do not grow with the "
        "cluster. Every node adds heartbeats, leases, reviews and watches that start over; above a "
        "thousand nodes one synchronised wave fills the mutating seats."
    ),
    remedy=(
        "Set --max-requests-inflight=1500 and --max-mutating-requests-inflight=500 from 1,000 nodes "
        "on, 3000 and 1000 from 3,000 nodes on; before 1.14 keep the mutating limit below 750."
    ),
    sources=(
        "kubernetes cluster/gce/gci/configure-helper.sh (from 1,000 nodes, in newer releases from 500; from 3,000)",
        "kubernetes/apiserver 1.12.0 pkg/server/filters/maxinflight.go",
    ),
    good=(
        Example("""\
# nodes are few
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.1
    command: [kube-apiserver, "--v=2"]
"""),
    ),
    bad=(Example(_POD + "".join(map(_NODE.format, range(LARGE)))),),
    find=find,
)
