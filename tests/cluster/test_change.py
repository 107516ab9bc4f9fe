"""One parameter changed at a time, at the start or while a simulation runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.cluster.change import PARAMETERS, apply
from snowpit.cluster.scenario_file import load
from snowpit.errors import ScenarioError

BASE = load("incident-1.12")


def test_a_change_leaves_the_scenario_before_as_it_was() -> None:
    after = apply(BASE, "max_mutating_requests_inflight", 400)
    assert BASE.plane.limit("mutating") == 1000
    assert after.plane.limit("mutating") == 400


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scrapers.metrics-server.credential", "certificate"),
        ("scrapers.metrics-server.tokens.credential", "certificate"),
    ],
)
def test_a_scraper_changes_its_credential(key: str, value: str) -> None:
    assert apply(BASE, key, value).scrapers[0].tokens.credential == value


def test_heartbeats_are_as_many_as_kubelets() -> None:
    after = apply(BASE, "kubelets.count", 5000)
    assert (after.kubelets.count, after.clients[0].count) == (5000, 5000)


def test_an_upgrade_brings_levels_and_keeps_kubelets() -> None:
    after = apply(BASE, "version", "1.22.0")
    assert [level.name for level in after.levels][:2] == ["exempt", "system"]
    assert after.kubelets == BASE.kubelets
    assert apply(after, "priority_and_fairness", value=False).levels == ()
    assert apply(after, "version", "1.12.4").levels == ()


def test_levels_of_the_scenario_survive_other_changes() -> None:
    fair = apply(apply(BASE, "version", "1.22.0"), "levels.system.shares", 60)
    assert apply(fair, "loopback_qps", 50).levels == fair.levels


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_can_be_set_to_what_it_is(name: str) -> None:
    after = apply(BASE, name, BASE.plane.values[name].value, source="flag")
    assert after.plane.number(name) == BASE.plane.number(name)
    assert after.plane.values[name].source == "flag"


KEYS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *PARAMETERS,
            "servers",
            "horizon",
            "bin",
            "version",
            "kubelets.count",
            "kubelets.retry",
            "clients.apps",
            "clients.apps.tokens",
            "clients.apps.think",
            "clients.apps.think.law",
            "clients.apps.reviewed",
            "clients.apps.retry.on",
            "clients.apps.operation",
            "clients.apps.name",
            "clients.apps.name.x",
            "levels.system.shares",
            "switches.limiter_order",
            "parameters.x",
        ]
    ),
)
VALUES = st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans())


def outcome(key: str, value: bool | float | str) -> str:  # noqa: FBT001 - any value of a scenario
    try:
        apply(BASE, key, value)
    except ScenarioError as error:
        return error.message
    return "changed"


@given(KEYS, VALUES)
def test_any_key_and_value_change_the_scenario_or_are_refused(key: str, value: bool | float | str) -> None:  # noqa: FBT001
    assert outcome(key, value).isprintable()
