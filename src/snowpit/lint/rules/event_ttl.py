"""Events that are kept for long."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import go_seconds

LONGEST_S = 6 * 3600


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        setting = process.flags.get("event-ttl")
        seconds = go_seconds(setting.value) if setting else None
        if seconds is not None and seconds > LONGEST_S:
            yield Violation(f"Events are kept for {seconds / 3600:g} hours.", where(process, setting))


RULE = Rule(
    id="event-ttl",
    title="Events do not pile up",
    severity=Severity.WARNING,
    why=(
        "Events are the most frequent writes of many clusters and stay in etcd until their time is "
        "over, one hour by default. Kept for days they make etcd large, its snapshots slow and "
        "LISTs of events heavy."
    ),
    remedy=("Set --event-ttl to 1h, at most a few hours; keep events elsewhere if they are needed longer."),
    sources=(
        "kubernetes/kubernetes#47366",
        "kubernetes/kubernetes#77723",
    ),
    good=(Example(api_server("v1.30.1", "--event-ttl=2h")),),
    bad=(Example(api_server("v1.30.1", "--event-ttl=168h0m0s")),),
    find=find,
)
