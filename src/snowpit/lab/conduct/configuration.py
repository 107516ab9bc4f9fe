"""What the control plane of a lab is configured with, as the files that a real one has; no secrets are in them.

Static pods as the API shows them, the kubelets' configuration, what scrapes them, the release, and the objects of priority
and fairness. ``snowpit lint`` and ``snowpit diagnose`` read them.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.workload import Kubelets, Scraper
from snowpit.knowledge.version import Version
from snowpit.lab.api import fairness
from snowpit.lab.api.discovery import release
from snowpit.lab.api.resources import NEWEST
from snowpit.lab.conduct.stage import address
from snowpit.lab.flags import ETCD, INSTALLED, Listen, command_line, webhook_flags
from snowpit.lab.setup import PLAIN, Auditing, AuditWebhook

FOLDER = "configuration"
MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount/token"
CERTIFICATES = ("certificate", "masters", "front_proxy")
ACCOUNT = "system:serviceaccount:"
VERBOSITY = 4
Document = Mapping[str, Any]


def write(scenario: Scenario, folder: Path, auditing: Auditing = PLAIN) -> None:
    """Write the configuration as the scenario now has it; what was there before is replaced.

    Args:
        scenario: What runs.
        folder: Folder of the lab.
        auditing: How the API servers are audited.
    """
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    version = scenario.plane.version or NEWEST
    (place / "version.json").write_text(json.dumps(release(version), indent=2) + "\n", "utf-8")
    for server in range(scenario.servers):
        _put(
            place / f"kube-apiserver-{server}.yaml",
            _apiserver(scenario, server, version, hook=auditing.webhook),
        )
    if scenario.kubelets.count:
        _put(place / "kubelet.yaml", _kubelet(scenario.kubelets))
    for one in scenario.scrapers:
        _put(place / f"{one.name}.yaml", _job(one) if one.evenly else _metrics_server(one))
    shown = [item for _, item in fairness.objects(version, scenario.levels)]
    if shown:
        _put(place / "priority-and-fairness.yaml", *shown)


def _put(path: Path, *documents: Document) -> None:
    path.write_text(yaml.safe_dump_all(documents, sort_keys=False, width=200), "utf-8")


def _apiserver(scenario: Scenario, server: int, version: Version, *, hook: AuditWebhook | None) -> Document:
    """The static pod of a server, named after its node."""
    host, _, port = address(server).rpartition(":")
    listen = Listen(host, int(port), ETCD, VERBOSITY)
    container = {
        "name": "kube-apiserver",
        "image": f"k8s.gcr.io/kube-apiserver:v{version}",
        "command": ["kube-apiserver", *command_line(scenario.plane, listen, INSTALLED), *webhook_flags(hook)],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"kube-apiserver-apiserver-{server}", "namespace": "kube-system"},
        "spec": {"hostNetwork": True, "nodeName": f"apiserver-{server}", "containers": [container]},
    }


def _kubelet(laws: Kubelets) -> Document:
    webhook = {"enabled": True, "cacheTTL": _seconds(laws.ok_ttl_s)}
    access = {"cacheAuthorizedTTL": _seconds(laws.allowed_ttl_s)}
    mode = {"mode": "Webhook", "webhook": access} if laws.authorizes else {"mode": "AlwaysAllow"}
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "webhook": webhook},
        "authorization": mode,
        "kubeAPIQPS": round(laws.qps),
        "kubeAPIBurst": round(laws.burst),
    }


def _metrics_server(one: Scraper) -> Document:
    """The Deployment of something that scrapes kubelets in rounds."""
    account = _account(one.tokens.subject)
    container = {
        "name": "metrics-server",
        "image": f"k8s.gcr.io/metrics-server-amd64{f':v{one.release}' if one.release else ''}",
        "command": ["/metrics-server", f"--metric-resolution={_seconds(one.period_s)}", *_shows(one)],
    }
    labels = {"k8s-app": one.name}
    spec = {"containers": [container], **({"serviceAccountName": account} if account else {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": one.name, "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _shows(one: Scraper) -> Iterator[str]:
    """Flags that give it another credential than the token of its ServiceAccount."""
    if one.tokens.credential in CERTIFICATES:
        yield f"--kubelet-client-certificate=/etc/{one.name}/tls.crt"
        yield f"--kubelet-client-key=/etc/{one.name}/tls.key"
    elif one.tokens.credential == "static_token":
        yield f"--kubeconfig=/etc/{one.name}/kubeconfig"


def _job(one: Scraper) -> Document:
    """The job of a Prometheus."""
    shown: Document = {"bearer_token_file": MOUNTED}
    if one.tokens.credential in CERTIFICATES:
        shown = {
            "tls_config": {"cert_file": "/etc/prometheus/tls.crt", "key_file": "/etc/prometheus/tls.key"}
        }
    elif one.tokens.credential == "static_token":
        shown = {"bearer_token_file": "/etc/prometheus/token"}
    job = {
        "job_name": one.name,
        "scheme": "https",
        "scrape_interval": _seconds(one.period_s),
        "scrape_timeout": _seconds(one.timeout_s),
        "kubernetes_sd_configs": [{"role": "node"}],
        **shown,
    }
    return {"scrape_configs": [job]}


def _account(user: str) -> str:
    """Name of a ServiceAccount's user; empty if it is another's.

    >>> _account("system:serviceaccount:kube-system:metrics-server")
    'metrics-server'
    """
    return user.rpartition(":")[2] if user.startswith(ACCOUNT) else ""


def _seconds(value: float) -> str:
    return f"{value:g}s"
