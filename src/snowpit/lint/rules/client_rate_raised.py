"""A component whose client may ask far more than by default."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import whole

DEFAULTS = (("kube-controller-manager", 20), ("kube-scheduler", 50), ("kubelet", 50))
"""Requests a second by default."""

KUBELET = 50
FAR = 10


def _rate(text: str) -> float:
    """Requests a second; 0 if the text is no number."""
    return float(whole(text.partition(".")[0]) or 0)


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for component, default in DEFAULTS:
        for process in configuration.of(component):
            setting = process.flags.get("kube-api-qps")
            rate = _rate(setting.value) if setting else 0.0
            if rate > FAR * default:
                yield Violation(
                    f"{component} may make {rate:g} requests a second; the default is {default}.",
                    where(process, setting),
                )
    for kubelet in configuration.kubelets:
        setting = kubelet.values.get("kubeAPIQPS")
        if setting and _rate(setting.value) > FAR * KUBELET:
            yield Violation(
                f"A kubelet may make {setting.value} requests a second; the default is {KUBELET}.",
                setting.pointer,
            )


RULE = Rule(
    id="client-rate-raised",
    title="Controllers keep a limit on their own requests",
    severity=Severity.WARNING,
    why=(
        "The client's own limit is the last brake on a controller that goes round in circles. A "
        "controller manager at more than ten times its default of 20 requests a second, or a "
        "kubelet with hundreds, can fill the server's seats by itself."
    ),
    remedy=(
        "Lower --kube-api-qps and --kube-api-burst; look first for what makes the component ask so often."
    ),
    sources=(
        "kubernetes cmd/kube-controller-manager/app/options 1.12.0",
        "kubernetes/kubernetes#116121",
    ),
    good=(
        Example(
            """\
kube-controller-manager --kube-api-qps=100 --kube-api-burst=150
""",
            file="flags.txt",
        ),
    ),
    bad=(
        Example(
            """\
kube-controller-manager --kube-api-qps=1000 --kube-api-burst=2000
""",
            file="flags.txt",
        ),
        Example("""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
kubeAPIQPS: 600
"""),
    ),
    find=find,
)
