"""An audit policy that hides TokenReviews."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.audit_policy import decides
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

REVIEWS = ("authentication.k8s.io/tokenreviews", "authorization.k8s.io/subjectaccessreviews")


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for policy in configuration.policies:
        for resource in REVIEWS:
            rule = decides(policy, verb="create", resource=resource)
            if rule is not None and rule.level == "None":
                yield Violation(
                    f"{resource.partition('/')[2]} of kubelets are not logged (level None).", rule.pointer
                )


RULE = Rule(
    id="audit-reviews-dropped",
    title="Reviews by kubelets are audited",
    severity=Severity.WARNING,
    why=(
        "TokenReviews are how a scraper's load on kubelets becomes load on the API server. With a "
        "rule of level None before any that keeps them, a storm of reviews is invisible in the "
        "audit log."
    ),
    remedy=(
        "Put a rule of level Metadata for authentication.k8s.io and authorization.k8s.io first; "
        "never a higher level, as reviews hold whole tokens."
    ),
    sources=(
        "kubernetes/apiserver pkg/audit/policy/checker.go 1.12.0",
        "kubernetes 1.12.4 cluster/gce/gci/configure-helper.sh",
    ),
    good=(
        Example("""\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
"""),
    ),
    bad=(
        Example("""\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  resources:
  - group: authentication.k8s.io
    resources: [tokenreviews]
- level: Metadata
"""),
        Example("""\
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  userGroups: [system:nodes]
- level: Metadata
"""),
    ),
    find=find,
)
