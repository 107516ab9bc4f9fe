"""An audit policy that writes whole tokens to the log."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.audit_policy import decides
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for policy in configuration.policies:
        rule = decides(policy, verb="create", resource="authentication.k8s.io/tokenreviews")
        if rule is not None and rule.level in ("Request", "RequestResponse"):
            yield Violation(
                f"TokenReviews are logged at level {rule.level}, with the tokens in them.", rule.pointer
            )


RULE = Rule(
    id="audit-tokens-logged",
    title="Reviews are audited without their tokens",
    severity=Severity.WARNING,
    why=(
        "TokenReviews carry the token under review. At the levels Request and RequestResponse it "
        "stands in the log, valid, for everyone who reads or ships it; the log also grows when "
        "reviews do."
    ),
    remedy=(
        "Log reviews at level Metadata; for a diagnosis raise the level for one node alone "
        "(`snowpit policy --node`)."
    ),
    sources=("kubernetes 1.12.4 cluster/gce/gci/configure-helper.sh",),
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
- level: RequestResponse
"""),
    ),
    find=find,
)
