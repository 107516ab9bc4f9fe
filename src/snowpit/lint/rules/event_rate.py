"""No limit on how many events are written."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        plugins, apart = (
            process.flags.get("enable-admission-plugins"),
            process.flags.get("etcd-servers-overrides"),
        )
        limited = (plugins and "EventRateLimit" in plugins.value) or (apart and "/events#" in apart.value)
        if plugins and not limited:
            yield Violation(
                "Nothing on the server's side limits how many events are written.", where(process, plugins)
            )


RULE = Rule(
    id="event-rate",
    title="Events are limited",
    severity=Severity.NOTE,
    why=(
        "A crash loop or a controller in circles writes events as fast as its client allows. The "
        "admission plugin EventRateLimit, off by default, is the only limit on the server's side."
    ),
    remedy=(
        "Enable EventRateLimit with a limit for each namespace, or keep events in an etcd of their "
        "own (--etcd-servers-overrides)."
    ),
    sources=(
        "kubernetes/kubernetes#47366",
        "kubernetes/kubernetes#141022",
    ),
    good=(
        Example(api_server("v1.30.1", "--enable-admission-plugins=NodeRestriction,EventRateLimit")),
        Example(api_server("v1.30.1", "--etcd-servers-overrides=/events#https://127.0.0.1:4002")),
    ),
    bad=(Example(api_server("v1.30.1", "--enable-admission-plugins=NodeRestriction")),),
    find=find,
)
