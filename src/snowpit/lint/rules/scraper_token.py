"""A scraper that shows kubelets the token of its ServiceAccount."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.rule import Example, Rule, Severity, Violation
from snowpit.model.observation.configuration import Configuration


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    known = plane.version
    cheap = known is not None and known.at_least("1.18")
    for scraper in configuration.scrapers:
        if scraper.credential == "ServiceAccount token":
            period = f" every {scraper.period_s:g} s" if scraper.period_s else ""
            yield Violation(
                f"{scraper.component} ({scraper.object or 'no name'}) shows every kubelet its ServiceAccount token{period}.",
                scraper.pointer,
                Severity.NOTE if cheap else None,
            )


RULE = Rule(
    id="scraper-token",
    title="Scrapers show kubelets a client certificate",
    severity=Severity.WARNING,
    why=(
        "A kubelet checks such a token by a TokenReview at the API server and remembers it for two "
        "minutes. One scraper with one token thereby asks for one review per node and two minutes, "
        "in step. Before 1.14 these reviews go through the API server's internal limiter and can "
        "bring it down; from 1.18 on they are cheap."
    ),
    remedy=(
        "Give metrics-server --kubelet-client-certificate and --kubelet-client-key, Prometheus "
        "tls_config.cert_file in place of bearer_token_file; the kubelet's client CA has to know "
        "the certificate."
    ),
    sources=(
        "kubernetes-sigs/metrics-server 0.3.1 to 0.7",
        "kubernetes 1.12.4 cmd/kubelet/app/auth.go",
        "kubernetes/kubernetes#71811",
    ),
    good=(
        Example("""\
scrape_configs:
- job_name: kubelet
  kubernetes_sd_configs: [{role: node}]
  tls_config: {cert_file: /etc/prometheus/client.crt}
"""),
        Example(
            "metrics-server --kubelet-client-certificate=/c.crt --kubelet-client-key=/c.key\n",
            version="1.12.4",
            file="flags.txt",
        ),
    ),
    bad=(
        Example("""\
scrape_configs:
- job_name: kubelet
  kubernetes_sd_configs: [{role: node}]
  bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token
"""),
        Example(
            """\
metrics-server --kubelet-insecure-tls --metric-resolution=15s
""",
            version="1.12.4",
            file="flags.txt",
        ),
    ),
    find=find,
)
