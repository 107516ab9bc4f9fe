"""An admission webhook that fails closed for what keeps the cluster alive."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import webhook
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

VITAL = ("coordination.k8s.io/leases", "/nodes", "/nodes/status", "/pods", "/endpoints", "/serviceaccounts")
"""Resources without which nodes, leaders and pods do not live."""


def _vital(pattern: str) -> bool:
    """Whether a pattern of group and resource covers one of them."""
    group, _, name = pattern.partition("/")
    return any(
        fnmatchcase(own.partition("/")[0], group) and fnmatchcase(own.partition("/")[2], name)
        for own in VITAL
    )


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for hook in configuration.webhooks:
        closed = hook.failure_policy == "Fail" or (
            not hook.failure_policy and not hook.api.endswith("v1beta1")
        )
        vital = [name for name in hook.resources if _vital(name)]
        if closed and vital and not (hook.selects_namespaces or hook.selects_objects):
            yield Violation(
                f"{hook.name} fails closed for {', '.join(vital[:3])} in every namespace, kube-system too.",
                hook.pointer,
            )


RULE = Rule(
    id="webhook-broad",
    title="A failing webhook does not stop the cluster",
    severity=Severity.ERROR,
    why=(
        "With failurePolicy Fail every matching write is refused while the webhook does not answer. "
        "If leases, nodes, pods or everything match, in kube-system too, the webhook's own outage "
        "stops leader election, heartbeats and the pods that would bring it back."
    ),
    remedy=(
        "Exclude kube-system and the webhook's own namespace by namespaceSelector, name the "
        "resources that it needs, or set failurePolicy to Ignore."
    ),
    sources=(
        "https://blog.jetstack.io/blog/gke-webhook-outage/",
        "kubernetes/kubernetes#71508",
        "kubernetes API reference admissionregistration.k8s.io/v1",
    ),
    good=(
        Example(
            webhook("""\
  failurePolicy: Ignore
  rules:
  - {apiGroups: ['*'], resources: ['*'], operations: ['*']}
""")
        ),
        Example(
            webhook("""\
  failurePolicy: Fail
  namespaceSelector:
    matchExpressions:
    - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}
  rules:
  - {apiGroups: [''], resources: [pods], operations: [CREATE]}
""")
        ),
    ),
    bad=(
        Example(
            webhook("""\
  rules:
  - {apiGroups: ['*'], resources: ['*'], operations: ['*']}
""")
        ),
        Example(
            webhook("""\
  failurePolicy: Fail
  rules:
  - {apiGroups: [coordination.k8s.io], resources: [leases], operations: [UPDATE]}
""")
        ),
    ),
    find=find,
)
