"""Every preset that ships can be read, says what it shows, and justifies its numbers."""

import pytest

from snowpit.cluster.scenario_file import load, parse, presets, source_text
from snowpit.errors import ScenarioError

NAMES = tuple(name for name, _ in presets())
ASKED = (
    "incident-1.12",
    *(
        f"incident-1.12-{end}"
        for end in (
            "restart",
            "raised-limit",
            "lowered-limit",
            "certificate",
            "static-token",
            "upgrade-1.14",
            "upgrade-1.17",
            "no-burst",
        )
    ),
    *(f"healthy-{version}" for version in ("1.12", "1.13.12", "1.14", "1.17", "1.18", "1.22", "1.34")),
    "single-token-1.12",
    "fleet-1.12",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_can_be_read(name: str) -> None:
    scenario = load(name)
    assert scenario.name == name
    assert scenario.title


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_where_its_numbers_come_from(name: str) -> None:
    text = source_text(name)
    assert text.startswith("#") or "Source: " in load(name).summary


def test_all_presets_of_the_incident_ship() -> None:
    assert set(ASKED) <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in ASKED if name.startswith("incident-1.12-")])
def test_an_intervention_adds_one_event_to_the_incident(name: str) -> None:
    before, after = load("incident-1.12"), load(name)
    if name == "incident-1.12-no-burst":
        assert after.events == ()
        return
    assert after.events[:-1] == before.events
    assert after.events[-1].at_s > before.events[-1].at_s
    assert not after.events[-1].trigger
    assert (after.clients, after.scrapers, after.kubelets) == (
        before.clients,
        before.scrapers,
        before.kubelets,
    )
    assert after.plane.limit("mutating") == before.plane.limit("mutating")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("healthy-")])
def test_a_healthy_cluster_has_no_events_and_its_own_version(name: str) -> None:
    scenario = load(name)
    assert scenario.events == ()
    assert scenario.plane.version
    assert str(scenario.plane.version).startswith(name.removeprefix("healthy-"))
    assert scenario.plane.limit("mutating") == 200


def test_each_server_of_the_fleet_sees_what_one_server_of_the_incident_sees() -> None:
    one, five = load("incident-1.12"), load("fleet-1.12")
    assert five.servers == 5
    assert five.kubelets.count == 5 * one.kubelets.count
    for mine, theirs in zip(one.clients, five.clients, strict=True):
        assert theirs.count == 5 * mine.count
    assert five.clients[1].tokens.count % five.servers == 0


def test_a_name_that_is_no_preset_gets_the_nearest_one_as_hint() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("incident-1.21")
    assert "incident-1.12" in caught.value.hint
    with pytest.raises(ScenarioError):
        source_text("no-such-preset")


def test_a_file_that_extends_a_preset_may_stand_anywhere() -> None:
    scenario = parse(b'extends = "incident-1.12"\nservers = 2\n', place="mine.toml")
    assert (scenario.servers, len(scenario.events)) == (2, 1)
