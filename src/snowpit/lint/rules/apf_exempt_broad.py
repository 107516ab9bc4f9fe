"""A flow schema that exempts many clients from priority and fairness."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import flow_schema
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
        Example(flow_schema("admins", level="exempt", group="system:masters")),
        Example(flow_schema("nodes")),
    ),
    bad=(
        Example(flow_schema("all-nodes", level="exempt")),
        Example(flow_schema("everyone", level="exempt", group="system:authenticated")),
    ),
    find=find,
)
