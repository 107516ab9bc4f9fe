"""Branches over one parameter, demand against capacity, courses around the edge."""

from pathlib import Path

from click.testing import CliRunner

from snowpit.cli.hysteresis import command
from snowpit.cluster.scenario_file import load
from snowpit.forecast.closed import closed_form
from snowpit.forecast.explore.courses import Course, portrait
from snowpit.forecast.explore.gathered import Exploration
from snowpit.forecast.explore.questions import branches
from snowpit.report.explore import branches as figures
from snowpit.report.explore import words
from snowpit.workflow.explore import Varied, explored

SEED = 1


def small(clients: str) -> Exploration:
    varied = Varied("incident-1.12", ("kubelets.count=100",))
    return explored(varied, varied.axes((f"clients={clients}",)), question="branches", seeds=(SEED,))


def test_with_many_clients_there_are_two_states_and_an_edge_between_them() -> None:
    found = branches(load("incident-1.12", overrides=["clients.apps.count=2400"]), SEED)
    assert (found["healthy_fails"], found["kicked_fails"]) == (0.0, 1.0)
    assert float(found["healthy_backlog"] or 0.0) < 50.0 < float(found["kicked_backlog"] or 0.0)
    assert 50.0 < float(found["critical_lookups"] or 0.0) < 400.0
    assert float(found["healthy_goodput_per_s"] or 0.0) > 2.0 * float(found["kicked_goodput_per_s"] or 0.0)


def test_with_few_clients_both_branches_are_one() -> None:
    found = small("200,300")
    assert all(
        answer["critical_lookups"] is None for answers in found.by_place.values() for answer in answers
    )
    assert "at no value" in words.hysteresis_answer(found)
    drawing = figures.hysteresis(found)
    assert drawing == figures.hysteresis(found)
    assert drawing.png.startswith(b"\x89PNG")


def test_figures_name_what_is_hostile_without_letting_it_be_markup() -> None:
    name = "<script>$\\frac{1}{2}$"
    closed = closed_form(load("incident-1.12"))
    courses = (Course(100, fails=False, backlog=(100.0, 10.0, 0.0), fresh=(90.0, 50.0, 95.0)),)
    for drawing in (figures.demand(closed, name), figures.portrait(courses, name)):
        assert b"<script>" not in drawing.svg


def test_courses_begin_with_their_kick() -> None:
    scenario = load("incident-1.12", overrides=["clients.apps.count=200", "kubelets.count=100"])
    (course,) = portrait(scenario, SEED, edge=None)
    assert not course.fails
    assert course.backlog[0] > 0.5 * course.kick
    assert course.backlog[-1] == 0.0
    assert len(course.backlog) == len(course.fresh)


def test_the_command_leaves_three_pictures(tmp_path: Path) -> None:
    arguments = ["incident-1.12", "--over", "clients=200:300:2", "--seeds", "1", "--out", str(tmp_path)]
    arguments += ["--set", "clients.apps.count=200", "--set", "kubelets.count=100"]
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert result.return_value == 0
    assert {path.stem for path in tmp_path.glob("*.svg")} == {"hysteresis", "demand", "portrait"}
    assert (tmp_path / "index.html").read_text().count("data:image/svg+xml;base64,") == 3
