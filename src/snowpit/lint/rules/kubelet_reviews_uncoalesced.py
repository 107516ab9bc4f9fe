"""Kubelets that ask once for each concurrent request with the same token, and wait without bound."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
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
        if not version.at_least("1.18"):
            yield Violation(
                f"Kubelets of {version} send one TokenReview for each concurrent request.", pointer
            )


RULE = Rule(
    id="kubelet-reviews-uncoalesced",
    title="Kubelets join concurrent reviews of one token",
    severity=Severity.NOTE,
    why=(
        "Until 1.18 a kubelet sends one TokenReview for each concurrent request with a token that "
        "it does not remember, and no time bounds it: a scraper that gives up and comes back starts "
        "a second chain of retries beside the first."
    ),
    remedy=("Upgrade kubelets to 1.18 or later, or let scrapers show client certificates."),
    sources=(
        "kubernetes/kubernetes#85242",
        "kubernetes/apiserver plugin/pkg/authenticator/token/webhook 1.12.0, 1.18.0",
    ),
    good=(Example(node("v1.18.2")),),
    bad=(Example(node("v1.17.9")),),
    find=find,
)
