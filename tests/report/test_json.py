"""The machine's report: valid against its schema, complete, deterministic, harmless."""

import json
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from snowpit.cluster import build as control_plane
from snowpit.diagnose import diagnose
from snowpit.diagnose.registry import DETECTORS, name_of
from snowpit.knowledge.version import Version
from snowpit.model.evidence import Coverage, FileCoverage
from snowpit.model.observation import Observed
from snowpit.report import as_json
from snowpit.report.case import Case
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from support import logs
from support.observed import healthy

TOP = [
    "schema",
    "snowpit",
    "answer",
    "exit",
    "judged",
    "window",
    "remarks",
    "control_plane",
    "coverage",
    "chain",
    "layers",
    "rivals",
    "findings",
    "seen_before",
    "next_evidence",
    "observations",
]


def strict(part: Any) -> Any:
    """The schema without room for additions: what this release prints is all described."""
    if isinstance(part, list):
        return [strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    made = {key: strict(value) for key, value in part.items()}
    return made | {"additionalProperties": False} if isinstance(made.get("required"), list) else made


def schema() -> Any:
    return json.loads((files("snowpit") / "report" / "schema" / "report-v1.json").read_text("utf-8"))


def read_case(path: Path) -> Case:
    return run(Question(source=Source(paths=[str(path)])))


def by_hand(observed: Observed, version: str = "1.12.4") -> Case:
    plane = control_plane(version=Version.parse(version), version_source="flag")
    return Case(
        diagnosis=diagnose(observed, plane),
        coverage=Coverage((FileCoverage(path="a"),)),
        observed=observed,
        plane=plane,
    )


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("make", [logs.healthy, logs.hostile, logs.with_tokens])
def test_reports_of_logs_are_valid(make: Any, tmp_path: Path) -> None:
    document = json.loads(as_json.render(read_case(make(tmp_path / "a.log"))))
    Draft202012Validator(strict(schema())).validate(document)
    assert list(document) == TOP


@pytest.mark.parametrize("version", ["1.7", "1.12.4", "1.13.12", "1.20", "1.34.1"])
def test_reports_of_any_server_version_are_valid(version: str) -> None:
    document = as_json.document(by_hand(healthy(rejected=900, timed_out=700), version))
    Draft202012Validator(strict(schema())).validate(document)


def test_a_report_of_a_later_release_is_valid_too() -> None:
    document = as_json.document(by_hand(healthy()))
    Draft202012Validator(schema()).validate(document | {"added": 1})
    assert not Draft202012Validator(strict(schema())).is_valid(document | {"added": 1})
    assert not Draft202012Validator(schema()).is_valid(
        {key: document[key] for key in document if key != "answer"}
    )


def test_every_detector_and_observation_is_in_the_report() -> None:
    document = as_json.document(by_hand(healthy()))
    assert {finding["id"] for finding in document["findings"]} == {name_of(module) for module in DETECTORS}
    assert set(document["observations"]) == {item.name for item in fields(Observed)} - {"window"}


def test_every_value_of_the_control_plane_names_its_source() -> None:
    plane = as_json.document(by_hand(healthy()))["control_plane"]
    assert plane["max_mutating_requests_inflight"]["value"] == 200
    assert [name for name, value in plane.items() if not value["source"] or not value["reference"]] == []


def test_lines_of_each_file_add_up_in_the_report(tmp_path: Path) -> None:
    file = as_json.document(read_case(logs.hostile(tmp_path / "a.log")))["coverage"]["files"][0]
    assert file["rejected"] == 2
    assert len(file["rejected_at"]) == 2
    assert file["lines"] == file["event_lines"] + file["empty_lines"] + file["other_lines"] + file["rejected"]
    assert file["bytes"] == (tmp_path / "a.log").stat().st_size


def test_the_same_evidence_gives_the_same_bytes(tmp_path: Path) -> None:
    path = logs.hostile(tmp_path / "a.log")
    assert as_json.render(read_case(path)) == as_json.render(read_case(path))


def test_hostile_names_survive_and_are_escaped(tmp_path: Path) -> None:
    text = as_json.render(read_case(logs.hostile(tmp_path / "a.log")))
    assert text.isascii()
    assert all(char == "\n" or char.isprintable() for char in text)
    assert any(item["value"] == logs.HOSTILE for item in json.loads(text)["observations"]["clients"])


def test_numbers_that_json_cannot_say_are_null() -> None:
    assert as_json.plain(float("nan")) is None
    assert as_json.plain(float("inf")) is None
