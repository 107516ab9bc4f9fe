"""An agent on every node that does not know which node it is on."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

SELECTS = "node"
"""Part of the names of flags that select by node."""

KNOWN = ("kube-proxy", "node-exporter")
"""Components that are known not to list pods."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for process in configuration.processes:
        asks = process.kind == "DaemonSet" and process.service_account not in ("", "default")
        selects = process.knows_node or any(SELECTS in name for name in process.flags)
        if asks and not selects and process.component not in KNOWN:
            yield Violation(
                f"{process.component} in DaemonSet {process.object} does not know its node.", process.pointer
            )


RULE = Rule(
    id="daemonset-lists",
    title="Agents on every node ask for their own node's objects",
    severity=Severity.NOTE,
    why=(
        "An agent that lists or watches pods without the field selector spec.nodeName gets all pods "
        "of the cluster, on every node: the work grows with the square of the cluster. An agent "
        "that is not given its node's name cannot select."
    ),
    remedy=(
        "Pass spec.nodeName through an environment variable and let the agent use it as field "
        "selector (in Fluent Bit Use_Kubelet, in others node-name or field-selector)."
    ),
    sources=(
        "https://palark.com/blog/kubernetes-api-list-case-troubleshooting",
        "https://failure-modes.dev/library/fm-009",
        "fluent/fluent-bit#11134",
    ),
    good=(
        Example("""\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: ops}
spec:
  template:
    spec:
      serviceAccountName: agent
      containers:
      - name: agent
        image: example.com/agent:1
        args: [--sync-pods=true]
        env:
        - {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
"""),
    ),
    bad=(
        Example("""\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: ops}
spec:
  template:
    spec:
      serviceAccountName: agent
      containers:
      - name: agent
        image: example.com/agent:1
        args: [--sync-pods=true]
"""),
    ),
    find=find,
)
