"""Configurations that examples of several rules start from."""

from collections.abc import Iterable

SYSTEM_NODES = "system:nodes"


def documents(*texts: str) -> str:
    """Several objects in one file."""
    return "---\n".join(texts)


def api_server(version: str, *flags: str) -> str:
    """The static pod of an API server."""
    words = ", ".join(["kube-apiserver", *(f'"{flag}"' for flag in flags)])
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver, namespace: kube-system}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:{version}
    command: [{words}]
"""


def node(version: str) -> str:
    """A node that is ready, with the version of its kubelet."""
    return f"""\
apiVersion: v1
kind: Node
metadata: {{name: worker-1}}
status:
  nodeInfo: {{kubeletVersion: {version}}}
  conditions: [{{type: Ready, status: "True"}}]
"""


def flow_schema(name: str, *, level: str = "system", group: str = SYSTEM_NODES) -> str:
    """A flow schema that puts all requests of one group into a priority level."""
    return f"""\
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {{name: {name}}}
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: {{name: {level}}}
  rules:
  - subjects:
    - kind: Group
      group: {{name: '{group}'}}
    resourceRules:
    - {{apiGroups: ['*'], resources: ['*'], verbs: ['*'], clusterScope: true, namespaces: ['*']}}
"""


def flow_schemas(names: Iterable[str]) -> str:
    """Flow schemas of these names."""
    return documents(*(flow_schema(name) for name in names))


def priority_level(*, shares: int, queues: str = "") -> str:
    """A limited priority level that queues with these settings, or rejects without any."""
    response = f"type: Queue\n      queuing: {{{queues}}}" if queues else "type: Reject"
    return f"""\
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {{name: batch}}
spec:
  type: Limited
  limited:
    nominalConcurrencyShares: {shares}
    limitResponse:
      {response}
"""


def webhook(settings: str, *, version: str = "v1") -> str:
    """A validating webhook with some settings, lines of YAML at the depth of its name."""
    return f"""\
apiVersion: admissionregistration.k8s.io/{version}
kind: ValidatingWebhookConfiguration
metadata: {{name: policy}}
webhooks:
- name: check.example.com
{settings}"""
