"""Kubelets that poll for Secrets and ConfigMaps."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for kubelet in configuration.kubelets:
        setting = kubelet.values.get("configMapAndSecretChangeDetectionStrategy")
        if setting and setting.value in ("Cache", "Get"):
            yield Violation(
                f"Kubelets poll for Secrets and ConfigMaps (strategy {setting.value}).", setting.pointer
            )


RULE = Rule(
    id="kubelet-polls",
    title="Kubelets watch Secrets and ConfigMaps",
    severity=Severity.WARNING,
    why=(
        "With the strategies Cache and Get a kubelet fetches the Secrets and ConfigMaps of its pods "
        "again and again: reads grow with pods. With Watch, the default since 1.12, it asks once."
    ),
    remedy=("Remove configMapAndSecretChangeDetectionStrategy or set it to Watch."),
    sources=(
        "kubernetes/kubernetes#64752",
        "kubernetes/kubernetes#120126",
    ),
    good=(
        Example("""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
configMapAndSecretChangeDetectionStrategy: Watch
"""),
    ),
    bad=(
        Example("""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
configMapAndSecretChangeDetectionStrategy: Cache
"""),
    ),
    find=find,
)
