"""The server's own client in /metrics: its requests, and its waits at the limiter (from 1.18).

Source: k8s.io/component-base/metrics/prometheus/restclient 1.14 to 1.34; dumps of 1.13.5 to 1.34.0.
"""

from urllib.parse import quote, urlsplit, urlunsplit

from snowpit.knowledge.version import Version
from snowpit.lab.evidence.metrics import bounds
from snowpit.lab.evidence.metrics.exposition import Families, Labels


class Client:
    """What one server counts of its loopback client.

    Args:
        families: Where it is counted.
        version: The server's version.
    """

    def __init__(self, families: Families, version: Version) -> None:
        self._families, self._version = families, version
        self._bounds = bounds.clients(version)
        self._by_host = version.at_least("1.23.0")

    def answered(self, verb: str, url: str, code: int, seconds: float) -> None:
        """A request was answered; code 0 stands for a broken connection."""
        told = str(code) if code else "<error>"
        labels = (("code", told), ("host", urlsplit(url).netloc), ("method", verb))
        self._families.count("rest_client_requests_total", labels)
        where = self._where(verb, url)
        if not self._version.at_least("1.17.0"):
            name = "rest_client_request_latency_seconds"
            self._families.observe(name, seconds, bounds.CLIENT_LATENCIES, where)
        if self._version.at_least("1.14.0"):
            self._families.observe("rest_client_request_duration_seconds", seconds, self._bounds, where)

    def paced(self, verb: str, url: str, waited: float) -> None:
        """A request passed the limiter after that many seconds, which may be none."""
        if self._version.at_least("1.18.0"):
            name = "rest_client_rate_limiter_duration_seconds"
            self._families.observe(name, waited, self._bounds, self._where(verb, url))

    def _where(self, verb: str, url: str) -> Labels:
        if self._by_host:
            return ("host", urlsplit(url).netloc), ("verb", verb)
        return ("url", template(url)), ("verb", verb)


def template(url: str) -> str:
    """A URL without names, as client-go's ``finalURLTemplate`` gives it.

    >>> template("https://127.0.0.1:6443/api/v1/namespaces/x/secrets/y")
    'https://127.0.0.1:6443/api/v1/namespaces/%7Bnamespace%7D/secrets/%7Bname%7D'
    """
    parts = urlsplit(url)
    steps = parts.path.split("/")
    if "namespaces" in steps:
        place = steps.index("namespaces")
        names = {place + 1: "{namespace}", place + 3: "{name}"}
        steps = [names.get(number, step) for number, step in enumerate(steps)]
    return urlunsplit((parts.scheme, parts.netloc, "/".join(map(quote, steps)), "", ""))
