"""Kubelets that remember a failed review as a refusal."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.facts import select
from snowpit.knowledge.version import Version
from snowpit.lint.examples import node
from snowpit.lint.rule import Example, Rule, Severity, Violation, parsed
from snowpit.model.evidence import Pointer
from snowpit.model.observation.configuration import Configuration


def kubelets(configuration: Configuration) -> Iterator[tuple[Version, Pointer | None]]:
    """Releases of kubelets that are told."""
    for release in configuration.releases:
        version = parsed(release.version) if release.component == "kubelet" else None
        if version is not None:
            yield version, release.pointer
    for text in configuration.nodes.versions if configuration.nodes else ():
        version = parsed(text)
        if version is not None and configuration.nodes:
            yield version, configuration.nodes.pointer


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for version, pointer in kubelets(configuration):
        fact = select(version).get("kubelet_keeps_errors")
        if fact is not None and fact.value:
            yield Violation(
                f"Kubelets of {version} remember a review that failed as a refusal for two minutes.", pointer
            )


RULE = Rule(
    id="kubelet-keeps-errors",
    title="Kubelets forget reviews that failed",
    severity=Severity.WARNING,
    why=(
        "Until 1.14 a kubelet takes a TokenReview that answers with an error for a refusal and "
        "remembers it for two minutes: one moment of overload makes valid scrapers fail with 401 "
        "long after, and exec and logs with them."
    ),
    remedy=("Upgrade kubelets to 1.14 or later."),
    sources=("kubernetes/kubernetes#73595",),
    good=(Example(node("v1.14.0")),),
    bad=(Example(node("v1.13.5")),),
    find=find,
)
