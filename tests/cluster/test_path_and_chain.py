"""The path of a request, and what each credential costs on it."""

import pytest

from snowpit.cluster.authenticators import Price, chain, price
from snowpit.cluster.change import set_parameter
from snowpit.cluster.control_plane import simulated
from snowpit.cluster.request_path import stages
from snowpit.cluster.workload import CREDENTIALS
from snowpit.knowledge.version import Version

VERSIONS = ("1.8.0", "1.12.4", "1.13.12", "1.14.0", "1.18.0", "1.20.0", "1.22.0", "1.34.0")
CACHED = ("static_token", "bootstrap_token", "oidc_token", "webhook_token")
UNCACHED = ("certificate", "masters", "front_proxy", "anonymous")


@pytest.mark.parametrize("version", VERSIONS)
def test_authentication_comes_before_any_seat(version: str) -> None:
    path = stages(simulated(Version.parse(version)))
    names = [stage.name for stage in path]
    seat = next(i for i, stage in enumerate(path) if stage.holds_seat)
    assert names.index("timeout") < names.index("authentication") < names.index("audit") < seat
    assert names[seat + 1 :] == ["authorization", "handler"]


@pytest.mark.parametrize(
    ("version", "clock", "gate"),
    [
        ("1.12.4", "audit", "in_flight"),
        ("1.19.16", "audit", "in_flight"),
        ("1.20.0", "request_received", "priority_and_fairness"),
    ],
)
def test_clock_and_gate_change_with_1_20(version: str, clock: str, gate: str) -> None:
    path = stages(simulated(Version.parse(version)))
    assert [stage.name for stage in path if stage.audit_clock] == [clock]
    assert [stage.name for stage in path if stage.holds_seat] == [gate]


@pytest.mark.parametrize("version", VERSIONS)
def test_limits_of_stages_are_parameters(version: str) -> None:
    plane = simulated(Version.parse(version))
    assert all(stage.limit in plane.values for stage in stages(plane) if stage.limit)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_credential_has_one_place_in_the_chain(version: str) -> None:
    found = [
        credential for link in chain(simulated(Version.parse(version))) for credential in link.credentials
    ]
    gone = {"basic"} if Version.parse(version).at_least("1.19.0") else set()
    assert sorted(found) == sorted(set(CREDENTIALS) - gone)


@pytest.mark.parametrize(
    ("version", "synced", "legacy", "bound"),
    [
        ("1.12.4", True, 2, 2),
        ("1.13.12", True, 2, 2),
        ("1.14.0", True, 0, 0),
        ("1.14.0", False, 2, 2),
        ("1.34.0", True, 0, 0),
    ],
)
def test_service_account_tokens_are_read_live_until_the_informer_answers(
    version: str, *, synced: bool, legacy: int, bound: int
) -> None:
    plane = simulated(Version.parse(version))
    assert price(plane, "legacy_token", synced=synced) == Price(
        legacy, accepted=True, cached=True, seconds=0.0
    )
    assert price(plane, "bound_token", synced=synced) == Price(bound, accepted=True, cached=True, seconds=0.0)


@pytest.mark.parametrize("version", VERSIONS)
def test_tokens_that_are_refused_are_never_kept(version: str) -> None:
    plane = simulated(Version.parse(version))
    assert price(plane, "deleted_token") == Price(1, accepted=False, cached=False, seconds=0.0)
    assert price(plane, "garbage_token") == Price(0, accepted=False, cached=False, seconds=0.0)


def test_without_service_account_lookup_legacy_tokens_cost_nothing_and_bound_ones_still_do() -> None:
    plane = set_parameter(
        simulated(Version(1, 12)), "service-account-lookup", raw="false", source="flag", place="test"
    )
    assert price(plane, "legacy_token").lookups == 0
    assert price(plane, "bound_token").lookups == 2
    assert price(plane, "deleted_token") == Price(0, accepted=True, cached=True, seconds=0.0)


@pytest.mark.parametrize("credential", [*CACHED, *UNCACHED])
def test_all_other_credentials_need_no_look_up(credential: str) -> None:
    found = price(simulated(Version(1, 12)), credential)
    assert (found.lookups, found.accepted, found.cached) == (0, True, credential in CACHED)


def test_basic_auth_is_refused_where_it_is_gone() -> None:
    assert [price(simulated(Version(1, minor)), "basic").accepted for minor in (18, 19)] == [True, False]
