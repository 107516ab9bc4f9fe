"""A standard flow schema that protects the control plane is missing."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import flow_schema, flow_schemas
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
        Example(flow_schema("nodes")),
        Example(
            flow_schemas(
                [
                    "catch-all",
                    "global-default",
                    "exempt",
                    "system-leader-election",
                    "workload-leader-election",
                    "system-nodes",
                    "kube-controller-manager",
                    "kube-scheduler",
                    "kube-system-service-accounts",
                ]
            )
        ),
    ),
    bad=(Example(flow_schemas(["catch-all", "global-default", "exempt", "service-accounts"])),),
    find=find,
)
