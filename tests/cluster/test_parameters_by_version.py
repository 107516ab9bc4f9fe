"""The parameters of a control plane follow its version, patch level included."""

import pytest

from snowpit.cluster.by_version import heartbeats_of, kubelets_of, metrics_server_of
from snowpit.cluster.change import PARAMETERS
from snowpit.cluster.control_plane import Sourced, build, simulated, upgraded, with_values
from snowpit.cluster.workload import FOREVER, Scraper
from snowpit.errors import ScenarioError
from snowpit.knowledge.version import Version

ALL = (*(f"1.{minor}.0" for minor in range(8, 37)), "1.13.12", "1.14.8", "1.15.5", "1.16.1")


@pytest.mark.parametrize("version", ALL)
def test_every_parameter_of_a_simulation_is_known_with_its_source(version: str) -> None:
    plane = simulated(Version.parse(version))
    for name in PARAMETERS:
        assert plane.number(name) is not None, name
        assert plane.values[name].reference


@pytest.mark.parametrize(
    ("name", "before", "first", "values"),
    [
        ("loopback_qps", "1.13.11", "1.13.12", (50, -1)),
        ("loopback_qps", "1.13.12", "1.14.0", (-1, 50)),
        ("loopback_qps", "1.14.7", "1.14.8", (50, -1)),
        ("loopback_qps", "1.15.4", "1.15.5", (50, -1)),
        ("loopback_qps", "1.16.0", "1.16.1", (50, -1)),
        ("informer_first", "1.13.12", "1.14.0", (0, 1)),
        ("handler_timeout_s", "1.16.15", "1.17.0", (30, 34)),
        ("token_cache_entries", "1.16.15", "1.17.0", (4096, -1)),
        ("token_cache_coalesces", "1.17.17", "1.18.0", (0, 1)),
        ("lookup_limit_s", "1.17.17", "1.18.0", (-1, 30)),
        ("basic_auth_file", "1.18.20", "1.19.0", (1, 0)),
        ("priority_and_fairness", "1.19.16", "1.20.0", (0, 1)),
        ("audit_clock_includes_authentication", "1.19.16", "1.20.0", (0, 1)),
        ("disconnect_frees_seat", "1.20.15", "1.21.0", (0, 1)),
        ("seats_per_list", "1.21.14", "1.22.0", (0, 1)),
        ("borrowing", "1.25.16", "1.26.0", (0, 1)),
        ("retry_after_adaptive", "1.27.16", "1.28.0", (0, 1)),
    ],
)
def test_a_parameter_changes_with_its_release(
    name: str, before: str, first: str, values: tuple[float, float]
) -> None:
    found = [simulated(Version.parse(version)).number(name) for version in (before, first)]
    assert tuple(found) == values


@pytest.mark.parametrize("version", ALL)
def test_some_parameters_never_changed(version: str) -> None:
    plane = simulated(Version.parse(version))
    fixed = {
        "max_mutating_requests_inflight": 200,
        "max_requests_inflight": 400,
        "token_cache_success_ttl_s": 10,
        "token_cache_failure_ttl_s": 0,
        "request_timeout_s": 60,
        "retry_after_s": 1,
        "lookups_legacy_live": 2,
        "lookups_bound_live": 2,
    }
    assert {name: plane.number(name) for name in fixed} == fixed


@pytest.mark.parametrize(
    ("version", "keeps_errors", "coalesces", "bound_s", "inner_tries", "qps", "burst"),
    [
        ("1.12.4", True, False, FOREVER, 10, 5, 10),
        ("1.13.12", True, False, FOREVER, 10, 5, 10),
        ("1.14.0", False, False, FOREVER, 10, 5, 10),
        ("1.17.17", False, False, FOREVER, 10, 5, 10),
        ("1.18.0", False, True, 30, 10, 5, 10),
        ("1.20.0", False, True, 30, 11, 5, 10),
        ("1.26.15", False, True, 30, 11, 5, 10),
        ("1.27.0", False, True, 30, 11, 50, 100),
    ],
)
def test_kubelets_follow_their_version(
    version: str,
    *,
    keeps_errors: bool,
    coalesces: bool,
    bound_s: float,
    inner_tries: int,
    qps: float,
    burst: float,
) -> None:
    found = kubelets_of(Version.parse(version))
    assert (found.keeps_errors, found.coalesces, found.retry.bound_s) == (keeps_errors, coalesces, bound_s)
    assert (found.retry.inner_tries, found.qps, found.burst) == (inner_tries, qps, burst)
    assert (found.retry.steps, found.retry.base_s, found.retry.factor, found.retry.jitter) == (
        5,
        0.5,
        1.5,
        0.2,
    )
    assert (found.ok_ttl_s, found.failed_ttl_s, found.allowed_ttl_s) == (120, 120, 300)


def test_a_kubelet_does_not_retry_after_a_deadline_of_its_own() -> None:
    assert "abandoned" not in kubelets_of(Version(1, 12)).retry.on


def test_heartbeats_are_patches_of_the_status_before_leases() -> None:
    old, new = (heartbeats_of(Version.parse(version), 10) for version in ("1.13.12", "1.14.0"))
    assert (old.operation.verb, old.operation.resource, old.operation.subresource) == (
        "patch",
        "nodes",
        "status",
    )
    assert (new.operation.verb, new.operation.resource, new.operation.subresource) == ("update", "leases", "")
    assert old.operation.mutating
    assert new.operation.mutating


@pytest.mark.parametrize(
    ("release", "period_s", "timeout_s", "subresource"),
    [
        ("0.2.1", 60, 20, "stats"),
        ("v0.3.1", 60, 54, "stats"),
        ("0.4.0", 60, 54, "stats"),
        ("0.5.2", 15, 13.5, "stats"),
        ("0.6.4", 15, 13.5, "metrics"),
        ("0.7.0", 15, 10, "metrics"),
    ],
)
def test_metrics_server_scrapes_as_its_release_does(
    release: str, period_s: float, timeout_s: float, subresource: str
) -> None:
    found = metrics_server_of(release, Scraper(name="metrics-server"))
    assert (found.period_s, found.timeout_s, found.subresource) == (period_s, timeout_s, subresource)


def test_a_release_that_is_none_is_refused() -> None:
    with pytest.raises(ScenarioError):
        metrics_server_of("latest", Scraper(name="metrics-server"))


def test_the_wait_limit_of_queues_follows_the_request_timeout() -> None:
    told = {"request_timeout_s": Sourced(120, "s", "flag", "--set")}
    assert with_values(simulated(Version(1, 22)), told).number("queue_wait_limit_s") == 30
    assert with_values(simulated(Version(1, 12)), told).number("queue_wait_limit_s") == -1


def test_an_upgrade_changes_defaults_and_keeps_what_was_told() -> None:
    told = {"max_mutating_requests_inflight": Sourced(1000, "requests", "scenario", "file")}
    after = upgraded(with_values(simulated(Version(1, 12)), told), Version(1, 17, 0))
    assert after.number("loopback_qps") == -1
    assert after.number("max_mutating_requests_inflight") == 1000
    assert after.values["version"].value == "1.17.0"


def test_a_diagnosis_is_not_given_what_only_a_simulation_assumes() -> None:
    assert "informer_sync_s" not in build(version=Version(1, 12)).values
