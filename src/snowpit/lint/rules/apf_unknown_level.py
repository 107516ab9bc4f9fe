"""A flow schema whose priority level does not exist."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import documents, flow_schema, priority_level
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

STANDARD = (
    "exempt",
    "system",
    "node-high",
    "leader-election",
    "workload-high",
    "workload-low",
    "global-default",
    "catch-all",
)
"""Levels that every server creates."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    known = {*STANDARD, *(level.name for level in configuration.levels)}
    for schema in configuration.schemas:
        if configuration.levels and schema.level not in known:
            yield Violation(
                f"Flow schema {schema.name} names priority level {schema.level}, which is not there.",
                schema.pointer,
            )


RULE = Rule(
    id="apf-unknown-level",
    title="Flow schemas name priority levels that exist",
    severity=Severity.ERROR,
    why=(
        "A flow schema that names a level which is not there is ignored: its requests fall to the "
        "next schema that matches, as a rule to a level which all workloads share."
    ),
    remedy=("Create the priority level, or name one that exists."),
    sources=("kubernetes API reference flowcontrol.apiserver.k8s.io/v1 (condition Dangling)",),
    good=(Example(flow_schema("nodes")),),
    bad=(Example(documents(flow_schema("nodes", level="node-highest"), priority_level(shares=40))),),
    find=find,
)
