"""A release that looks one token up as often as it is asked for at once."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.facts import select
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, versions
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for version, pointer in versions(configuration, plane):
        fact = select(version).get("token_cache_coalesces")
        if fact is not None and not fact.value:
            yield Violation(
                f"{version} makes one look-up for each of concurrent requests with the same token.", pointer
            )


RULE = Rule(
    id="token-cache-uncoalesced",
    title="Look-ups of the same token are made once",
    severity=Severity.WARNING,
    why=(
        "Until 1.18 the token cache does not join concurrent misses: N requests with one expired "
        "token make N look-ups. A herd of clients with the same ServiceAccount multiplies the work "
        "at the worst time, after a restart."
    ),
    remedy=("Upgrade to 1.18 or later."),
    sources=(
        "kubernetes/kubernetes#85242",
        "kubernetes/kubernetes#83259",
    ),
    good=(Example(api_server("v1.18.0", "--v=2")),),
    bad=(Example(api_server("v1.17.3", "--v=2")),),
    find=find,
)
