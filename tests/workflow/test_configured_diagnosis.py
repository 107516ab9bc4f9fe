"""A diagnosis takes limits and release from the configuration beside the audit log; the user's word is above both."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema

from snowpit.report import as_json
from snowpit.report.case import Case
from snowpit.workflow.diagnosis import Question, run
from snowpit.workflow.evidence import Source
from support import logs
from support.program import BUNDLED

FLAGS = "kube-apiserver-1.13.5 --max-mutating-requests-inflight={} --service-account-lookup=true --v=4\n"
SCHEMA = json.loads((files("snowpit") / "report/schema/report-v1.json").read_text("utf-8"))


def case(folder: Path, *limits: int, **question: object) -> Case:
    paths = [str(logs.healthy(folder / "audit.log"))]
    for number, limit in enumerate(limits):
        (folder / f"flags-{number}.txt").write_text(FLAGS.format(limit), "utf-8")
        paths.append(str(folder / f"flags-{number}.txt"))
    return run(Question(source=Source(paths=paths), **question))  # type: ignore[arg-type]


def test_limits_and_release_come_from_the_command_line_with_its_line(tmp_path: Path) -> None:
    plane = case(tmp_path, 300).plane
    limit = plane.values["max_mutating_requests_inflight"]
    assert (limit.value, limit.source) == (300, "observed")
    assert limit.reference.endswith("flags-0.txt:1")
    assert str(plane.version) == "1.13.5"
    assert plane.values["version"].reference.endswith("flags-0.txt:1")


def test_the_user_is_believed_above_the_configuration(tmp_path: Path) -> None:
    plane = case(tmp_path, 300, limits={"mutating": 500}, server_version="1.28").plane
    assert plane.values["max_mutating_requests_inflight"].source == "flag"
    assert plane.limit("mutating") == 500
    assert plane.values["version"].source == "flag"


def test_servers_that_differ_are_a_remark(tmp_path: Path) -> None:
    found = case(tmp_path, 300, 900)
    assert any(
        "--max-mutating-requests-inflight is told in several places: 300" in remark
        for remark in found.remarks
    )
    assert found.plane.limit("mutating") == 300


def test_the_report_with_configuration_obeys_its_schema(tmp_path: Path) -> None:
    report = json.loads(as_json.render(case(tmp_path, 300)))
    jsonschema.validate(report, SCHEMA)
    (process,) = report["observations"]["configuration"]["processes"]
    assert process["flags"]["v"]["value"] == "4"


def test_the_recorded_incident_is_judged_the_same_with_its_command_line(tmp_path: Path) -> None:
    (tmp_path / "flags.txt").write_text(FLAGS.format(200), "utf-8")
    alone = run(Question(source=Source(paths=[str(BUNDLED)])))
    beside = run(Question(source=Source(paths=[str(BUNDLED), str(tmp_path / "flags.txt")])))
    first = [case.diagnosis.findings[0].id for case in (alone, beside)]
    assert first[0] == first[1]
