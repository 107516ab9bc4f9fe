import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario_file import load
from snowpit.errors import ScenarioError
from snowpit.mechanism.limiter_laws import seats_limit


def test_a_tenth_of_the_incident_keeps_its_ratios() -> None:
    whole, tenth = load("incident-1.12"), scaled(load("incident-1.12"), 0.1)
    assert tenth.kubelets.count == 100
    assert {one.name: one.count for one in tenth.clients}["apps"] == 140
    assert tenth.clients[0].tokens.credential == whole.clients[0].tokens.credential
    for name, expected in (
        ("loopback_qps", 5.0),
        ("loopback_burst", 10),
        ("max_mutating_requests_inflight", 100),
    ):
        assert tenth.plane.number(name) == expected
    assert tenth.events[0].settings["requests"] == 80
    edges = [
        one.plane.limit("mutating") / seats_limit(float(one.plane.number("loopback_qps") or 0), 30.0)
        for one in (whole, tenth)
    ]
    assert edges[0] == pytest.approx(edges[1])


def test_times_and_what_is_unlimited_stay() -> None:
    whole, half = load("healthy-1.17"), scaled(load("healthy-1.17"), 0.5)
    assert half.plane.number("loopback_qps") == whole.plane.number("loopback_qps") == -1
    assert half.horizon_s == whole.horizon_s
    assert [one.think for one in half.clients] == [one.think for one in whole.clients]


def test_an_event_that_raises_the_limit_scales_with_it() -> None:
    event = next(one for one in scaled(load("incident-1.12-raised-limit"), 0.1).events if one.action == "set")
    before = next(one for one in load("incident-1.12-raised-limit").events if one.action == "set")
    assert float(event.settings["value"]) * 10 == before.settings["value"]


@given(st.floats(0.01, 20))
@settings(max_examples=30)
def test_nobody_who_was_there_vanishes(factor: float) -> None:
    before, after = load("fleet-1.12"), scaled(load("fleet-1.12"), factor)
    for old, new in zip(before.clients, after.clients, strict=True):
        assert (old.count > 0) == (new.count > 0)
        assert abs(new.count - old.count * factor) <= 1


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_factor_that_means_nothing_is_refused(factor: float) -> None:
    with pytest.raises(ScenarioError, match="cannot be scaled"):
        scaled(load("incident-1.12"), factor)


def test_a_rate_need_not_stay_whole() -> None:
    assert scaled(load("incident-1.12"), 0.05).plane.number("loopback_qps") == 2.5
