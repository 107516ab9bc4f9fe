"""Which component wrote a log."""

import re
from functools import lru_cache

_NAMES = (
    "kube-apiserver",
    "kube-controller-manager",
    "cloud-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "metrics-server",
    "kubelet",
    "etcd",
)
_ALIASES = (
    ("kubenswrapper", "kubelet"),
    ("hyperkube", "kubelet"),
    ("controller-manager", "kube-controller-manager"),
    ("apiserver", "kube-apiserver"),
    ("scheduler", "kube-scheduler"),
)
_PLACES = (
    (
        "kube-apiserver",
        rb"(?:httplog|wrap|genericapiserver|cacher|apiservice_controller|available_controller)\.go:",
    ),
    (
        "kubelet",
        rb"(?:kubelet(?:_\w+)?|pod_workers|pod_container_deletor|pleg_?\w*|cpu_manager|prober|patch_prober)\.go:",
    ),
    (
        "kube-controller-manager",
        rb"(?:node_lifecycle_controller|garbagecollector|controllermanager|replica_set)\.go:",
    ),
    ("kube-scheduler", rb"(?:scheduling_queue|schedule_one|eventhandlers)\.go:"),
    (
        "etcd",
        rb"\| (?:etcdserver|etcdmain|mvcc|raft|rafthttp|embed|wal)\b|\"caller\": ?\"(?:etcdserver|etcdmain|mvcc|embed|wal|rafthttp|raft)/",
    ),
)
_SEARCHES = tuple((name, re.compile(pattern)) for name, pattern in _PLACES)


@lru_cache(maxsize=1024)
def named(*words: str | None) -> str | None:
    """The component that a program, pod or path names; the words are asked in order."""
    for word in words:
        if not word:
            continue
        for name in _NAMES:
            if name in word:
                return name
        for alias, name in _ALIASES:
            if alias in word:
                return name
    return None


def guessed(head: bytes) -> str | None:
    """The component whose source files wrote most of the first lines; null if none is known."""
    counts = {name: len(search.findall(head)) for name, search in _SEARCHES}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None
