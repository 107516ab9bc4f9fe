"""An audit policy that leaves out RequestReceived."""

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
        omits = (*policy.omit_stages, *(rule.omit_stages if rule else ()))
        if "RequestReceived" in omits and not (rule and rule.level == "None"):
            yield Violation(
                "Reviews are logged only when they end (RequestReceived is left out).",
                rule.pointer if rule else policy.pointer,
            )


RULE = Rule(
    id="audit-received-omitted",
    title="Requests that never end are audited",
    severity=Severity.NOTE,
    why=(
        "Without the stage RequestReceived a request shows in the log when it ends. Requests that "
        "hang, which are those that hold the server, do not show at all while it matters."
    ),
    remedy=(
        "Remove RequestReceived from omitStages, at least for reviews and other requests that "
        "create or update."
    ),
    sources=("kubernetes/apiserver pkg/audit 1.12.0",),
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
omitStages: [RequestReceived]
rules:
- level: Metadata
"""),
    ),
    find=find,
)
