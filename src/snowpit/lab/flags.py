"""Flags of a kube-apiserver by its version, as a lab's log tells them.

Sources: kubernetes cmd/kube-apiserver/app/options and pkg/kubeapiserver/options 1.12 to 1.34; CHANGELOG-1.19 (basic auth
removed, #89069), CHANGELOG-1.20 (issuer and signing key required), CHANGELOG-1.24 (insecure port removed). The line of
1.13.5 was recorded with a real binary; lines of other versions follow the sources.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.errors import LabError
from snowpit.knowledge.facts import Value
from snowpit.knowledge.version import Version
from snowpit.lab.setup import AuditWebhook

OLDEST = Version(1, 12, 0)
ETCD = "https://127.0.0.1:2379"
"""Where a server looks for etcd, as its log and configuration tell it."""


class Files(NamedTuple):
    """Where a server finds things, as paths of its own.

    Args:
        pki: Folder of certificates, keys and token files.
        audit_policy: Audit policy; empty for no audit log.
        audit_log: Audit log.
    """

    pki: str
    audit_policy: str = ""
    audit_log: str = ""


INSTALLED = Files("/etc/kubernetes/pki", "/etc/kubernetes/audit-policy.yaml", "/var/log/kubernetes/audit.log")
"""Where kubeadm puts things, as the log and the configuration of a lab's own server tell it."""


class Listen(NamedTuple):
    """Where a server listens and stores.

    Args:
        host: Address, on loopback.
        port: Port.
        etcd: URL of etcd.
        verbosity: ``-v``.
    """

    host: str
    port: int
    etcd: str
    verbosity: int


class _Fixed(NamedTuple):
    """A flag that every server of some versions gets.

    Args:
        name: Without dashes.
        value: ``{pki}``, ``{host}``, ``{port}`` and the other names of ``Files`` and ``Listen`` are filled in.
        start: First version.
        until: First version without it.
        needs: Name of a value that must not be empty.
    """

    name: str
    value: str
    start: str = ""
    until: str = ""
    needs: str = ""


_FIXED = (
    _Fixed("etcd-servers", "{etcd}"),
    _Fixed("bind-address", "{host}"),
    _Fixed("advertise-address", "{host}"),
    _Fixed("secure-port", "{port}"),
    _Fixed("insecure-port", "0", until="1.20.0"),
    _Fixed("endpoint-reconciler-type", "none"),
    _Fixed("service-cluster-ip-range", "10.96.0.0/24"),
    _Fixed("allow-privileged", "true"),
    _Fixed("tls-cert-file", "{pki}/apiserver.crt"),
    _Fixed("tls-private-key-file", "{pki}/apiserver.key"),
    _Fixed("client-ca-file", "{pki}/ca.crt"),
    _Fixed("requestheader-client-ca-file", "{pki}/front-proxy-ca.crt"),
    _Fixed("requestheader-username-headers", "X-Remote-User"),
    _Fixed("requestheader-group-headers", "X-Remote-Group"),
    _Fixed("requestheader-extra-headers-prefix", "X-Remote-Extra-"),
    _Fixed("service-account-key-file", "{pki}/sa.pub"),
    _Fixed("service-account-issuer", "https://kubernetes.default.svc"),
    _Fixed("service-account-signing-key-file", "{pki}/sa.key"),
    _Fixed("token-auth-file", "{pki}/tokens.csv"),
    _Fixed("basic-auth-file", "{pki}/basic.csv", until="1.19.0"),
    _Fixed("enable-bootstrap-token-auth", "true"),
    _Fixed("authorization-mode", "Node,RBAC"),
    _Fixed("enable-admission-plugins", "NodeRestriction"),
    _Fixed("disable-admission-plugins", "ServiceAccount"),
    _Fixed("audit-policy-file", "{audit_policy}", needs="audit_policy"),
    _Fixed("audit-log-path", "{audit_log}", needs="audit_policy"),
    _Fixed("audit-log-maxsize", "100", needs="audit_policy"),
    _Fixed("v", "{verbosity}"),
)


def _whole(value: Value) -> str:
    return str(max(0, int(value)))


def _seconds(value: Value) -> str:
    return f"{float(value):g}s"


def _truth(value: Value) -> str:
    return "true" if value else "false"


class _Parameter(NamedTuple):
    """A parameter of the control plane that has a flag.

    Args:
        name: The parameter.
        flag: Without dashes.
        text: Its value as the flag takes it.
        start: First version that has the flag.
    """

    name: str
    flag: str
    text: Callable[[Value], str]
    start: str = ""


_PARAMETERS = (
    _Parameter("max_requests_inflight", "max-requests-inflight", _whole),
    _Parameter("max_mutating_requests_inflight", "max-mutating-requests-inflight", _whole),
    _Parameter("request_timeout_s", "request-timeout", _seconds),
    _Parameter("service_account_lookup", "service-account-lookup", _truth),
    _Parameter("priority_and_fairness", "enable-priority-and-fairness", _truth, start="1.18.0"),
)


def settable(name: str, version: Version) -> bool:
    """Whether a real server takes this parameter as a flag."""
    return any(one.name == name and version.at_least(one.start or OLDEST) for one in _PARAMETERS)


def command_line(plane: ControlPlane, listen: Listen, files: Files) -> tuple[str, ...]:
    """Flags of one server, without the name of the program.

    Args:
        plane: Its parameters; only those that are flags in its version appear.
        listen: Where it listens and stores.
        files: Where it finds things.

    Raises:
        LabError: If the version is unknown or older than 1.12.
    """
    version = plane.version
    if version is None or not version.at_least(OLDEST):
        raise LabError(
            f"The flags of kube-apiserver {version or '(unknown)'} are not known.", "Take 1.12 or later."
        )
    words: Mapping[str, object] = {**listen._asdict(), **files._asdict()}
    fixed = [
        f"--{one.name}={one.value.format_map(dict(words))}"
        for one in _FIXED
        if version.within(one.start, one.until) and (not one.needs or words[one.needs])
    ]
    return (*fixed, *_parameters(plane, version), *_gates(plane, version))


def webhook_flags(hook: AuditWebhook | None) -> tuple[str, ...]:
    """Flags of an audit webhook; none without one."""
    if hook is None:
        return ()
    batch = (
        f"--audit-webhook-batch-buffer-size={hook.buffer}",
        f"--audit-webhook-batch-max-size={hook.size}",
        f"--audit-webhook-batch-max-wait={hook.wait_s:g}s",
        f"--audit-webhook-batch-throttle-burst={hook.burst:g}",
        f"--audit-webhook-batch-throttle-qps={hook.qps:g}",
    )
    return (
        "--audit-webhook-config-file=/etc/kubernetes/audit-webhook.yaml",
        f"--audit-webhook-initial-backoff={hook.backoff_s:g}s",
        f"--audit-webhook-mode={hook.mode}",
        *(batch if hook.mode == "batch" else ()),
    )


def _parameters(plane: ControlPlane, version: Version) -> list[str]:
    return [
        f"--{one.flag}={one.text(plane.values[one.name].value)}"
        for one in _PARAMETERS
        if one.name in plane.values and settable(one.name, version)
    ]


def _gates(plane: ControlPlane, version: Version) -> list[str]:
    """Priority and fairness is alpha, and so behind a gate, in 1.18 and 1.19."""
    alpha = version.within("1.18.0", "1.20.0") and plane.flag("priority_and_fairness")
    if not alpha:
        return []
    return [
        "--feature-gates=APIPriorityAndFairness=true",
        "--runtime-config=flowcontrol.apiserver.k8s.io/v1alpha1=true",
    ]
