"""An API server without audit log."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        whole_line = "etcd-servers" in process.flags
        if whole_line and "audit-policy-file" not in process.flags:
            yield Violation(
                "kube-apiserver has no audit policy: nothing will tell which client asked.", where(process)
            )


RULE = Rule(
    id="audit-missing",
    title="Requests are audited",
    severity=Severity.NOTE,
    why=(
        "Metrics count requests by verb and resource, never by client since 1.14. Who overloads the "
        "server stands in the audit log alone, and a policy that is first written during the "
        "overload needs a restart, which makes it worse."
    ),
    remedy=("Set --audit-policy-file and --audit-log-path; `snowpit policy` prints a policy that is enough."),
    sources=("kubernetes/apiserver pkg/audit 1.12.0",),
    good=(Example(api_server("v1.30.1", "--audit-policy-file=/etc/kubernetes/policy.yaml")),),
    bad=(
        Example("""\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --etcd-servers=https://127.0.0.1:2379]
"""),
    ),
    find=find,
)
