"""Kubernetes objects that configure the control plane, kind by kind: what is kept of each."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from snowpit.ingest.configuration import tree
from snowpit.ingest.configuration.rows import Row, Subject, of_flags, of_tree
from snowpit.ingest.configuration.tree import Scalar, Tree
from snowpit.ingest.configuration.workloads import object_name, workload
from snowpit.model.setting import WORKLOADS

Read = Callable[[Tree, int], Iterator[Row]]
"""Takes a document and the number of lines before it."""

_SPACE = ("metadata", "status", "apiVersion", "kind")
_NO_METADATA = ("metadata", "apiVersion", "kind")


class Kind(NamedTuple):
    """How one kind of object is read.

    Args:
        name: Its kind.
        group: What its ``apiVersion`` starts with; empty for any.
        read: Its reader.
    """

    name: str
    group: str
    read: Read


def _whole(component: str, document: str, *, leave: tuple[str, ...] = _SPACE) -> Read:
    """Reader of an object of which everything but metadata is kept."""

    def read(found: Tree, shift: int) -> Iterator[Row]:
        subject = Subject(component=component, document=document, object=object_name(found), shift=shift)
        yield from of_tree(subject, {"apiVersion": tree.child(found, "apiVersion") or Scalar("", 0)})
        yield from of_tree(subject, found, leave=leave)

    return read


def _spec(component: str, document: str) -> Read:
    """Reader of an object of which the fields of ``spec`` are kept, named without it."""

    def read(found: Tree, shift: int) -> Iterator[Row]:
        subject = Subject(component=component, document=document, object=object_name(found), shift=shift)
        api, spec = tree.child(found, "apiVersion"), tree.child(found, "spec")
        yield from of_tree(subject, {"apiVersion": api or Scalar("", 0)})
        yield from of_tree(subject, {} if spec is None else spec, leave=("caBundle",))

    return read


def _webhooks(found: Tree, shift: int) -> Iterator[Row]:
    """An admission webhook's scope and patience; its client configuration holds keys and is left out."""
    kind = tree.text(found, "kind")
    subject = Subject(component="kube-apiserver", document=kind, object=object_name(found), shift=shift)
    yield from of_tree(subject, {"apiVersion": tree.child(found, "apiVersion") or Scalar("", 0)})
    for number, webhook in enumerate(tree.items(found, "webhooks")):
        service = tree.child(webhook, "clientConfig", "service")
        yield from of_tree(subject, webhook, leave=("clientConfig",), prefix=f"webhooks.{number}")
        if isinstance(service, dict):
            yield from of_tree(subject, service, leave=("caBundle",), prefix=f"webhooks.{number}.service")


def _node(found: Tree, shift: int) -> Iterator[Row]:
    """A node: its kubelet's release and whether it is Ready."""
    release = tree.child(found, "status", "nodeInfo", "kubeletVersion")
    subject = Subject(
        component="kubelet",
        server=tree.text(found, "metadata", "name"),
        document="Node",
        object=tree.text(found, "metadata", "name"),
        version=release.text if isinstance(release, Scalar) else None,
        shift=shift,
    )
    name = tree.child(found, "metadata", "name")
    yield subject.row("name", subject.object, tree.line_of(name) if name else 0)
    for condition in tree.items(found, "status", "conditions"):
        status = tree.child(condition, "status")
        if tree.text(condition, "type") == "Ready" and isinstance(status, Scalar):
            yield subject.row("ready", status.text, status.line)


def _openshift(found: Tree, shift: int) -> Iterator[Row]:
    """OpenShift's KubeAPIServerConfig: flags as lists of values, and admission plugins."""
    subject = Subject(component="kube-apiserver", document="flags", object="KubeAPIServerConfig", shift=shift)
    for name, values in tree.mapping(found, "apiServerArguments").items():
        listed = values if isinstance(values, list) else [values]
        words = [value for value in listed if isinstance(value, Scalar)]
        if words:
            yield subject.row(name, ",".join(word.text for word in words), words[0].line)
    for flag, key, unit in _SERVING:
        value = tree.child(found, "servingInfo", key)
        if isinstance(value, Scalar):
            yield subject.row(flag, value.text + unit, value.line)


_SERVING = (
    ("request-timeout", "requestTimeoutSeconds", "s"),
    ("max-requests-inflight", "maxRequestsInFlight", ""),
)
_PARTS = (
    ("apiServer", "kube-apiserver"),
    ("controllerManager", "kube-controller-manager"),
    ("scheduler", "kube-scheduler"),
)
_OLD_PARTS = (
    ("apiServerExtraArgs", "kube-apiserver"),
    ("controllerManagerExtraArgs", "kube-controller-manager"),
    ("schedulerExtraArgs", "kube-scheduler"),
)


def _kubeadm(found: Tree, shift: int) -> Iterator[Row]:
    """Configuration of kubeadm: extra arguments as mapping or, from v1beta4 on, as list of names and values."""
    release = tree.child(found, "kubernetesVersion")
    told = (release.text or None) if isinstance(release, Scalar) else None
    for key, component in (*_PARTS, *_OLD_PARTS):
        part = tree.child(found, key)
        arguments = part if key.endswith("ExtraArgs") else tree.child(part, "extraArgs")
        subject = Subject(component=component, document="flags", object="kubeadm", version=told, shift=shift)
        yield from of_flags(subject, _named(arguments))
    if isinstance(release, Scalar) and told:
        subject = Subject(
            component="kube-apiserver", document="version", object="kubeadm", version=told, shift=shift
        )
        yield subject.row("version", told, release.line)


def _named(arguments: Tree) -> Iterator[tuple[str, Scalar]]:
    """Names and values of a mapping or a list of ``name``, ``value``."""
    if isinstance(arguments, dict):
        yield from ((key, value) for key, value in arguments.items() if isinstance(value, Scalar))
    for item in arguments if isinstance(arguments, list) else ():
        name, value = tree.text(item, "name"), tree.child(item, "value")
        if name and isinstance(value, Scalar):
            yield name, value


_KOPS = (
    ("kubeAPIServer", "kube-apiserver"),
    ("kubeControllerManager", "kube-controller-manager"),
    ("kubeScheduler", "kube-scheduler"),
    ("kubelet", "kubelet"),
    ("masterKubelet", "kubelet"),
    ("controlPlaneKubelet", "kubelet"),
)


def _kops(found: Tree, shift: int) -> Iterator[Row]:
    """Cluster of kops: fields in camel case that become flags."""
    release = tree.child(found, "spec", "kubernetesVersion")
    told = release.text if isinstance(release, Scalar) else None
    for key, component in _KOPS:
        subject = Subject(
            component=component, document="flags", object=object_name(found), version=told, shift=shift
        )
        for name, value in tree.mapping(found, "spec", key).items():
            if isinstance(value, Scalar):
                yield subject.row(kebab(name), value.text, value.line)
            elif isinstance(value, list) and value and all(isinstance(item, Scalar) for item in value):
                yield subject.row(kebab(name), ",".join(item.text for item in value), value[0].line)
    if isinstance(release, Scalar):
        subject = Subject(
            component="kube-apiserver", document="version", object=object_name(found), version=told
        )
        yield subject.row("version", release.text)


def kebab(name: str) -> str:
    """A field in camel case as flag.

    >>> kebab("maxMutatingRequestsInflight"), kebab("enableAdmissionPlugins"), kebab("oidcIssuerURL")
    ('max-mutating-requests-inflight', 'enable-admission-plugins', 'oidc-issuer-url')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def _workload_of(kind: str) -> Read:
    def read(found: Tree, shift: int) -> Iterator[Row]:
        yield from workload(found, kind, shift)

    return read


_FLOW = "flowcontrol.apiserver.k8s.io/"
_HOOKS = "admissionregistration.k8s.io/"

READERS: tuple[Kind, ...] = (
    *(Kind(name, "", _workload_of(name)) for name in WORKLOADS),
    Kind("Policy", "audit.k8s.io/", _whole("kube-apiserver", "Policy")),
    Kind("FlowSchema", _FLOW, _spec("kube-apiserver", "FlowSchema")),
    Kind("PriorityLevelConfiguration", _FLOW, _spec("kube-apiserver", "PriorityLevelConfiguration")),
    Kind("ValidatingWebhookConfiguration", _HOOKS, _webhooks),
    Kind("MutatingWebhookConfiguration", _HOOKS, _webhooks),
    Kind("KubeletConfiguration", "kubelet.config.k8s.io/", _whole("kubelet", "KubeletConfiguration")),
    Kind("KubeAPIServerConfig", "", _openshift),
    Kind("ClusterConfiguration", "kubeadm.k8s.io/", _kubeadm),
    Kind("MasterConfiguration", "kubeadm.k8s.io/", _kubeadm),
    Kind("Cluster", "kops", _kops),
    Kind("Node", "v1", _node),
    Kind("ServiceMonitor", "", _spec("prometheus", "ServiceMonitor")),
    Kind("PodMonitor", "", _spec("prometheus", "PodMonitor")),
    Kind("APIService", "", _whole("kube-aggregator", "APIService", leave=_NO_METADATA)),
    Kind("AdmissionConfiguration", "", _whole("kube-apiserver", "AdmissionConfiguration")),
    Kind("Configuration", "eventratelimit.admission.k8s.io/", _whole("kube-apiserver", "EventRateLimit")),
    Kind(
        "KubeControllerManagerConfiguration",
        "",
        _whole("kube-controller-manager", "KubeControllerManagerConfiguration"),
    ),
    Kind("KubeSchedulerConfiguration", "", _whole("kube-scheduler", "KubeSchedulerConfiguration")),
)
"""Kinds of which something is kept; asked in this order."""


NAMES = frozenset(known.name for known in READERS)
"""Their kinds."""


def reader_of(kind: str, api: str) -> Read | None:
    """The reader of a kind of object; null if nothing of it is kept. Items of a list need not tell their API."""
    for known in READERS:
        if known.name == kind and (not api or api.startswith(known.group)):
            return known.read
    return None
