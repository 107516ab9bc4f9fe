"""Axes as they are written, and what they do to a scenario."""

import pytest

from snowpit.cluster.scenario_file import load
from snowpit.errors import ScenarioError
from snowpit.forecast.explore.axes import parse, points
from snowpit.workflow.explore import Varied

INCIDENT = load("incident-1.12")


def test_a_range_of_counts_is_whole() -> None:
    axis = parse("tokens=10:400:20", INCIDENT)
    assert axis.key == "clients.apps.tokens.count"
    assert axis.values[:3] == ("10", "31", "51")
    assert axis.values[-1] == "400"
    assert axis.numbers[1] == 31.0
    assert axis.ranged


def test_large_counts_are_whole_too() -> None:
    axis = parse("clients=200:4000:7", INCIDENT)
    assert axis.values == ("200", "833", "1467", "2100", "2733", "3367", "4000")


def test_counts_that_round_to_the_same_are_one_value() -> None:
    assert parse("tokens=1:3:9", INCIDENT).values == ("1", "2", "3")


def test_a_logarithmic_range_has_equal_ratios_and_keeps_its_unit() -> None:
    axis = parse("think=1s:100s:3:log", INCIDENT)
    assert axis.values == ("1s", "10s", "100s")
    assert axis.numbers == (1.0, 10.0, 100.0)
    assert axis.log


def test_a_list_of_words_stands_at_whole_numbers() -> None:
    axis = parse("version=1.12.4,1.17.0", INCIDENT)
    assert axis.values == ("1.12.4", "1.17.0")
    assert axis.numbers == (0.0, 1.0)
    assert not axis.ranged


def test_a_list_of_numbers_stands_at_them() -> None:
    assert parse("limit=200,1000,3000", INCIDENT).numbers == (200.0, 1000.0, 3000.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tokens", "key=values"),
        ("tokens=10:400", "low:high:number"),
        ("tokens=400:10:5", "upwards"),
        ("tokens=0:10:5:log", "above 0"),
        ("tokens=10:400:1", "2 to 1000"),
        ("tokens=10:400:2000", "2 to 1000"),
        ("tokens=10,10", "that differ"),
        ("tokns=10:400:5", "not known"),
        ("clients.nobody.count=1:5:2", "not known"),
        ("think=-5s:10s:3", "duration"),
        ("\x1b[31m=1:5:2", "not known"),
    ],
)
def test_what_is_no_axis_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as raised:
        parse(text, INCIDENT)
    assert "\x1b" not in raised.value.message


def test_a_short_name_needs_a_population_with_service_account_tokens() -> None:
    with pytest.raises(ScenarioError, match="no clients with ServiceAccount tokens"):
        parse("tokens=10:400:5", load("real-apiserver-cold"))


def test_points_are_all_combinations_and_no_axis_comes_twice() -> None:
    axes = (parse("tokens=10,20", INCIDENT), parse("limit=200,1000", INCIDENT))
    assert len(points(axes)) == 4
    with pytest.raises(ScenarioError, match="given twice"):
        points((axes[0], axes[0]))


def test_too_many_points_are_refused() -> None:
    many = [parse(f"{name}=1:1000:1000", INCIDENT) for name in ("tokens", "clients")]
    with pytest.raises(ScenarioError, match="more than 100,000"):
        points(tuple(many))


def test_a_point_is_the_scenario_with_its_settings() -> None:
    varied = Varied("incident-1.12", ("kubelets.count=300",))
    found = varied.at((("clients.apps.tokens.count", "7"), ("clients.apps.think.mean", "5s")))
    apps = next(who for who in found.clients if who.name == "apps")
    assert (apps.tokens.count, apps.tokens.credential, apps.think.mean_s) == (7, "legacy_token", 5.0)
    assert apps.think.law == "exponential"
    assert found.kubelets.count == 300


def test_a_version_on_an_axis_is_the_version_of_set() -> None:
    found = Varied("incident-1.12").at((("version", "1.17.0"),))
    assert found == load("incident-1.12", overrides=["version=1.17.0"])


def test_a_published_model_cannot_be_explored() -> None:
    with pytest.raises(ScenarioError, match="published model"):
        Varied("orbit-6.0")
