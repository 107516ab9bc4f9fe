"""An audit policy that hides kubelets, controllers or the server itself."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

SYSTEM = (
    "system:nodes",
    "system:node:",
    "system:apiserver",
    "system:kube-",
    "system:serviceaccount",
    "system:masters",
)


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for policy in configuration.policies:
        for rule in policy.rules:
            named = [name for name in (*rule.users, *rule.groups) if name.startswith(SYSTEM)]
            broad = not (rule.verbs or rule.resources or rule.urls or rule.namespaces)
            if rule.level == "None" and named and broad:
                yield Violation(f"Nothing that {', '.join(named[:5])} does is logged.", rule.pointer)


RULE = Rule(
    id="audit-system-users-dropped",
    title="System clients are audited",
    severity=Severity.WARNING,
    why=(
        "Kubelets, controllers and the server's own look-ups make most of the load and most "
        "overloads. A rule of level None for one of them without naming verbs or resources hides "
        "whatever it does."
    ),
    remedy=("Name the verbs and resources that are to be left out, or log them at level Metadata."),
    sources=("kubernetes/apiserver pkg/audit/policy/checker.go 1.12.0",),
    good=(
        Example("""\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  users: [system:kube-proxy]
  verbs: [watch]
  resources:
  - group: ''
    resources: [endpoints]
- level: Metadata
"""),
    ),
    bad=(
        Example("""\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  userGroups: [system:nodes]
- level: Metadata
"""),
        Example("""\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  users: [system:apiserver]
- level: Metadata
"""),
    ),
    find=find,
)
