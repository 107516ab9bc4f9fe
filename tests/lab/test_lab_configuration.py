"""The configuration of a lab is told in its folder, and read as that of a real control plane."""

from dataclasses import replace
from pathlib import Path

import pytest

from snowpit.cluster.change import apply
from snowpit.cluster.happenings import events
from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.lab.conduct.configuration import FOLDER, write
from snowpit.lab.conduct.in_memory import rehearse
from snowpit.model.observation.configuration import Configuration
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from support.program import snowpit


def configured(scenario: Scenario, folder: Path) -> Path:
    write(scenario, folder)
    return folder / FOLDER


def read(folder: Path) -> Configuration:
    found = run(Question(source=Source(paths=[str(folder)]))).observed.configuration
    assert found is not None
    return found


def small(*changes: tuple[str, object]) -> Scenario:
    scenario = scaled(load("incident-1.12"), 0.1)
    for key, value in changes:
        scenario = apply(scenario, key, value)  # type: ignore[arg-type]
    return scenario


def test_limits_version_and_scraper_are_read_back(tmp_path: Path) -> None:
    found = read(configured(small(), tmp_path))
    (server,) = found.of("kube-apiserver")
    assert (server.server, server.version) == ("apiserver-0", "v1.12.4")
    assert server.flags["max-mutating-requests-inflight"].value == "100"
    (scraper,) = found.scrapers
    assert (scraper.credential, scraper.period_s) == ("ServiceAccount token", 60.0)


@pytest.mark.parametrize(
    ("credential", "told"), [("certificate", "client certificate"), ("static_token", "not told")]
)
def test_another_credential_of_the_scraper_is_seen(tmp_path: Path, credential: str, told: str) -> None:
    scenario = small(("scrapers.metrics-server.credential", credential))
    (scraper,) = read(configured(scenario, tmp_path)).scrapers
    assert scraper.credential == told


def test_lint_finds_in_it_what_made_the_incident(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ran = snowpit(capsys, "lint", str(configured(small(), tmp_path)))
    assert ran.code in (0, 1), ran.err
    assert "metrics-server" in ran.out
    assert "1.12.4" in ran.out


def test_levels_of_priority_and_fairness_are_in_it(tmp_path: Path) -> None:
    folder = configured(small(("version", "1.28.0")), tmp_path)
    text = (folder / "priority-and-fairness.yaml").read_text("utf-8")
    assert "name: global-default" in text
    old = tmp_path / "old"
    old.mkdir()
    assert not (configured(small(), old) / "priority-and-fairness.yaml").exists()


def test_a_change_while_the_lab_runs_is_written_down(tmp_path: Path) -> None:
    scenario = scaled(load("incident-1.12-no-burst", overrides=("horizon=20s",)), 0.02)
    upgrade = {"at": "5s", "action": "upgrade", "version": "1.14.10"}
    upgraded = replace(scenario, events=events([upgrade], scenario, "test"))
    rehearse(upgraded, seed=1, folder=tmp_path)
    assert "v1.14.10" in (tmp_path / FOLDER / "version.json").read_text("utf-8")
    assert "kube-apiserver:v1.14.10" in (tmp_path / FOLDER / "kube-apiserver-0.yaml").read_text("utf-8")
