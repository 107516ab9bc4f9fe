"""A watch cache that is turned off."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration

WATCHED = (
    "pods",
    "nodes",
    "services",
    "endpoints",
    "secrets",
    "configmaps",
    "endpointslices.discovery.k8s.io",
)


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        cache, sizes = process.flags.get("watch-cache"), process.flags.get("watch-cache-sizes")
        if cache and cache.value.lower() == "false":
            yield Violation("Every LIST and watch reads etcd (--watch-cache=false).", where(process, cache))
        for part in sizes.value.split(",") if sizes else ():
            name, _, size = part.partition("#")
            if size == "0" and name in WATCHED:
                yield Violation(f"Every LIST and watch of {name} reads etcd.", where(process, sizes))


RULE = Rule(
    id="watch-cache-off",
    title="The watch cache is on",
    severity=Severity.ERROR,
    why=(
        "Without the watch cache every LIST and watch reads etcd, for each client anew. A restart "
        "of one server then makes all kubelets list from etcd at once."
    ),
    remedy=("Remove --watch-cache=false and sizes of 0 for resources that many clients watch."),
    sources=(
        "kubernetes/kubernetes#86430",
        "kubernetes/apiserver pkg/storage/cacher 1.12.0",
    ),
    good=(
        Example(api_server("v1.30.1", "--watch-cache=true")),
        Example(api_server("v1.30.1", "--watch-cache-sizes=pods#1000")),
    ),
    bad=(
        Example(api_server("v1.30.1", "--watch-cache=false")),
        Example(api_server("v1.30.1", "--watch-cache-sizes=pods#0,nodes#100")),
    ),
    find=find,
)
