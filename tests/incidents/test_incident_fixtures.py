"""Each published incident, made small from its mechanism as told, is diagnosed as what it was; controls stay clean.

The evidence stands in files and is read by the whole program.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from snowpit import cli
from snowpit.diagnose.registry import DETECTORS, name_of
from snowpit.knowledge.incidents import Incident, incidents
from support.incident_files import write

HERE = Path(__file__).parent
ALL = incidents()
IDS = {name_of(detector) for detector in DETECTORS}


def overload(incident: Incident) -> Any:
    """The incident as a parameter; while the detector that it waits for is not there, it must fail."""
    expect = tomllib.loads((HERE / f"{incident.id}.toml").read_text("utf-8"))["expect"]
    waits = expect.get("waits_for", "")
    marks = [pytest.mark.xfail(strict=True, reason=f"detector not there yet: {waits}")]
    return pytest.param(incident, marks=marks if waits and waits not in IDS else [], id=incident.id)


def diagnosed(incident: Incident, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Any, Any]:
    """Recipe and report."""
    raw = write(HERE / f"{incident.id}.toml", folder)
    code = cli.run(["snowpit", "diagnose", str(folder), "--no-cache", "-o", "json"])
    report = json.loads(capsys.readouterr().out)
    assert report["exit"]["code"] == code
    assert report["coverage"]["rejected"] == 0
    version = report["control_plane"]["version"]["value"]
    assert version == raw["server"]["version"]
    return raw, report


def supported(report: Any) -> list[str]:
    return [finding["id"] for finding in report["findings"] if finding["verdict"] == "supported"]


@pytest.mark.parametrize("incident", [overload(item) for item in ALL if not item.control])
def test_the_right_cause_ranks_first_and_the_incident_is_recalled(
    incident: Incident, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, report = diagnosed(incident, tmp_path, capsys)
    top = raw["expect"]["top"]
    wanted = [top] if isinstance(top, str) else top
    assert set(wanted) <= set(incident.signature.cause)
    found = supported(report)
    told = (report["answer"], found)
    assert found[:1], told
    assert found[0] in wanted, told
    assert incident.id in [item["id"] for item in report["seen_before"]], told


@pytest.mark.parametrize("incident", [item for item in ALL if item.control], ids=lambda item: item.id)
def test_an_outage_that_was_no_overload_gives_no_finding_of_one(
    incident: Incident, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, report = diagnosed(incident, tmp_path, capsys)
    assert set(supported(report)) <= set(incident.signature.beside), report["answer"]
    assert report["seen_before"] == []


def test_each_incident_has_a_fixture_and_each_fixture_an_incident() -> None:
    assert {path.stem for path in HERE.glob("*.toml")} == {item.id for item in ALL}
