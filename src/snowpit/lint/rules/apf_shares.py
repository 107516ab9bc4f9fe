"""A priority level with more shares than all others together."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import priority_level
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

STANDARD = 245
"""Shares of the standard levels from 1.22 on: 30 + 40 + 10 + 40 + 100 + 20 + 5."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for level in configuration.levels:
        if level.type != "Limited" or level.shares is None:
            continue
        if level.shares > STANDARD:
            yield Violation(
                f"Priority level {level.name} has {level.shares} shares; the standard levels have {STANDARD} together.",
                level.pointer,
            )
        if level.shares == 0:
            yield Violation(f"Priority level {level.name} has no seat of its own.", level.pointer)


RULE = Rule(
    id="apf-shares",
    title="No priority level takes most of the seats",
    severity=Severity.WARNING,
    why=(
        "Seats are divided by shares: a level with more shares than the standard levels together "
        "halves what system, node and leader-election traffic has, and borrowing does not give all "
        "of it back. A limited level with zero shares has no seat of its own at all."
    ),
    remedy=(
        "Give a level shares like its neighbours (system 30, workload-low 100); raise the limits if "
        "the sum is too small."
    ),
    sources=("kubernetes/apiserver pkg/apis/flowcontrol/bootstrap/default.go 1.26",),
    good=(Example(priority_level(shares=40)),),
    bad=(
        Example(priority_level(shares=1000)),
        Example(priority_level(shares=0)),
    ),
    find=find,
)
