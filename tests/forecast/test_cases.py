"""Published cases: every figure is predicted or says why not, and what is predicted can miss."""

import json
from pathlib import Path

import pytest

from snowpit import cli
from snowpit.forecast.cases import Judged, Judgement, compare
from snowpit.forecast.cases.client_limits import scan, sustained
from snowpit.forecast.cases.load import heartbeats, repeated
from snowpit.forecast.cases.predictions import PREDICTIONS, SIMULATION
from snowpit.knowledge.cases import Case, Published, cases

FIGURES = [(case, figure) for case in cases() for figure in case.figures]
MISSES = {
    "A5.after_40_s",
    "A7.first_scan",
    "A8.served_after",
    "A15.workload_high",
    "A15.global_default",
    "A15.catch_all",
}


@pytest.fixture(scope="module")
def quick() -> tuple[Judged, ...]:
    return compare(cases(), quick=True)


def verdicts(judged: tuple[Judged, ...]) -> dict[str, Judgement]:
    return {f"{one.case.id}.{item.figure.id}": item.judgement for one in judged for item in one.comparisons}


def test_the_sixteen_cases_are_there_in_order() -> None:
    assert [case.id for case in cases()] == [f"A{number}" for number in range(1, 17)]
    assert all(case.threads and case.figures for case in cases())


@pytest.mark.parametrize(("case", "figure"), FIGURES, ids=lambda one: one.id)
def test_every_figure_is_predicted_or_says_why_not(case: Case, figure: Published) -> None:
    predicted = f"{case.id}.{figure.id}" in PREDICTIONS
    assert predicted is not bool(figure.not_modelled)
    assert not predicted or figure.published is not None


def test_no_prediction_is_without_a_figure() -> None:
    assert set(PREDICTIONS) <= {f"{case.id}.{figure.id}" for case, figure in FIGURES}


def test_closed_forms_hit_and_miss_as_the_documents_say(quick: tuple[Judged, ...]) -> None:
    found = verdicts(quick)
    assert {name for name, judgement in found.items() if judgement is Judgement.MISS} == MISSES
    assert {name for name, judgement in found.items() if judgement is Judgement.LEFT_OUT} == {
        name for name, prediction in PREDICTIONS.items() if prediction.how == SIMULATION
    }


def test_every_miss_says_what_is_known_of_its_reason(quick: tuple[Judged, ...]) -> None:
    missed = [item for one in quick for item in one.comparisons if item.judgement is Judgement.MISS]
    assert all(item.figure.note for item in missed)


def test_a_scan_follows_the_bucket() -> None:
    assert scan(30.0, (5.0, 10.0), (5.0, 10.0)).median == 30.0
    assert scan(30.0, (5.0, 10.0), (50.0, 100.0)).median == pytest.approx(1.2)


def test_a_bucket_sustains_its_rate() -> None:
    assert sustained(20.0, 30.0).median == 20.0


def test_predictions_follow_from_what_is_given() -> None:
    assert repeated(100, 600, 50, 10).median == 1000
    assert heartbeats(6, 3).median == 2 * heartbeats(3, 3).median


def test_simulations_hit_and_miss_as_the_documents_say() -> None:
    chosen = tuple(case for case in cases() if case.id in ("A1", "A2", "A3", "A11"))
    found = verdicts(compare(chosen))
    simulated = {name: found[name] for name, one in PREDICTIONS.items() if one.how == SIMULATION}
    assert {name for name, judgement in simulated.items() if judgement is Judgement.MISS} == {
        "A1.throttle_lines"
    }
    assert set(simulated.values()) == {Judgement.HIT, Judgement.MISS}


def test_the_command_prints_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "cases", "a9", "--quick"]) == 0
    printed = capsys.readouterr().out
    assert "6,750" in printed
    assert "projectcalico/node#1200" in printed


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "cases", "A8", "A3", "--quick", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "snowpit.cases/v1"
    assert [case["id"] for case in document["cases"]] == ["A8", "A3"]
    assert document["cases"][0]["figures"][1]["verdict"] == "miss"


def test_a_case_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "cases", "B7"]) == 64
    assert "A1 to A16" in capsys.readouterr().err


def test_the_page_on_json_names_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["snowpit", "cases", "A9", "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    case = document["cases"][0]
    keys = {*document, *case, *case["figures"][0]}
    page = (
        (Path(__file__).parents[2] / "docs/reference/json.md")
        .read_text("utf-8")
        .partition("## Published cases")[2]
    )
    assert {key for key in keys if f"`{key}`" not in page} == set()
