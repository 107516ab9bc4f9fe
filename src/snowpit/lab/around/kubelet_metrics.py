"""What a kubelet counts: its requests to the API server, and what it served.

Families by version: client-go's requests in every version, its limiter from 1.18; token cache from 1.18; delegated reviews from
1.22 (kubernetes/apiserver pkg/authentication/authenticatorfactory/metrics.go); requests served from 1.17 (recalled).
"""

from snowpit.knowledge.version import Version
from snowpit.lab.around.attempts import Attempt
from snowpit.lab.evidence.metrics.bounds import TOKEN_CACHE
from snowpit.lab.evidence.metrics.clients import Client
from snowpit.lab.evidence.metrics.exposition import Families
from snowpit.lab.evidence.metrics.process import Process

DELEGATED = (0.25, 0.5, 0.7, 1.0, 1.5, 3.0, 5.0, 10.0)
REVIEWS = {"tokenreviews": "authn", "subjectaccessreviews": "authz"}


class KubeletMetrics:
    """Counts of one kubelet.

    Args:
        families: Where it counts.
        version: The kubelet's version.
        node: Name of its node.
        started: When it was started, s since the epoch.
    """

    def __init__(self, families: Families, version: Version, node: str, started: float) -> None:
        self._families, self._version = families, version
        self._client = Client(families, version)
        Process(families, version, started)
        families.set("process_start_time_seconds", started)
        families.set("kubelet_node_name", 1.0, (("node", node),))
        pods = "kubelet_running_pods" if version.at_least("1.19.0") else "kubelet_running_pod_count"
        families.set(pods, 0.0)

    def attempted(self, attempt: Attempt) -> None:
        """An attempt at the API server ended."""
        method, outcome = attempt.asked.method, attempt.outcome
        self._client.paced(method, attempt.url, outcome.waited)
        self._client.answered(method, attempt.url, attempt.code, outcome.seconds)
        what = REVIEWS.get(attempt.asked.target.rpartition("/")[2])
        if what and self._version.at_least("1.22.0"):
            labels = (("code", str(attempt.code) if attempt.code else "<error>"),)
            self._families.count(f"apiserver_delegated_{what}_request_total", labels)
            name = f"apiserver_delegated_{what}_request_duration_seconds"
            self._families.observe(name, outcome.seconds, DELEGATED, labels)

    def asked_cache(self, *, hit: bool) -> None:
        """The cache of reviewed tokens was asked."""
        if self._version.at_least("1.18.0"):
            status = (("status", "hit" if hit else "miss"),)
            self._families.count("authentication_token_cache_request_total", status)

    def served(self, method: str, path: str, seconds: float) -> None:
        """A caller was answered."""
        if not self._version.at_least("1.17.0"):
            return
        head = path.strip("/").partition("/")[0] or "root"
        labels = (("long_running", "false"), ("method", method), ("path", head), ("server_type", "readwrite"))
        self._families.count("kubelet_http_requests_total", labels)
        self._families.observe("kubelet_http_requests_duration_seconds", seconds, TOKEN_CACHE, labels)

    def text(self) -> bytes:
        """The text of /metrics."""
        return self._families.text()
