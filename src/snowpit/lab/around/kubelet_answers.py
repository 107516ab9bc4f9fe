"""What a kubelet serves on its port 10250, once its caller may have it.

Source: kubernetes pkg/kubelet/server/server.go and auth.go 1.12.4: which verb and subresource a request asks for.
"""

from collections.abc import Mapping

import msgspec

from snowpit.lab.wire import Request, Response

TEXT = {"Content-Type": "text/plain; charset=utf-8"}
METRICS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
SUBRESOURCES = {"/stats": "stats", "/metrics": "metrics", "/logs": "log", "/spec": "spec"}
VERBS = {"POST": "create", "GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def wanted(request: Request) -> tuple[str, str]:
    """Verb, and subresource of the node, that a request asks for; ``proxy`` for all paths without one of their own."""
    path = request.path
    sub = next(
        (sub for head, sub in SUBRESOURCES.items() if path == head or path.startswith(f"{head}/")), "proxy"
    )
    return VERBS.get(request.method, ""), sub


def answer(path: str, node: str, metrics: bytes) -> Response:
    """The answer to a GET.

    Args:
        path: Path.
        node: Name of the node.
        metrics: Text of the kubelet's own metrics.
    """
    stats = {"nodeName": node, "cpu": {"usageNanoCores": 1}, "memory": {"workingSetBytes": 1}}
    pods: Mapping[str, object] = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": None}
    served: Mapping[str, tuple[Mapping[str, str], bytes]] = {
        "/healthz": (TEXT, b"ok"),
        "/metrics": (METRICS, metrics),
        "/metrics/resource": (METRICS, _NODE),
        "/metrics/resource/v1alpha1": (METRICS, _NODE),
        "/metrics/cadvisor": (METRICS, _CONTAINERS),
        "/stats/summary": (JSON, msgspec.json.encode({"node": stats, "pods": []})),
        "/pods": (JSON, msgspec.json.encode(pods)),
        "/runningpods": (JSON, msgspec.json.encode(pods)),
        "/spec": (JSON, msgspec.json.encode({"num_cores": 1, "memory_capacity": 1 << 30})),
        "/logs": (HTML, b"<pre>\n</pre>\n"),
    }
    found = served.get(path.rstrip("/"))
    return Response(200, *found) if found else Response(404, TEXT, b"404 page not found\n")


def _used(cpu: str, memory: str) -> bytes:
    """What a node uses, by the names of these series."""
    lines = []
    for name, kind, value in ((cpu, "counter", 1), (memory, "gauge", 1 << 30)):
        family = name.partition("{")[0]
        lines += [f"# HELP {family} Of the node.", f"# TYPE {family} {kind}", f"{name} {value}"]
    return ("\n".join(lines) + "\n").encode()


_NODE = _used("node_cpu_usage_seconds_total", "node_memory_working_set_bytes")
_CONTAINERS = _used('container_cpu_usage_seconds_total{id="/"}', 'container_memory_working_set_bytes{id="/"}')
