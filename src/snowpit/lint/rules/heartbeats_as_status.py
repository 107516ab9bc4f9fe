"""Kubelets whose every heartbeat writes the whole status of their node."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation, parsed
from snowpit.model.evidence import Pointer
from snowpit.model.observation.configuration import Configuration

LEASES = "1.14"
"""First release whose kubelets renew a lease instead."""

_NODE = """\
apiVersion: v1
kind: Node
metadata: {{name: worker-1}}
status:
  nodeInfo: {{kubeletVersion: {}}}
"""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for text, pointer in _kubelets(configuration):
        version = parsed(text)
        if version is not None and not version.at_least(LEASES):
            yield Violation(f"Kubelets of {version} write their node's status every 10 s.", pointer)


def _kubelets(configuration: Configuration) -> Iterator[tuple[str, Pointer | None]]:
    """Releases of kubelets that are told."""
    for release in configuration.releases:
        if release.component == "kubelet":
            yield release.version, release.pointer
    nodes = configuration.nodes
    for text in nodes.versions if nodes else ():
        yield text, nodes.pointer if nodes else None


RULE = Rule(
    id="heartbeats-as-status",
    title="Heartbeats are leases",
    severity=Severity.NOTE,
    why=(
        "Until 1.14 a kubelet patches the whole status of its node every ten seconds: a thousand nodes make a hundred "
        "writes a second that need mutating seats, and are the first victims when these are full. Nodes then turn "
        "NotReady, and their pods are moved, which adds load."
    ),
    remedy="Upgrade servers and kubelets to 1.14 or later, where a heartbeat is a small lease.",
    sources=("kubernetes 1.12.4 pkg/kubelet/kubelet_node_status.go", "kubernetes/kubernetes#72096"),
    good=(Example(_NODE.format("v1.14.0")),),
    bad=(Example(_NODE.format("v1.13.5")),),
    find=find,
)
