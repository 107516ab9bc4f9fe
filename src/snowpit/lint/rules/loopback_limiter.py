"""A release whose internal client is limited to 50 requests a second."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.facts import select
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, versions
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for version, pointer in versions(configuration, plane):
        facts = select(version)
        limit = facts.get("loopback_qps")
        if limit is None or float(limit.value) < 0:
            continue
        live = not version.at_least("1.14")
        which = "every uncached ServiceAccount token" if live else "tokens that its informer does not know"
        yield Violation(
            f"{version} checks {which} through a client limited to {limit.value} requests a second.",
            pointer,
            None if live else Severity.WARNING,
        )


RULE = Rule(
    id="loopback-limiter",
    title="The server's look-ups at itself are not limited",
    severity=Severity.ERROR,
    why=(
        "To check a ServiceAccount token the API server reads the Secret through a client of its "
        "own that is limited to 50 requests a second, burst 100; no flag changes that. Before 1.14 "
        "every uncached token takes two such look-ups, so that a burst of reviews starves all "
        "authentication. From 1.14 until the limit went, only tokens that the informer's cache does "
        "not hold take that path."
    ),
    remedy=("Upgrade to 1.14.8, 1.15.5, 1.16.1, 1.17.0 or later (1.13.12 on the 1.13 branch)."),
    sources=(
        "kubernetes/kubernetes#80465",
        "kubernetes/kubernetes#83140, #83141, #83142, #83143",
        "kubernetes/kubernetes#71811",
    ),
    good=(
        Example(api_server("v1.16.1", "--v=2")),
        Example(api_server("v1.13.12", "--v=2")),
    ),
    bad=(
        Example(api_server("v1.12.10", "--v=2")),
        Example(api_server("v1.14.7", "--v=2")),
        Example(
            """\
kube-apiserver-1.13.5 --v=2
""",
            file="flags.txt",
        ),
    ),
    find=find,
)
