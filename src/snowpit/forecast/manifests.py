"""Ready manifests for a plan: a client certificate for metrics-server, a guard for reviews, an audit policy.

Templates stand in ``knowledge/manifests``; this module chooses API versions and fields by release. Sources: CHANGELOG of
Kubernetes 1.18 to 1.29 and its ``api/openapi-spec`` (API versions); kubernetes-sigs/metrics-server 0.3.4 ``deploy`` and
0.4.0 to 0.7 ``manifests`` (arguments, what they read of a kubelet).
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

from snowpit.errors import FactError
from snowpit.forecast.interventions import GUARD
from snowpit.knowledge.audit_policy import policy
from snowpit.knowledge.version import Version

USER = "metrics-server-kubelet-client"
"""Name of the certificate's user, and of the objects around it."""

FOLDER = "/etc/kubelet-client"
SETTINGS = "/etc/kubelet-client-config"

PLACEHOLDER = "CertificateRequest=="
"""Stands where the request goes: well-formed Base64, which every API server refuses as a request."""

_RELEASE = re.compile(r"v?0\.(\d{1,3})(?:\.\d{1,4})?")

_FLOW_CONTROL = (
    ("1.29", "v1"),
    ("1.26", "v1beta3"),
    ("1.23", "v1beta2"),
    ("1.20", "v1beta1"),
    ("1.18", "v1alpha1"),
)
"""First release and API version of priority and fairness, newest first."""


def manifests(version: Version, *, metrics_server: str = "", node: str = "") -> Mapping[str, str]:
    """YAML texts by file name; the comments of each say how to apply, verify and undo it.

    Args:
        version: Release of the API servers.
        metrics_server: Release of metrics-server, such as ``0.3.6``; empty for one of 0.4.0 or later.
        node: Node whose reviews the audit policy logs with content; empty for a placeholder.

    Raises:
        FactError: If the release of metrics-server or the name of the node is none.
    """
    names = _of_scraper(metrics_server)
    found = {
        "client-certificate.yaml": _filled("client-certificate.yaml", _certificate(version)),
        "rbac.yaml": _filled("rbac.yaml", names),
        "metrics-server-patch.yaml": _filled("metrics-server-patch.yaml", names),
        "audit-policy.yaml": policy(str(version), node),
    }
    if names["kubeconfig"]:
        found["metrics-server-kubeconfig.yaml"] = _filled("metrics-server-kubeconfig.yaml", names)
    guard = _guard(version)
    if guard:
        found["review-guard.yaml"] = _filled("review-guard.yaml", guard)
    return found


def _certificate(version: Version) -> dict[str, Any]:
    return {
        "user": USER,
        "placeholder": PLACEHOLDER,
        "for_version": f" (Kubernetes {version})",
        "api": "v1" if version.at_least("1.19") else "v1beta1",
        "signer": version.at_least("1.18"),
        "old_duration": ""
        if version.at_least("1.19")
        else "; before 1.19 --experimental-cluster-signing-duration",
    }


def _of_scraper(release: str) -> dict[str, Any]:
    """What depends on the release of metrics-server; an untold one counts as 0.4.0 or later."""
    minor = _minor(release)
    old = minor is not None and minor < 4  # noqa: PLR2004 - first release with arguments for the certificate
    mounts = [{"name": "kubelet-client", "kind": "secret", "key": "secretName", "path": FOLDER}]
    if old:
        mounts.append({"name": "kubelet-client-config", "kind": "configMap", "key": "name", "path": SETTINGS})
    certificate = (f"--kubelet-client-certificate={FOLDER}/tls.crt", f"--kubelet-client-key={FOLDER}/tls.key")
    return {
        "user": USER,
        "folder": FOLDER,
        "for_release": f" {release.removeprefix('v')}" if release else "",
        "kubeconfig": old,
        "arguments": (f"--kubeconfig={SETTINGS}/kubeconfig",) if old else certificate,
        "mounts": mounts,
        "subresources": _read_of_kubelets(minor),
    }


def _minor(release: str) -> int | None:
    if not release:
        return None
    found = _RELEASE.fullmatch(release.strip())
    if not found:
        raise FactError(
            f"{release.strip()[:40]!a} is not a release of metrics-server.",
            "Write it as 0.3.6 (the tag of its image).",
        )
    return int(found[1])


def _read_of_kubelets(minor: int | None) -> tuple[str, ...]:
    """Subresources of nodes: ``/stats/summary`` before 0.6, ``/metrics/resource`` from then on; both if untold."""
    if minor is None:
        return ("metrics", "stats")
    return ("metrics",) if minor >= 6 else ("stats",)  # noqa: PLR2004 - see above


def _guard(version: Version) -> dict[str, Any]:
    """The guard by API version; empty before 1.18, which has no priority and fairness."""
    api = next((name for since, name in _FLOW_CONTROL if version.at_least(since)), "")
    if not api:
        return {}
    borrowing = version.at_least("1.26")
    return {
        "level": GUARD,
        "api": api,
        "alpha": api == "v1alpha1",
        "borrowing": borrowing,
        "shares_field": "nominalConcurrencyShares" if borrowing else "assuredConcurrencyShares",
    }


def _filled(name: str, words: Mapping[str, Any]) -> str:
    return _templates().get_template(name).render(words)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("snowpit.knowledge", "manifests"),
        autoescape=False,  # noqa: S701 - YAML, made of this module's own words
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
