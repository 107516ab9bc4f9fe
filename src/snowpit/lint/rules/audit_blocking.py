"""An audit backend for which every request waits."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration

SLOW = (("audit-webhook-mode", ("blocking", "blocking-strict")), ("audit-log-mode", ("blocking-strict",)))


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        for name, modes in SLOW:
            setting = process.flags.get(name)
            if setting and setting.value in modes:
                yield Violation(
                    f"--{name}={setting.value}: requests wait for the audit backend.", where(process, setting)
                )


RULE = Rule(
    id="audit-blocking",
    title="Auditing does not hold up requests",
    severity=Severity.WARNING,
    why=(
        "In mode blocking a request waits until its event is written; with a webhook it waits for "
        "another server. A slow backend then stalls the whole API server. Log files are written in "
        "mode blocking by default, which a fast disk of its own bears."
    ),
    remedy=(
        "Use --audit-webhook-mode=batch; for the log use mode batch where the disk is shared, and "
        "watch apiserver_audit_error_total."
    ),
    sources=(
        "kubernetes/kubernetes#85489",
        "kubernetes/apiserver plugin/pkg/audit/buffered 1.12.0",
    ),
    good=(Example(api_server("v1.30.1", "--audit-webhook-mode=batch")),),
    bad=(
        Example(api_server("v1.30.1", "--audit-webhook-mode=blocking")),
        Example(api_server("v1.30.1", "--audit-log-mode=blocking-strict")),
    ),
    find=find,
)
