"""All detectors, in the order in which they are listed: an explicit tuple, no discovery."""

from types import ModuleType

from snowpit.diagnose.detectors import (
    access_review_storm,
    aggregated_api_down,
    apf_starvation,
    audit_backend,
    client_side_throttling,
    controller_pinned,
    credential_expiry,
    etcd_slow,
    event_flood,
    goroutine_leak,
    heartbeat_pressure,
    hot_client,
    inflight_limit,
    invalid_tokens,
    lease_lost,
    list_storm,
    loopback_starvation,
    nodes_not_ready,
    relist_herd,
    restart_loop,
    retry_storm,
    secret_polling,
    server_stall,
    slow_webhook,
    token_request_waves,
    token_review_others,
    token_review_storm,
    uneven_servers,
)

BESIDE: tuple[ModuleType, ...] = (
    apf_starvation,
    etcd_slow,
    restart_loop,
    goroutine_leak,
    aggregated_api_down,
    client_side_throttling,
    uneven_servers,
    audit_backend,
    secret_polling,
    token_request_waves,
    lease_lost,
    nodes_not_ready,
    credential_expiry,
    controller_pinned,
)
"""Detectors that look at metrics, logs and configuration first."""

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
    *BESIDE,
)
"""Each has ``detect(observed, plane) -> Finding`` and a docstring with the headings of :data:`HEADINGS`."""

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
