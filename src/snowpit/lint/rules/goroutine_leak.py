"""A release that leaks a goroutine for each request that times out."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.facts import select
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, versions
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for version, pointer in versions(configuration, plane):
        fact = select(version).get("goroutine_leak_on_timeout")
        if fact is not None and fact.value:
            yield Violation(f"{version} leaks a goroutine for each request that times out.", pointer)


RULE = Rule(
    id="goroutine-leak",
    title="Requests that time out are let go of",
    severity=Severity.WARNING,
    why=(
        "Until the fix every request that runs into the server's timeout leaves a goroutine with "
        "its buffers behind. In an overload these add up until memory ends and the server restarts "
        "into the same load, with cold caches."
    ),
    remedy=("Upgrade to 1.14.8, 1.15.5, 1.16.2, 1.17.0 or later."),
    sources=(
        "kubernetes/kubernetes#83333",
        "kubernetes/kubernetes#83371, #83372, #83373",
    ),
    good=(Example(api_server("v1.16.2", "--v=2")),),
    bad=(Example(api_server("v1.16.1", "--v=2")),),
    find=find,
)
