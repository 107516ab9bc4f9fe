"""A scenario is simulated, its requests are written as an audit log, and calibration finds its parameters again."""

from pathlib import Path

import pytest

from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load, parse
from snowpit.model.forecast import Source
from snowpit.report.calibration import toml
from snowpit.workflow.calibration import Calibrated, run
from snowpit.workflow.diagnosis import Question
from snowpit.workflow.evidence import Source as Evidence
from support.calibrated import audit_log, held, small, truth

PRESETS = ("healthy-1.12", "healthy-1.18", "healthy-1.22")
MISSES = 2
"""Of some twenty bounds of 95 % this many may miss by chance."""


def calibrated(scenario: Scenario, folder: Path, seed: int = 1) -> Calibrated:
    source = Evidence(paths=[str(audit_log(scenario, seed, folder))])
    return run(Question(source=source, server_version=str(scenario.plane.version)))


@pytest.mark.parametrize("name", PRESETS)
def test_parameters_come_back_within_their_bounds(name: str, tmp_path: Path) -> None:
    scenario = small(name)
    found = calibrated(scenario, tmp_path)
    wrong = [(key, value) for key, value, inside in held(found.calibration, truth(scenario)) if not inside]
    assert len(wrong) <= MISSES, wrong
    assert not found.calibration.present.failing
    assert found.scenario.events == ()


def test_the_incident_comes_back_with_its_trigger(tmp_path: Path) -> None:
    scenario = small("incident-1.12", minutes=25)
    found = calibrated(scenario, tmp_path)
    wrong = [(key, value) for key, value, inside in held(found.calibration, truth(scenario)) if not inside]
    assert len(wrong) <= MISSES, wrong
    assert found.calibration.present.failing
    (event,) = found.scenario.events
    assert (event.action, event.trigger) == ("burst", True)
    assert event.at_s == pytest.approx(600.0, abs=15.0)
    assert event.settings["requests"] == pytest.approx(80, rel=0.3)


def test_several_servers_are_told_apart(tmp_path: Path) -> None:
    scenario = scaled(load("fleet-1.12", overrides=["horizon=8m"]), 0.02)  # before its trigger
    found = calibrated(scenario, tmp_path)
    wrong = [(key, value) for key, value, inside in held(found.calibration, truth(scenario)) if not inside]
    assert len(wrong) <= MISSES, wrong
    assert found.scenario.servers == scenario.servers == 5


def test_one_token_for_everybody_is_found_to_be_the_scrapers(tmp_path: Path) -> None:
    scenario = small("single-token-1.12", minutes=9)  # before its trigger
    found = calibrated(scenario, tmp_path)
    apps = next(one for one in found.scenario.clients if one.name == "serviceaccounts")
    assert apps.tokens.shared_with == "metrics-server"
    assert apps.tokens.count == 1
    assert apps.count == scenario.clients[1].count


def test_the_file_says_of_each_value_where_it_comes_from(tmp_path: Path) -> None:
    found = calibrated(small("healthy-1.12", minutes=5), tmp_path)
    written = toml(found.scenario, found.calibration)
    assert parse(written.encode(), place="written").clients == found.scenario.clients
    assert "count = 140  # measured, 140 to 154 clients: distinct users, addresses and user agents" in written
    assert 'patience = "30s"  # assumed, 10 to 60 s: a usual time limit of clients' in written
    assert "# Not known: How long clients with ServiceAccount tokens wait" in written
    guessed = {one.key for one in found.calibration.estimates if one.source is Source.ASSUMED}
    assert "clients.serviceaccounts.patience" in guessed
