"""A flow schema that exempts many clients from priority and fairness."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

WIDE = (
    "Group:system:nodes",
    "Group:system:authenticated",
    "Group:system:unauthenticated",
    "Group:*",
    "User:*",
)


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for schema in configuration.schemas:
        wide = [
            name
            for name in schema.subjects
            if name in WIDE or name.startswith("Group:system:serviceaccounts")
        ]
        if schema.level == "exempt" and wide and schema.resources:
            yield Violation(
                f"Flow schema {schema.name} exempts {', '.join(wide[:3])} from all limits.", schema.pointer
            )


RULE = Rule(
    id="apf-exempt-broad",
    title="Few are exempt from priority and fairness",
    severity=Severity.ERROR,
    why=(
        "Requests of the exempt level take no seats and are never queued or refused. A group of all "
        "nodes, all ServiceAccounts or all users there takes away the only limit that holds."
    ),
    remedy=(
        "Exempt system:masters and health probes alone; give other important clients a level of their own."
    ),
    sources=("kubernetes/apiserver pkg/apis/flowcontrol/bootstrap/default.go 1.20 to 1.33",),
    good=(
        Example("""\
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: admins}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: exempt}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:masters'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
"""),
        Example("""\
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: nodes}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
"""),
    ),
    bad=(
        Example("""\
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: all-nodes}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: exempt}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
"""),
        Example("""\
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: everyone}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: exempt}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:authenticated'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
"""),
    ),
    find=find,
)
