"""Requests that may take very long."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import go_seconds

LONGEST_S = 120.0


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        setting = process.flags.get("request-timeout")
        seconds = go_seconds(setting.value) if setting else None
        if seconds is not None and seconds > LONGEST_S:
            yield Violation(f"Requests may hold their seats for {seconds:g} s.", where(process, setting))


RULE = Rule(
    id="request-timeout-long",
    title="Requests end within a minute or two",
    severity=Severity.WARNING,
    why=(
        "A request holds its seat until it ends. The server's timeout of 60 s bounds that; five "
        "minutes let hung requests hold seats five times as long, and with priority and fairness "
        "the wait in queues, a quarter of it, grows as well."
    ),
    remedy=("Remove --request-timeout or set it to 1m."),
    sources=(
        "kubernetes/apiserver 1.12.0 pkg/server/filters/timeout.go",
        "kubernetes/apiserver pkg/util/flowcontrol 1.20",
    ),
    good=(Example(api_server("v1.30.1", "--request-timeout=1m0s")),),
    bad=(Example(api_server("v1.30.1", "--request-timeout=300s")),),
    find=find,
)
