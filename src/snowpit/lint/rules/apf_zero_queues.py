"""A priority level that queues, without room in its queues."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import priority_level
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for level in configuration.levels:
        if level.type == "Limited" and level.response != "Reject" and 0 in (level.queues, level.queue_length):
            yield Violation(
                f"Priority level {level.name} queues nothing: {level.queues} queues of {level.queue_length}.",
                level.pointer,
            )


RULE = Rule(
    id="apf-zero-queues",
    title="Limited priority levels can queue",
    severity=Severity.ERROR,
    why=(
        "A level of type Queue with no queues or queues of no length refuses whatever is beyond its "
        "seats at once, which makes clients retry at the same moment."
    ),
    remedy=("Set queues to 64 and queueLengthLimit to 50, or say type Reject if that is meant."),
    sources=("kubernetes API reference flowcontrol.apiserver.k8s.io/v1",),
    good=(
        Example(priority_level(shares=20, queues="queues: 64, queueLengthLimit: 50, handSize: 6")),
        Example(priority_level(shares=20)),
    ),
    bad=(
        Example(priority_level(shares=20, queues="queues: 0, queueLengthLimit: 50, handSize: 6")),
        Example(priority_level(shares=20, queues="queues: 64, queueLengthLimit: 0, handSize: 6")),
    ),
    find=find,
)
