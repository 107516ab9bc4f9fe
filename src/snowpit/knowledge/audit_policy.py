"""An audit policy that captures what a diagnosis needs and leaks nothing it does not."""

import re

from snowpit.errors import FactError
from snowpit.knowledge.version import Version

NODE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
EXAMPLE_NODE = "NODE-NAME"

_POLICY = """\
# Audit policy for diagnosing an overloaded kube-apiserver{for_version}, printed by snowpit.
#
# TokenReviews carry whole ServiceAccount tokens. Their content is logged for ONE node only ({node}):
# load by kubelets is spread evenly, so one node is a fair sample. Everything else is logged at Metadata:
# who asked what, when, for how long and how it ended; no bodies.
#
# Apply, on every control-plane machine, one after the other:
#   1. Put this file at /etc/kubernetes/audit/policy.yaml (mode 0600, owner root).
#   2. Add to kube-apiserver (in a static pod also mount both directories as hostPath volumes):
#        --audit-policy-file=/etc/kubernetes/audit/policy.yaml
#        --audit-log-path=/var/log/kubernetes/audit/audit.log
#        --audit-log-maxsize=200 --audit-log-maxbackup=10
#        --audit-log-mode=batch{log_version}
#      Mode batch holds up no request, but drops events when its buffer of 10,000 overflows (look at
#      apiserver_audit_error_total); the default, blocking, loses none, but a slow disk then stalls every request.
#   3. kube-apiserver reads the policy when it starts: restart it. Restart one server at a time and wait until
#      its requests have settled, as every restart makes all its clients list anew.
#   4. On the machine: chmod 0700 /var/log/kubernetes/audit
#
# Verify:
#   snowpit diagnose --since -5m /var/log/kubernetes/audit/audit.log
#   snowpit top /var/log/kubernetes/audit/audit.log --by subject --where "resource = 'tokenreviews'"
#   (the coverage names the levels and stages seen; a subject shows once that node has asked for a review)
#
# Clean up, once the incident is understood:
#   1. Put the former policy back (or delete the first rule) and restart kube-apiserver, one server at a time.
#   2. Delete the logs written meanwhile, rotated ones and copies in a log pipeline too:
#        shred -u /var/log/kubernetes/audit/audit*.log*
#   3. Rotate the token of every ServiceAccount that the log shows as reviewed: for a token in a Secret, delete
#      that Secret and restart the pods that use it; tokens bound to pods expire by themselves.
apiVersion: audit.k8s.io/{api}
kind: Policy
{rules}"""

_RULES = """\
rules:
# Temporary, holds tokens: who is reviewed, for one node. From the token's payload snowpit keeps the name alone.
- level: Request
  users: ["system:node:{node}"]
  verbs: ["create"]
  resources:
  - group: authentication.k8s.io
    resources: ["tokenreviews"]
# All other reviews: callers and times only. RequestReceived is kept, so that hanging reviews show.
- level: Metadata
  resources:
  - group: authentication.k8s.io
  - group: authorization.k8s.io
# Never more than metadata of what is secret, whatever is changed below.
- level: Metadata
  resources:
  - group: ""
    resources: ["secrets", "configmaps", "serviceaccounts/token"]
# The server's look-ups at itself: they show its internal limiter at work.
- level: Metadata
  users: ["system:apiserver"]
# Everything else, with both stages: requests that never end are those that hold the server.
- level: Metadata
"""


def policy(version: str = "", node: str = "") -> str:
    """The policy as YAML with the steps to apply, to verify and to clean up as comments.

    Args:
        version: Kubernetes version; empty for a current one.
        node: Node whose reviews are logged with content; empty for a placeholder.

    Returns:
        ``audit.k8s.io/v1`` from 1.12 on, ``v1beta1`` before (Kubernetes tags 1.11, 1.12).

    Raises:
        FactError: If the version or the node name is none.
    """
    parsed = Version.parse(version) if version else None
    if node and not NODE.fullmatch(node):
        raise FactError(f"{node[:40]!a} is not a node name.", "kubectl get nodes lists them.")
    old = parsed is not None and not parsed.at_least("1.12")
    # From 1.12 to 1.23 the log backend offers two versions and writes v1beta1 by default before 1.13.
    choose = parsed is not None and not old and not parsed.at_least("1.24")
    name = node or EXAMPLE_NODE
    return _POLICY.format(
        for_version=f" {parsed}" if parsed else "",
        node=name,
        log_version=" --audit-log-version=audit.k8s.io/v1" if choose else "",
        api="v1beta1" if old else "v1",
        rules=_RULES.replace("{node}", name),
    )
