"""Who fetches metrics from kubelets, and which credential it shows them."""

from collections.abc import Iterator, Sequence

from snowpit.model.evidence import Pointer
from snowpit.model.observation.configuration import Process, Scraper
from snowpit.model.quantity import go_seconds
from snowpit.observe.config_rows import Group, listed, nested, place, value

TOKEN, CERTIFICATE, STATIC, UNKNOWN = (
    "ServiceAccount token",
    "client certificate",
    "static token",
    "not told",
)
"""What a scraper may show."""

MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount/token"
"""Where a pod finds the token of its ServiceAccount."""

_METRICS_SERVER = ("metrics-server", "heapster")
_DEFAULT_S = 60.0


def scrapers(processes: Sequence[Process], groups: Sequence[Group]) -> Iterator[Scraper]:
    """All that are known to scrape kubelets."""
    for process in processes:
        if process.component in _METRICS_SERVER:
            yield _metrics_server(process)
    default = next(
        (
            group.text("global.scrape_interval")
            for group in groups
            if "global.scrape_interval" in group.values
        ),
        "",
    )
    for group in groups:
        if group.document == "scrape_config" and _scrapes_nodes(group):
            yield _job(group, default)
        if group.document in ("ServiceMonitor", "PodMonitor"):
            yield from _monitor(group)


def _metrics_server(process: Process) -> Scraper:
    """metrics-server: its ServiceAccount's token unless it is given a certificate or another kubeconfig."""
    certificate = process.flags.get("kubelet-client-certificate")
    other = process.flags.get("kubeconfig")
    period = process.flags.get("metric-resolution") or process.flags.get("metric_resolution")
    told = certificate or other
    return Scraper(
        component=process.component,
        object=process.object,
        version=process.version,
        credential=CERTIFICATE if certificate else UNKNOWN if other else TOKEN,
        period_s=go_seconds(period.value) if period else _DEFAULT_S,
        pointer=(told.pointer if told else None) or process.pointer,
    )


def _scrapes_nodes(group: Group) -> bool:
    role = group.text("kubernetes_sd_configs.role")
    return role == "node" or any(word in group.object for word in ("kubelet", "cadvisor", "nodes"))


def _job(group: Group, default: str) -> Scraper:
    """A job of Prometheus' own configuration."""
    file = group.values.get("bearer_token_file") or group.values.get("authorization.credentials_file")
    certificate = group.values.get("tls_config.cert_file")
    given = group.values.get("bearer_token.given") or group.values.get("authorization.credentials.given")
    credential, told = UNKNOWN, group.pointer
    for name, setting in ((TOKEN, file), (STATIC, given), (CERTIFICATE, certificate)):
        if setting:
            static = name == TOKEN and setting.value != MOUNTED
            credential, told = STATIC if static else name, setting.pointer
    return Scraper(
        component="prometheus",
        object=group.object,
        version=group.version,
        credential=credential,
        period_s=go_seconds(group.text("scrape_interval") or default),
        pointer=told,
    )


def _monitor(group: Group) -> Iterator[Scraper]:
    """Endpoints of a ServiceMonitor that selects kubelets."""
    tree = nested(group.values)
    kubelet = "kubelet" in group.object or any(
        "kubelet" in setting.value for key, setting in group.values.items() if key.startswith("selector.")
    )
    for endpoint in listed(tree, "endpoints") if kubelet else ():
        file = value(endpoint, "bearerTokenFile") or value(endpoint, "authorization", "credentialsFile")
        certificate = value(endpoint, "tlsConfig", "certFile") or value(
            endpoint, "tlsConfig", "cert", "secret", "name"
        )
        named = value(endpoint, "bearerTokenSecret", "name") or value(
            endpoint, "authorization", "credentials", "name"
        )
        credential = (
            CERTIFICATE
            if certificate
            else STATIC
            if named or (file and file != MOUNTED)
            else TOKEN
            if file
            else UNKNOWN
        )
        yield Scraper(
            component="prometheus",
            object=group.object,
            version=group.version,
            credential=credential,
            period_s=go_seconds(value(endpoint, "interval")),
            pointer=_place(endpoint, group),
        )


def _place(endpoint: object, group: Group) -> Pointer | None:
    return place(endpoint) or group.pointer
