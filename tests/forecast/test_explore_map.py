"""States and edges of single points, and the map drawn of them."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from snowpit.cli.map import command
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.errors import ScenarioError
from snowpit.forecast.closed import closed_form
from snowpit.forecast.explore import kicks, questions
from snowpit.forecast.explore.axes import parse
from snowpit.forecast.explore.gathered import Exploration, state_of
from snowpit.forecast.explore.run import Point
from snowpit.observe.outcome import outcome
from snowpit.report.explore import map as maps
from snowpit.report.explore import words
from snowpit.simulate import simulate
from snowpit.store import Tables, literal
from snowpit.workflow.explore import ranged

LONG_S = 5400.0


def incident(*more: str, tokens: int = 100, clients: int = 1400) -> Scenario:
    settings = (f"clients.apps.tokens.count={tokens}", f"clients.apps.count={clients}")
    return load("incident-1.12", overrides=[*settings, *more])


@pytest.mark.parametrize(
    ("scenario", "state", "by"),
    [
        (incident(clients=400), "healthy", "simulation"),
        (incident(clients=1100), "vulnerable", "simulation"),
        (incident(clients=1400), "self-sustaining", "simulation"),
        (incident(tokens=700, clients=4000), "overloaded", "closed form"),
        (load("incident-1.12", overrides=["version=1.17.0"]), "healthy", "closed form"),
    ],
)
def test_the_state_of_a_point(scenario: Scenario, state: str, by: str) -> None:
    found = questions.state(scenario, 1)
    assert (found["state"], found["by"]) == (state, by)


@pytest.mark.parametrize("limit", [200, 1000])
def test_a_trial_that_ends_early_says_what_a_long_one_says(limit: int) -> None:
    scenario = kicks.own(
        incident(f"max_mutating_requests_inflight={limit}")
    )  # at 200 it takes 16 minutes to recover
    early = kicks.tried(scenario, 2)
    long = simulate(replace(scenario, horizon_s=LONG_S), seed=2)
    assert early.run.ended_s < 0.5 * LONG_S
    assert early.outcome.verdict == outcome(long, horizon_s=LONG_S).verdict


def test_the_edge_lies_between_a_kick_that_heals_and_one_that_tips() -> None:
    scenario = incident(clients=2400)
    size = questions.edge(scenario, 1)
    assert not kicks.tried(kicks.kicked(scenario, round(0.8 * size)), 1).fails
    assert kicks.tried(kicks.kicked(scenario, round(1.25 * size)), 1).fails


def test_without_a_bad_state_there_is_no_edge() -> None:
    scenario = incident(clients=400)
    assert questions.edge(scenario, 1) == float("inf")
    assert questions.state_and_edge(scenario, 1)["critical_lookups"] is None


@pytest.mark.parametrize("clients", [150, 250])
def test_where_closed_forms_alone_say_healthy_a_deep_start_heals(clients: int) -> None:
    scenario = incident("kubelets.count=100", clients=clients)
    closed = closed_form(scenario)
    assert closed.peak_demand <= questions.CLEARLY * closed.rate
    assert not kicks.tried(kicks.kicked(scenario, kicks.deep(scenario)), 1).fails


def test_where_closed_forms_alone_say_overloaded_it_fails_without_a_trigger() -> None:
    scenario = replace(incident(tokens=400, clients=4000), events=())
    closed = closed_form(scenario)
    assert questions.CLEARLY_OVER <= closed.healthy_demand / closed.rate < 1.5
    assert kicks.tried(scenario, 1).outcome.verdict == "overloaded"


def made_up(states: list[list[str]], edges: list[list[float | None]]) -> Exploration:
    scenario = load("incident-1.12")
    across, up = parse("tokens=10:30:3", scenario), parse("clients=100:1000:2", scenario)
    points = tuple(
        Point(((across.key, x), (up.key, y)), 1, {"state": states[j][i], "critical_lookups": edges[j][i]})
        for i, x in enumerate(across.values)
        for j, y in enumerate(up.values)
    )
    return Exploration(scenario=scenario, axes=(across, up), seeds=(1,), points=points)


STATES = [["healthy", "healthy", "vulnerable"], ["vulnerable", "self-sustaining", "overloaded"]]
EDGES: list[list[float | None]] = [[None, 900.0, 400.0], [500.0, 80.0, 5.0]]
NONE: list[list[float | None]] = [[None] * 3] * 2


def test_the_grid_of_letters_has_the_first_axis_across_and_the_second_upwards() -> None:
    lines = words.grid(made_up(STATES, EDGES)).splitlines()
    assert lines[1:3] == ["1000 vSX", " 100 ..v"]


def test_of_seeds_that_differ_the_most_frequent_state_counts_and_of_equals_the_worst() -> None:
    healthy, tipped = {"state": "healthy"}, {"state": "self-sustaining"}
    assert state_of([healthy, healthy, tipped]) == "healthy"
    assert state_of([healthy, tipped]) == "self-sustaining"


def test_the_same_map_gives_the_same_bytes_and_contours_only_where_there_are_edges() -> None:
    once, again = maps.stability(made_up(STATES, EDGES)), maps.stability(made_up(STATES, EDGES))
    assert once == again
    assert once.png.startswith(b"\x89PNG")
    without = maps.stability(made_up(STATES, NONE))
    assert len(without.svg) < len(once.svg)


def test_a_map_needs_numbers_on_both_axes() -> None:
    with pytest.raises(ScenarioError, match="stand on no axis"):
        ranged((parse("version=1.12.4,1.17.0", load("incident-1.12")),))


def test_the_command_leaves_picture_data_and_page(tmp_path: Path) -> None:
    arguments = ["incident-1.12", "--x", "tokens=20:100:2", "--y", "clients=200:400:2", "--seeds", "1"]
    small = ["--set", "kubelets.count=100", "--out", str(tmp_path)]
    result = CliRunner().invoke(command, [*arguments, *small], standalone_mode=False)
    assert result.return_value == 0
    assert "4 points: 100 % healthy" in " ".join(result.output.split())
    assert {path.name for path in tmp_path.iterdir()} == {
        "map.svg",
        "map.png",
        "points.parquet",
        "index.html",
        "journal.jsonl",
    }
    with Tables() as tables:
        columns = '"clients.apps.tokens.count", "clients.apps.count", seed, state'
        path = literal(tmp_path / "points.parquet")
        rows = tables.run(f"SELECT {columns} FROM read_parquet({path}) ORDER BY ALL")
    assert rows[0] == (20.0, 200.0, 1, "healthy")
    assert len(rows) == 4
