"""Tokens that are valid after their Secret is gone."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        setting = process.flags.get("service-account-lookup")
        if setting and setting.value.lower() == "false":
            yield Violation(
                "Tokens of deleted Secrets and ServiceAccounts stay valid.", where(process, setting)
            )


RULE = Rule(
    id="service-account-lookup",
    title="Deleted ServiceAccount tokens stop working",
    severity=Severity.WARNING,
    why=(
        "--service-account-lookup=false spares the look-ups of legacy tokens, which ends a storm of "
        "reviews at once on old releases, but a token then stays valid when its Secret is deleted. "
        "It is a valve for an emergency, not a setting."
    ),
    remedy=("Remove the flag once the emergency is over."),
    sources=("kubernetes 1.12.4 pkg/kubeapiserver/options/authentication.go",),
    good=(Example(api_server("v1.30.1", "--service-account-lookup=true")),),
    bad=(Example(api_server("v1.12.4", "--service-account-lookup=false")),),
    find=find,
)
