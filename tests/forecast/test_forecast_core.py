"""The whole forecast of the incident at a tenth of its size, and of clusters that are well."""

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files

import jsonschema
import pytest

from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario_file import load
from snowpit.errors import ScenarioError
from snowpit.forecast.closed import closed_form
from snowpit.forecast.core import forecast
from snowpit.forecast.starts import deep, kicked
from snowpit.forecast.trials import trials, well
from snowpit.forecast.triggers import with_trigger
from snowpit.forecast.verdict import Ask, verdict
from snowpit.model.forecast import Calibration, Forecast, Present, Remedy, State
from snowpit.report import forecast_html, forecast_json, text
from snowpit.report.forecast import answer, build, exit_code

SCHEMA = json.loads((files("snowpit") / "report/schema/forecast-v1.json").read_text("utf-8"))
SMALL = scaled(load("incident-1.12"), 0.1)


@cache
def whole() -> Forecast:
    """The forecast from now, with two seeds."""
    return forecast(Ask(SMALL, seeds=(1, 2)))


def of(name: str) -> Remedy:
    return next(one for one in whole().remedies if one.id == name)


def test_the_incident_sustains_itself() -> None:
    found = whole()
    assert found.state is State.SELF_SUSTAINING
    assert found.recovery is not None
    assert found.recovery.heals.hits == 0
    assert found.recovery.after_s is None
    assert exit_code(found) == 1


@pytest.mark.parametrize("name", ["scraper_certificate", "scraper_static_token"])
def test_another_credential_of_the_scraper_is_an_immediate_remedy(name: str) -> None:
    remedy = of(name)
    assert remedy.works
    assert remedy.when == "immediate"
    assert remedy.recovers.value == 1.0
    assert remedy.recovery_s is not None
    assert 60.0 < remedy.recovery_s.median < 1800.0


@pytest.mark.parametrize("name", ["nothing", "restart", "raise_mutating_limit"])
def test_what_the_operators_tried_does_not_help(name: str) -> None:
    assert not of(name).works
    assert of(name).recovers.value == 0.0


@pytest.mark.parametrize("name", ["upgrade_1_14", "upgrade_1_17", "upgrade_1_18"])
def test_later_releases_are_lasting_remedies_and_prevent_it(name: str) -> None:
    remedy = of(name)
    assert remedy.works
    assert remedy.when == "lasting"
    assert remedy.prevents is not None
    assert remedy.prevents.value == 1.0


def test_what_works_is_ranked_before_what_does_not() -> None:
    works = [one.works for one in whole().remedies]
    assert works == sorted(works, reverse=True)
    assert whole().remedies[0].id == "scraper_certificate"


def test_the_plan_goes_from_harm_to_cause_to_load() -> None:
    remedies = [step.remedy for step in whole().plan]
    assert remedies[:2] == ["", "scraper_certificate"]
    assert "Do not raise the in-flight limit." in whole().plan[0].how
    assert any(name.startswith("upgrade") for name in remedies)
    assert all(step.how and step.watch for step in whole().plan)


def test_the_critical_reconnects_are_above_the_closed_form_and_tip_it() -> None:
    edge = next(one for one in whole().critical if one.kind == "reconnects")
    assert edge.closed_form is not None
    assert edge.simulated is not None
    assert edge.closed_form <= edge.simulated.low <= edge.simulated.median <= edge.simulated.high
    above, below = (
        kicked(SMALL, "reconnects", int(size)) for size in (2 * edge.simulated.high, edge.simulated.low / 4)
    )
    tipped, calm = trials([above, below], (1, 2), what="")
    assert well(tipped).hits == 0
    assert well(calm).hits == 2


def test_headroom_is_told_nearest_first() -> None:
    ratios = [
        max(one.edge / one.value, one.value / one.edge) for one in whole().headroom if one.edge is not None
    ]
    assert ratios == sorted(ratios)
    assert {"clients.apps.count", "kubelets.count", "servers"} <= {one.key for one in whole().headroom}


def test_the_machine_reads_the_same() -> None:
    document = json.loads(forecast_json.render(whole()))
    jsonschema.validate(document, SCHEMA)
    assert document["state"] == "self-sustaining"
    assert document["remedies"][0]["id"] == "scraper_certificate"
    assert document["remedies"][0]["recovers"] == 1.0


def test_the_page_says_it_all() -> None:
    page = text.render(build(whole()), text.Style(width=100))
    for words in (
        "STATE",
        "RECOVERY",
        "Never by itself",
        "HEADROOM",
        "REMEDIES",
        "PLAN",
        "scraper_certificate",
    ):
        assert words in page


def test_hostile_names_cannot_become_markup() -> None:
    page = forecast_html.render(replace(whole(), name="<script>alert(1)</script>\x1b[31m"))
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_from_a_healthy_start_it_is_vulnerable() -> None:
    found = verdict(Ask(SMALL, start="healthy"))
    assert found.state is State.VULNERABLE
    assert found.recovery is None
    assert found.remedies == ()


def test_what_heals_is_healthy_and_needs_no_remedy() -> None:
    found = forecast(Ask(scaled(load("healthy-1.17"), 0.1), seeds=(1, 2)))
    assert found.state is State.HEALTHY
    assert found.remedies == ()
    assert exit_code(found) == 0
    jsonschema.validate(json.loads(forecast_json.render(found)), SCHEMA)


def test_an_overload_without_trigger_is_none_that_feeds_itself() -> None:
    small = scaled(load("fleet-1.12"), 0.05)
    assert verdict(Ask(small, start="healthy")).state is State.OVERLOADED
    assert trials([deep(small, closed_form(small))], (1,), what="")[0][0].well is False


def test_the_backlog_of_evidence_is_the_present_state() -> None:
    quiet = scaled(load("incident-1.12-no-burst"), 0.1)
    told = Calibration(estimates=(), present=Present(backlog=2000.0, failing=True))
    assert verdict(Ask(quiet, calibration=told)).state is State.SELF_SUSTAINING
    assert verdict(Ask(quiet)).state is State.VULNERABLE


@pytest.mark.parametrize(
    ("words", "actions"),
    [
        ("reconnects=100", {"restart", "burst", "set"}),
        ("backlog=500", {"backlog"}),
        ("slow_lookups=30", {"slow_etcd"}),
        ("restart spread=2s", {"restart"}),
        ("burst clients=pods requests=80", {"burst"}),
    ],
)
def test_a_trigger_takes_the_place_of_the_events(words: str, actions: set[str]) -> None:
    found = with_trigger(SMALL, words)
    assert {event.action for event in found.events} == actions
    assert any(event.trigger for event in found.events)


@pytest.mark.parametrize(
    "words", ["", "reconnects=", "reconnects=-5", "backlog=1e9", "explode", "restart spread", "lose server=7"]
)
def test_other_triggers_are_refused(words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_trigger(SMALL, words)
    assert caught.value.hint


def test_no_text_is_left_open() -> None:
    found = verdict(Ask(SMALL))
    assert "{" not in answer(found)
    assert all(
        "{" not in words for one in whole().remedies for words in (one.title, one.side_effects, *one.steps)
    )


@pytest.mark.parametrize(("failing", "said"), [(True, True), (False, False)])
def test_evidence_that_fails_for_another_reason_is_not_called_well(failing: bool, said: bool) -> None:  # noqa: FBT001
    told = Calibration(estimates=(), present=Present(failing=failing))
    found = verdict(Ask(load("healthy-1.17"), calibration=told))
    assert found.state is State.HEALTHY
    assert ("snowpit diagnose" in text.render(build(found), text.Style(width=100))) is said
    assert any("snowpit diagnose" in words for words in forecast_json.document(found)["remarks"]) is said
