"""Upper bounds of histograms by version, as recorded from kube-apiserver 1.13.5 to 1.34.0.

In seconds unless told otherwise. Source: dumps of /metrics; kubernetes/apiserver pkg/endpoints/metrics/metrics.go.
"""

from snowpit.knowledge.version import Version

Bounds = tuple[float, ...]
LATENCIES: Bounds = tuple(125_000.0 * 2.0**i for i in range(7))
"""µs, of ``apiserver_request_latencies``."""

SIZES: Bounds = tuple(10.0**i for i in range(3, 10))
"""Bytes."""

CLIENT_LATENCIES: Bounds = tuple(0.001 * 2.0**i for i in range(10))
AUTHENTICATION: Bounds = tuple(0.001 * 2.0**i for i in range(15))
TOKEN_CACHE: Bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
QUEUE_LENGTH: Bounds = (0.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)
"""Requests."""

_COARSE: Bounds = (
    *(0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0),
    *(5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0),
)
_FINE: Bounds = (0.005, 0.025, *_COARSE)
_MANY: Bounds = (
    *(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 1.75),
    *(2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0),
)
SLO = _COARSE
_FILTERS: Bounds = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 5.0)
_QUEUED: Bounds = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SEATS: Bounds = (1.0, 2.0, 4.0, 10.0)
_WIDE_SEATS: Bounds = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 100.0)
_ETCD: Bounds = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 15.0, 30.0, 60.0)
_CLIENT: Bounds = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


def requests(version: Version) -> Bounds:
    """Of ``apiserver_request_duration_seconds``."""
    if version.at_least("1.25.0"):
        return _FINE
    return _COARSE if version.at_least("1.23.0") else _MANY


def filters(version: Version) -> Bounds:
    """Of ``apiserver_request_filter_duration_seconds``."""
    return (*_FILTERS, 10.0, 15.0, 30.0) if version.at_least("1.28.0") else _FILTERS


def queued(version: Version) -> Bounds:
    """Of waits and executions under priority and fairness."""
    return (*_QUEUED, 15.0, 30.0) if version.at_least("1.28.0") else (*_QUEUED, 30.0)


def seats(version: Version) -> Bounds:
    """Of ``apiserver_flowcontrol_work_estimated_seats``."""
    return _WIDE_SEATS if version.at_least("1.34.0") else _SEATS


def etcd(version: Version) -> Bounds:
    """Of ``etcd_request_duration_seconds``."""
    if version.at_least("1.25.0"):
        return _FINE
    return _ETCD if version.at_least("1.20.0") else TOKEN_CACHE


def clients(version: Version) -> Bounds:
    """Of ``rest_client_request_duration_seconds``."""
    return _CLIENT if version.at_least("1.23.0") else CLIENT_LATENCIES
