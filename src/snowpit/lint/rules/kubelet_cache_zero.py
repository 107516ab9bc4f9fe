"""Kubelets that ask the API server about every request they get."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import go_seconds

CACHES = (
    ("authentication.webhook.cacheTTL", "authentication-token-webhook-cache-ttl"),
    ("authorization.webhook.cacheAuthorizedTTL", "authorization-webhook-cache-authorized-ttl"),
)
"""Field of the configuration, and the flag of the same."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    del plane
    for field, flag in CACHES:
        for kubelet in configuration.kubelets:
            setting = kubelet.values.get(field)
            if kubelet.running and setting and go_seconds(setting.value) == 0:
                yield Violation(
                    f"A running kubelet remembers no review ({field} is 0).",
                    setting.pointer or kubelet.pointer,
                )
        for process in configuration.of("kubelet"):
            setting = process.flags.get(flag)
            if setting and go_seconds(setting.value) == 0:
                yield Violation(f"--{flag}=0: a kubelet remembers no review.", where(process, setting))


RULE = Rule(
    id="kubelet-cache-zero",
    title="Kubelets remember reviews",
    severity=Severity.ERROR,
    why=(
        "A kubelet remembers TokenReviews for two minutes and access reviews for five. With a time "
        "of zero each scrape of each kubelet costs both reviews: a thousand nodes scraped every 15 "
        "s make 67 reviews of each kind a second. In a configuration file zero stands for the "
        "default; in the running configuration and on the command line it is zero."
    ),
    remedy=("Remove the setting, or write 2m (authentication), 5m and 30s (authorization)."),
    sources=(
        "kubernetes 1.12.4 pkg/kubelet/apis/config/v1beta1/defaults.go",
        "https://docs.siderolabs.com/talos/v1.15/reference/configuration/kubernetes/kubeauthenticationwebhookconfig",
    ),
    good=(
        Example("""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  webhook: {enabled: true, cacheTTL: 2m}
"""),
        Example("""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  webhook: {enabled: true, cacheTTL: 0s}
"""),
        Example(
            """\
{"kubeletconfig":{"authentication":{"webhook":{"cacheTTL":"2m0s"}}}}
""",
            file="configz.json",
        ),
    ),
    bad=(
        Example(
            """\
{"kubeletconfig":{"authentication":{"webhook":{"cacheTTL":"0s"}}}}
""",
            file="configz.json",
        ),
        Example(
            """\
kubelet --authentication-token-webhook-cache-ttl=0 --v=2
""",
            file="flags.txt",
        ),
    ),
    find=find,
)
