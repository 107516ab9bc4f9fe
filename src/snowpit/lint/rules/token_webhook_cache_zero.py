"""An API server that asks its authentication webhook about every request."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import go_seconds


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        setting = process.flags.get("authentication-token-webhook-cache-ttl")
        if setting and go_seconds(setting.value) == 0:
            yield Violation(
                "kube-apiserver asks its authentication webhook about every request.", where(process, setting)
            )


RULE = Rule(
    id="token-webhook-cache-zero",
    title="Answers of an authentication webhook are remembered",
    severity=Severity.ERROR,
    why=(
        "With --authentication-token-webhook-cache-ttl=0 each request with a token that the webhook "
        "decides costs a call, before any limit of the API server holds. Zero is taken as it is: it "
        "does not stand for the default of two minutes."
    ),
    remedy=("Remove the flag or set it to 2m."),
    sources=(
        "kubernetes/apiserver plugin/pkg/authenticator/token/webhook 1.28.0",
        "https://docs.siderolabs.com/talos/v1.15/reference/configuration/kubernetes/kubeauthenticationwebhookconfig",
    ),
    good=(Example(api_server("v1.30.1", "--authentication-token-webhook-cache-ttl=2m0s")),),
    bad=(Example(api_server("v1.30.1", "--authentication-token-webhook-cache-ttl=0s")),),
    find=find,
)
