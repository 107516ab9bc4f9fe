"""What a real API server's /metrics tells of the measures that are sampled; the rest it does not tell.

Names: kubernetes/apiserver pkg/endpoints/metrics 1.12.0 (``apiserver_request_count``), 1.14.0 (``apiserver_request_total``);
label ``requestKind`` became ``request_kind`` in 1.18; pkg/authentication/token/cache/stats.go 1.17.
"""

import re
from collections.abc import Callable, Iterator, Mapping

_LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
REQUESTS = ("apiserver_request_total", "apiserver_request_count")
CACHE = "authentication_token_cache_request_total"
INFLIGHT = "apiserver_current_inflight_requests"
QUEUED = "apiserver_flowcontrol_current_inqueue_requests"
LOOPBACK = "rest_client_requests_total"
LEAST_GOOD, LEAST_BAD = 200, 400
Labels = Mapping[str, str]


def measures(text: str) -> dict[str, float]:
    """Measures by name, counts since the server's start.

    Args:
        text: /metrics.

    >>> measures('apiserver_request_total{code="429",resource="pods"} 3')["rejected"]
    3.0
    """
    found = dict.fromkeys(MEASURES, 0.0)
    for name, labels, value in _samples(text):
        for measure, told in MEASURES.items():
            if told(name, labels):
                found[measure] += value
    return found


def _samples(text: str) -> Iterator[tuple[str, Labels, float]]:
    for line in text.splitlines():
        if not line.startswith(WANTED):
            continue
        match = _LINE.match(line)
        if match is None:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        yield match[1], dict(_LABEL.findall(match[2] or "")), value


def _answers(code: str) -> Callable[[str, Labels], bool]:
    return lambda name, labels: name in REQUESTS and labels.get("code") == code


def _good(name: str, labels: Labels) -> bool:
    code = labels.get("code", "")
    return name in REQUESTS and code.isdecimal() and LEAST_GOOD <= int(code) < LEAST_BAD


def _reviewed(name: str, labels: Labels) -> bool:
    return _good(name, labels) and labels.get("resource") == "tokenreviews"


def _cache(status: str) -> Callable[[str, Labels], bool]:
    return lambda name, labels: name == CACHE and labels.get("status") == status


def _held(kind: str) -> Callable[[str, Labels], bool]:
    return lambda name, labels: (
        name == INFLIGHT and labels.get("request_kind", labels.get("requestKind")) == kind
    )


MEASURES: Mapping[str, Callable[[str, Labels], bool]] = {
    "offered": lambda name, _: name in REQUESTS,
    "rejected": _answers("429"),
    "timed_out": _answers("504"),
    "unauthorized": _answers("401"),
    "answered": _good,
    "reviews": _reviewed,
    "cache_hits": _cache("hit"),
    "cache_misses": _cache("miss"),
    "loopback_reads": lambda name, _: name == LOOPBACK,
    "seats_mutating": _held("mutating"),
    "seats_readonly": _held("readOnly"),
    "queued": lambda name, _: name == QUEUED,
}
"""Which samples count for each measure."""

WANTED = (*REQUESTS, CACHE, INFLIGHT, QUEUED, LOOPBACK)
