"""All detectors, in the order in which they are listed: an explicit tuple, no discovery."""

from types import ModuleType

from snowpit.diagnose.detectors import (
    access_review_storm,
    event_flood,
    heartbeat_pressure,
    hot_client,
    inflight_limit,
    invalid_tokens,
    list_storm,
    loopback_starvation,
    relist_herd,
    retry_storm,
    server_stall,
    slow_webhook,
    token_review_others,
    token_review_storm,
)

DETECTORS: tuple[ModuleType, ...] = (
    token_review_storm,
    token_review_others,
    access_review_storm,
    invalid_tokens,
    loopback_starvation,
    inflight_limit,
    list_storm,
    relist_herd,
    event_flood,
    slow_webhook,
    heartbeat_pressure,
    hot_client,
    retry_storm,
    server_stall,
)
"""Each has ``detect(observed, plane) -> Finding`` and a docstring with the headings of :data:`HEADINGS`."""

BESIDE: tuple[ModuleType, ...] = ()
"""Detectors among them that look at metrics, logs and configuration first."""


HEADINGS = (
    "Claim",
    "Mechanism",
    "Evidence for",
    "Evidence against",
    "Easily mistaken for",
    "Cannot tell when",
    "Remedy",
    "Sources",
)
"""What every detector's docstring says, in this order."""


def name_of(detector: ModuleType) -> str:
    """Its id: the stem of its file."""
    return detector.__name__.rpartition(".")[2]


BESIDE_REQUESTS = frozenset(map(name_of, BESIDE))
"""Ids of the detectors that look at other evidence than requests."""
