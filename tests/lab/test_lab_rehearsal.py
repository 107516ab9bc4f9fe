"""The founding incident in the lab, on virtual time: it collapses, what was tried fails, what helps helps."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from snowpit.cluster.happenings import events
from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.lab.conduct.in_memory import EPOCH, rehearse
from snowpit.model.finding import Verdict as Judgement
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES
from snowpit.observe.outcome import Outcome, Verdict, outcome
from snowpit.workflow import rehearsal
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source

SCALE = 0.1
BURST = {"at": "60s", "action": "burst", "clients": "pods", "requests": 800, "spread": "1s"}
LATER = {"at": "240s", "action": "set"}
CREDENTIAL = {**LATER, "key": "scrapers.metrics-server.credential"}
FAIL: dict[str, list[dict[str, object]]] = {
    "nothing": [],
    "restart": [{"at": "240s", "action": "restart", "down": "5s"}],
    "raised limit": [{**LATER, "key": "max_mutating_requests_inflight", "value": 2000}],
}
HEAL: dict[str, list[dict[str, object]]] = {
    "certificate": [{**CREDENTIAL, "value": "certificate"}],
    "static token": [{**CREDENTIAL, "value": "static_token"}],
    "1.14": [{"at": "240s", "action": "upgrade", "version": "1.14.0"}],
    "1.17": [{"at": "240s", "action": "upgrade", "version": "1.17.0"}],
}


def incident(happenings: list[dict[str, object]], horizon: str) -> Scenario:
    scenario = load("incident-1.12", overrides=(f"horizon={horizon}",))
    return scaled(replace(scenario, events=events([BURST, *happenings], scenario, "test")), SCALE)


def ended(happenings: list[dict[str, object]], horizon: str) -> Outcome:
    scenario = incident(happenings, horizon)
    return outcome(rehearse(scenario, seed=1), horizon_s=scenario.horizon_s)


@pytest.mark.parametrize("tried", FAIL)
def test_the_collapse_outlasts_what_the_operators_tried(tried: str) -> None:
    assert ended(FAIL[tried], "900s").verdict is Verdict.STUCK


@pytest.mark.parametrize("remedy", HEAL)
def test_what_takes_the_reviews_or_the_limiter_away_heals(remedy: str) -> None:
    found = ended(HEAL[remedy], "1500s")
    assert found.verdict is Verdict.RECOVERED
    assert found.recovered_after_intervention_s is not None


def test_without_the_burst_nothing_happens() -> None:
    scenario = scaled(load("incident-1.12-no-burst", overrides=("horizon=300s",)), SCALE)
    found = rehearse(scenario, seed=1)
    assert outcome(found, horizon_s=scenario.horizon_s).verdict is Verdict.HEALTHY
    assert set(found.samples.servers[0]) == {one.name for one in SERVER_MEASURES}
    assert all(
        set(one) == {measure.name for measure in CLIENT_MEASURES} for one in found.samples.clients.values()
    )


@cache
def twice() -> list[tuple[object, ...]]:
    scenario = incident([], "150s")
    runs = [rehearse(scenario, seed=7) for _ in range(2)]
    return [(run.events, run.samples.clients, run.samples.servers) for run in runs]


def test_one_seed_gives_one_course() -> None:
    assert twice()[0] == twice()[1]


def test_a_lab_that_was_stopped_early_is_judged_when_it_was_stopped() -> None:
    scenario = incident([], "300s")
    later: dict[str, object] = {"at": "400s", "action": "restart", "down": "5s"}
    planned = incident([*HEAL["certificate"], later], "3600s")
    found = rehearse(scenario, seed=1)
    study = rehearsal.judged(planned, found)
    assert study.outcomes[0].verdict is Verdict.STUCK
    assert study.scenario.horizon_s == 300.0
    assert [event.action for event in study.scenario.events] == ["burst", "set"]
    assert rehearsal.judged(scenario, found).scenario is scenario


def test_the_evidence_of_the_collapse_gives_the_founding_diagnosis(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    scenario = incident([], "420s")
    found = rehearsal.study(scenario, 1, folder=folder, epoch=EPOCH)
    assert found.outcomes[0].verdict is Verdict.STUCK
    case = run(Question(source=Source(paths=rehearsal.evidence(folder))))
    first = case.diagnosis.findings[0]
    assert (first.id, first.verdict) == ("token_review_storm", Judgement.SUPPORTED)
    assert {"log", "metrics", "audit log"} <= {item.source for item in first.evidence_for} | {
        layer.source for layer in case.diagnosis.layers
    }
    assert str(case.plane.version) == "1.12.4"
    assert not [file.path for file in case.coverage.files if file.rejected]
    told = [json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines()]
    assert [line["action"] for line in told] == ["begin", "burst", "end"]
    assert (folder / "pki").stat().st_mode & 0o077 == 0


def test_no_token_reaches_the_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    rehearsal.study(incident([], "90s"), 1, folder=folder, epoch=EPOCH)
    for path in (folder / "apiserver-0").iterdir():
        assert b"eyJ" not in path.read_bytes(), path
