"""API Priority and Fairness turned off."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, version in servers(configuration, plane):
        flag, gates = process.flags.get("enable-priority-and-fairness"), process.flags.get("feature-gates")
        old = version is not None and not version.at_least("1.20")
        if flag and flag.value.lower() == "false" and not old:
            yield Violation("Priority and fairness is turned off.", where(process, flag))
        if gates and "APIPriorityAndFairness=false" in gates.value and not old:
            yield Violation("Priority and fairness is turned off by its feature gate.", where(process, gates))


RULE = Rule(
    id="apf-off",
    title="Priority and fairness is on",
    severity=Severity.WARNING,
    why=(
        "Without priority and fairness one client can hold all seats: heartbeats, leases and "
        "controllers are refused with the rest. It is on by default from 1.20."
    ),
    remedy=("Remove --enable-priority-and-fairness=false and the feature gate APIPriorityAndFairness=false."),
    sources=("kubernetes/apiserver 1.20 pkg/server/options",),
    good=(Example(api_server("v1.30.1", "--enable-priority-and-fairness=true")),),
    bad=(
        Example(api_server("v1.24.1", "--enable-priority-and-fairness=false")),
        Example(api_server("v1.24.1", "--feature-gates=APIPriorityAndFairness=false")),
    ),
    find=find,
)
