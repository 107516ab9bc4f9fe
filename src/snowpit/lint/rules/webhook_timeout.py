"""An admission webhook that requests may wait long for."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import webhook
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration

OLD_DEFAULT_S, DEFAULT_S = 30, 10
"""Defaults of v1beta1 and v1."""

LONGEST_S = 10
"""Seconds that a webhook may take."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for hook in configuration.webhooks:
        default = OLD_DEFAULT_S if hook.api.endswith("v1beta1") else DEFAULT_S
        seconds = default if hook.timeout_s is None else hook.timeout_s
        if seconds > LONGEST_S:
            told = " (the default of v1beta1)" if hook.timeout_s is None else ""
            yield Violation(f"Requests wait up to {seconds} s{told} for {hook.name}.", hook.pointer)


RULE = Rule(
    id="webhook-timeout",
    title="Admission webhooks answer within ten seconds",
    severity=Severity.WARNING,
    why=(
        "A request holds its seat while it waits for a webhook. At 30 s, the default of v1beta1, "
        "seven writes a second fill the 200 mutating seats when the webhook does not answer."
    ),
    remedy=("Set timeoutSeconds to 5 or less; v1 defaults to 10."),
    sources=(
        "kubernetes/kubernetes#82768",
        "kubernetes API reference admissionregistration.k8s.io/v1",
    ),
    good=(
        Example(webhook("  timeoutSeconds: 5\n")),
        Example(webhook("  failurePolicy: Ignore\n")),
    ),
    bad=(
        Example(webhook("  timeoutSeconds: 30\n")),
        Example(webhook("  failurePolicy: Ignore\n", version="v1beta1")),
    ),
    find=find,
)
