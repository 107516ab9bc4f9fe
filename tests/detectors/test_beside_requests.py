"""Detectors that look at metrics, logs and configuration: each is supported, refuted and left open where it should be."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from snowpit.cluster.control_plane import build
from snowpit.diagnose import diagnose
from snowpit.diagnose.registry import BESIDE, HEADINGS, name_of
from snowpit.knowledge.version import Version
from snowpit.model.finding import Finding, Verdict
from snowpit.model.observation import Configuration, Holder, Lifetime, Observed, RequestClass
from snowpit.model.observation.clients import Evenness
from snowpit.model.observation.configuration import KubeletSettings, LevelState, Nodes, Setting
from snowpit.model.observation.traffic import ClassTraffic
from support.measured import (
    beside,
    counter,
    gauge,
    group,
    instance,
    level,
    logs,
    metrics,
    only,
    spread,
)
from support.observed import healthy, seat_kind

PLANE = build(version=Version(1, 28, 0))
MANAGER = "kube-controller-manager"


def found(name: str, observed: Observed, version: str = "1.28.0") -> Finding:
    plane = build(version=Version.parse(version))
    return next(item for item in diagnose(observed, plane).findings if item.id == name)


def servers(top_share: float) -> dict[str, Evenness]:
    return {
        "apiserver_request_total": Evenness(
            sources=3, top="api-1", top_share=top_share, gini=0.5, median=10.0
        )
    }


def starting(times: int) -> Observed:
    life = Lifetime(
        component="kube-apiserver",
        server="",
        starts=tuple(range(times)),
        stops=(),
        versions=(),
        shortest_s=1.0,
        median_s=1.0,
    )
    return only(logs=replace(logs(group("started", times)), lifetimes=(life,)))


def polled(attempts: int) -> Observed:
    """Kubelets that fetch Secrets, in a window of 100 s."""
    key = RequestClass("get", "", "secrets", "")
    holder = Holder(key=key, client="system:node:*", clients=50, held_s=1.0, share=0.5, attempts=attempts)
    base = healthy()
    reads = replace(base.traffic.classes[0], key=key, mutating=False, attempts=max(attempts, 2000))
    seats = replace(base.seats, readonly=replace(seat_kind("readonly"), holders=(holder,)))
    traffic = replace(base.traffic, classes=(*base.traffic.classes, reads))
    return replace(base, seats=seats, traffic=traffic)


def tokens(attempts: int, *, peak: int) -> Observed:
    """Requests for tokens among writes of a server that refuses many."""
    base = healthy(10_000, rejected=3000)
    key = RequestClass("create", "", "serviceaccounts", "token")
    made: ClassTraffic = replace(
        base.traffic.classes[0],
        key=key,
        attempts=attempts,
        outcomes={"ok": attempts},
        arrival_rate=attempts / 100,
        peak_rate=peak,
    )
    return replace(base, traffic=replace(base.traffic, classes=(*base.traffic.classes, made)))


def ready(number: int) -> Configuration:
    return Configuration(nodes=Nodes(count=100, ready=number))


def strategy(value: str) -> Configuration:
    values = {"configMapAndSecretChangeDetectionStrategy": Setting(value)}
    return Configuration(kubelets=(KubeletSettings(object="", running=True, values=values),))


ETCD = "etcd_request_duration_seconds"
LIMITER = "rest_client_rate_limiter_duration_seconds"
TTL = "kubelet_certificate_manager_client_ttl_seconds"
SENT = "rest_client_requests_total"
WAITING = gauge("workqueue_depth", 900, component=MANAGER, name="namespace")

SUPPORTED: list[tuple[str, str, Callable[[], Observed]]] = [
    (
        "apf_starvation",
        "queue-full",
        lambda: only(metrics=metrics(level("system", refused=900), level("workload-low"))),
    ),
    (
        "apf_starvation",
        "wait",
        lambda: only(metrics=metrics(level("system", waiting=80, wait_s=9.0, in_use=74))),
    ),
    (
        "apf_starvation",
        "dump",
        lambda: only(
            configuration=Configuration(
                states=(
                    LevelState(name="system", waiting=90, executing=74, rejected=500, timed_out=0),
                    LevelState(name="node-high", waiting=0, executing=1, rejected=0, timed_out=0),
                )
            )
        ),
    ),
    ("etcd_slow", "calls", lambda: only(metrics=metrics(spread(ETCD, 900, 0.8, 4.0, operation="update")))),
    (
        "etcd_slow",
        "fsync",
        lambda: only(
            metrics=metrics(
                instance("etcd"),
                spread("etcd_disk_wal_fsync_duration_seconds", 900, 0.2, 1.5, component="etcd"),
                counter("etcd_server_leader_changes_seen_total", 9, per_s=0.1, component="etcd"),
            )
        ),
    ),
    ("etcd_slow", "log", lambda: only(logs=logs(group("etcd_slow", 400, component="etcd", longest_s=3.0)))),
    ("restart_loop", "metrics", lambda: only(metrics=metrics(instance(started_s=500, restarts=3)))),
    ("restart_loop", "log", lambda: starting(4)),
    ("goroutine_leak", "growth", lambda: only(metrics=metrics(gauge("go_goroutines", 2000, 9000, 30_000)))),
    (
        "aggregated_api_down",
        "gauge",
        lambda: only(
            metrics=metrics(gauge("aggregator_unavailable_apiservice", 1, 1, name="v1beta1.metrics.k8s.io"))
        ),
    ),
    (
        "aggregated_api_down",
        "log",
        lambda: only(logs=logs(group("apiservice_down", 40, subject="v1beta1.metrics.k8s.io"))),
    ),
    (
        "client_side_throttling",
        "log",
        lambda: beside(logs=logs(group("throttled", 300, component=MANAGER, longest_s=12.0))),
    ),
    (
        "client_side_throttling",
        "metrics",
        lambda: only(metrics=metrics(instance(MANAGER), spread(LIMITER, 500, 0.9, 7.0, component=MANAGER))),
    ),
    (
        "uneven_servers",
        "share",
        lambda: only(
            metrics=metrics(
                gauge("apiserver_current_inflight_requests", 190, server="a"),
                gauge("apiserver_current_inflight_requests", 2, server="b"),
                evenness=servers(0.97),
            )
        ),
    ),
    (
        "audit_backend",
        "metrics",
        lambda: only(metrics=metrics(counter("apiserver_audit_error_total", 5000, plugin="webhook"))),
    ),
    ("audit_backend", "log", lambda: only(logs=logs(group("audit_failed", 40)))),
    ("secret_polling", "requests", lambda: polled(4000)),
    ("token_request_waves", "requests", lambda: tokens(5000, peak=900)),
    ("lease_lost", "log", lambda: only(logs=logs(group("lease_lost", 1, component=MANAGER)))),
    ("nodes_not_ready", "log", lambda: only(logs=logs(group("node_not_ready", 60, component=MANAGER)))),
    ("nodes_not_ready", "nodes", lambda: beside(configuration=ready(40))),
    (
        "credential_expiry",
        "log",
        lambda: only(logs=logs(group("certificate", 9, subject="certificate expired"))),
    ),
    ("credential_expiry", "metrics", lambda: only(metrics=metrics(gauge(TTL, 60, -5, component="kubelet")))),
    (
        "controller_pinned",
        "metrics",
        lambda: only(metrics=metrics(counter(SENT, 9000, per_s=20.0, component=MANAGER), WAITING)),
    ),
]

REFUTED: list[tuple[str, Callable[[], Observed]]] = [
    ("apf_starvation", lambda: only(metrics=metrics(level("system"), level("workload-low")))),
    ("etcd_slow", lambda: only(metrics=metrics(spread(ETCD, 900, 0.002, 0.02, operation="get")))),
    ("restart_loop", lambda: only(metrics=metrics(instance()))),
    ("goroutine_leak", lambda: only(metrics=metrics(gauge("go_goroutines", 1800, 4400, 1750)))),
    ("aggregated_api_down", lambda: only(metrics=metrics(gauge("aggregator_unavailable_apiservice", 0, 0)))),
    (
        "client_side_throttling",
        lambda: only(metrics=metrics(spread(LIMITER, 500, 0.001, 0.005, component=MANAGER))),
    ),
    ("uneven_servers", lambda: only(metrics=metrics(evenness=servers(0.36)))),
    ("audit_backend", lambda: only(metrics=metrics(counter("apiserver_audit_event_total", 5000)))),
    ("secret_polling", lambda: polled(10)),
    ("token_request_waves", lambda: tokens(50, peak=5)),
    ("lease_lost", lambda: only(logs=logs(group("throttled", 1, component=MANAGER)))),
    ("nodes_not_ready", lambda: beside(configuration=ready(100))),
    ("credential_expiry", lambda: only(metrics=metrics(gauge(TTL, 9e6, 8.9e6, component="kubelet")))),
    ("controller_pinned", lambda: only(metrics=metrics(counter(SENT, 9000, per_s=3.0, component=MANAGER)))),
]


@pytest.mark.parametrize(
    ("name", "make"),
    [(name, make) for name, _, make in SUPPORTED],
    ids=[f"{name}-{by}" for name, by, _ in SUPPORTED],
)
def test_it_is_supported_with_places_and_remedies(name: str, make: Callable[[], Observed]) -> None:
    mine = found(name, make())
    assert mine.verdict is Verdict.SUPPORTED, (mine.claim, mine.evidence_for, mine.evidence_against)
    assert mine.remedies
    assert mine.sources
    assert all(item.source for item in mine.evidence_for)


@pytest.mark.parametrize(("name", "make"), REFUTED, ids=[name for name, _ in REFUTED])
def test_it_is_refuted_by_a_statement(name: str, make: Callable[[], Observed]) -> None:
    mine = found(name, make())
    assert mine.verdict is Verdict.REFUTED, (mine.claim, mine.evidence_for)
    assert mine.evidence_against


@pytest.mark.parametrize("name", [name_of(module) for module in BESIDE])
def test_it_stays_open_where_nothing_tells(name: str) -> None:
    mine = found(name, only(metrics=metrics(instance("metrics-server"))))
    assert mine.verdict is Verdict.UNDECIDED
    assert mine.undecided_by


@pytest.mark.parametrize("name", [name_of(module) for module in BESIDE])
def test_it_has_a_case_of_each_verdict(name: str) -> None:
    assert name in {item[0] for item in SUPPORTED}
    assert name in {item[0] for item in REFUTED}


@pytest.mark.parametrize("module", BESIDE, ids=name_of)
def test_it_says_under_every_heading_what_it_is(module: object) -> None:
    assert [heading for heading in HEADINGS if f"\n{heading}:\n" not in (module.__doc__ or "")] == []


@pytest.mark.parametrize("value", ["Cache", "Watch"])
def test_the_strategy_of_kubelets_speaks_for_or_against_polling(value: str) -> None:
    mine = found("secret_polling", replace(polled(4000), configuration=strategy(value)))
    told = mine.evidence_for if value == "Cache" else mine.evidence_against
    assert "configuration" in {item.source for item in told}


def test_dumps_of_several_servers_are_no_restarts() -> None:
    mine = found("restart_loop", only(metrics=metrics(instance(started_s=-500, restarts=13))))
    assert mine.verdict is Verdict.REFUTED


def test_a_backlog_that_drained_is_no_leak() -> None:
    mine = found("goroutine_leak", only(metrics=metrics(gauge("go_goroutines", 1800, 4400, 1750))))
    assert "fell back" in mine.evidence_against[0].text


def test_fast_single_requests_exclude_a_slow_database_without_any_metrics() -> None:
    assert found("etcd_slow", healthy(10_000, rejected=3000)).verdict is Verdict.REFUTED


def test_the_own_waits_of_the_server_are_no_client_side_throttling() -> None:
    mine = found("client_side_throttling", beside(logs=logs(group("throttled", 900, longest_s=20.0))))
    assert mine.verdict is not Verdict.SUPPORTED


def test_priority_and_fairness_is_refuted_by_a_release_that_lacks_it() -> None:
    assert found("apf_starvation", beside(), "1.16.0").verdict is Verdict.REFUTED


def test_a_limit_of_the_controller_is_taken_from_its_flags() -> None:
    from snowpit.model.observation.configuration import Process  # noqa: PLC0415 - used here alone

    process = Process(
        component=MANAGER, server="", object="", kind="", version=None, flags={"kube-api-qps": Setting("100")}
    )
    observed = only(
        metrics=metrics(counter(SENT, 9000, per_s=20.0, component=MANAGER), WAITING),
        configuration=Configuration(processes=(process,)),
    )
    assert found("controller_pinned", observed).verdict is Verdict.REFUTED


def test_a_long_tail_right_after_a_start_is_no_slow_database() -> None:
    told = metrics(spread(ETCD, 900, 0.004, 1.2, operation="get"))
    assert found("etcd_slow", only(metrics=told)).verdict is not Verdict.SUPPORTED


def test_restarts_of_servers_that_are_told_apart_by_time_alone_decide_nothing() -> None:
    unnamed = replace(instance(started_s=500, restarts=3), server="#5")
    assert found("restart_loop", only(metrics=metrics(unnamed))).verdict is Verdict.UNDECIDED


def test_another_container_in_a_crash_loop_is_not_the_api_server() -> None:
    told = logs(group("crash_loop", 18, component="kubelet", subject="controller"))
    assert found("restart_loop", only(logs=told)).verdict is not Verdict.SUPPORTED
