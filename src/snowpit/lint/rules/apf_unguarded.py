"""A standard flow schema that protects the control plane is missing."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

LISTED = frozenset({"catch-all", "global-default", "exempt"})

GUARDS = (
    "system-leader-election",
    "workload-leader-election",
    "system-nodes",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-system-service-accounts",
)
"""Flow schemas of every release from 1.20 on."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    names = {schema.name for schema in configuration.schemas}
    if not names >= LISTED:  # only a list of all of them tells what is missing
        return
    first = next(schema.pointer for schema in configuration.schemas if schema.name == "catch-all")
    for name in GUARDS:
        if name not in names:
            yield Violation(f"The standard flow schema {name} is missing.", first)


RULE = Rule(
    id="apf-unguarded",
    title="The standard flow schemas are there",
    severity=Severity.WARNING,
    why=(
        "The standard flow schemas keep nodes, leader election and controllers apart from "
        "workloads. Where one was deleted and its automatic update was turned off, that traffic "
        "shares the level of all other clients."
    ),
    remedy=(
        "Create it again, or remove the annotation apf.kubernetes.io/autoupdate-spec=false so that "
        "the server does."
    ),
    sources=("kubernetes/apiserver pkg/apis/flowcontrol/bootstrap/default.go 1.20 to 1.33",),
    good=(
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
        Example("""\
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: catch-all}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: global-default}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: exempt}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: system-leader-election}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: workload-leader-election}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: system-nodes}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: kube-controller-manager}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: kube-scheduler}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: kube-system-service-accounts}
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
metadata: {name: catch-all}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: global-default}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: exempt}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {name: system}
  rules:
  - subjects:
    - kind: Group
      group: {name: 'system:nodes'}
    resourceRules:
    - {apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: service-accounts}
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
    find=find,
)
