"""``snowpit lint``: output formats, exit codes and options."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from support.program import snowpit
from support.shared import shared_data

BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.12.4
    command:
    - kube-apiserver
    - --max-requests-inflight=0
    - --event-ttl=48h
"""
SCHEMA = json.loads((files("snowpit") / "report/schema/lint-v1.json").read_text("utf-8"))
SARIF = json.loads((Path(__file__).parents[1] / "support" / "sarif.json").read_text("utf-8"))


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "pod \x1b[31m.yaml"
    path.write_text(BAD, "utf-8")
    return str(path)


def test_the_text_names_place_severity_and_rule(capsys: pytest.CaptureFixture[str], bad: str) -> None:
    ran = snowpit(capsys, "lint", bad)
    assert ran.code == 1
    assert "error [inflight-unlimited] wanted: " in ran.out
    assert ".yaml:10: --max-requests-inflight=0 admits every request.\n" in ran.out
    assert ".yaml:11: Events are kept for 48 hours." in ran.out
    assert "warning [event-ttl] wanted: " in ran.out
    assert "\x1b" not in ran.out


def test_the_json_obeys_its_schema(capsys: pytest.CaptureFixture[str], bad: str) -> None:
    found = json.loads(snowpit(capsys, "lint", bad, "-o", "json").out)
    jsonschema.validate(found, SCHEMA)
    assert found["server_version"] == "1.12.4"
    assert found["counts"]["error"] == len(
        [item for item in found["violations"] if item["severity"] == "error"]
    )
    assert {"inflight-unlimited", "loopback-limiter"} <= {item["rule"] for item in found["violations"]}


def test_sarif_obeys_the_standard(capsys: pytest.CaptureFixture[str], bad: str) -> None:
    found = json.loads(snowpit(capsys, "lint", bad, "-o", "sarif").out)
    jsonschema.validate(found, SARIF, format_checker=jsonschema.FormatChecker())
    (run,) = found["runs"]
    assert run["results"]
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SARIF)


def test_sarif_points_at_lines_and_rules(capsys: pytest.CaptureFixture[str], bad: str) -> None:
    found = json.loads(snowpit(capsys, "lint", bad, "-o", "sarif").out)
    (run,) = found["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert found["version"] == "2.1.0"
    assert all(rules[item["ruleIndex"]]["id"] == item["ruleId"] for item in run["results"])
    result = next(item for item in run["results"] if item["ruleId"] == "inflight-unlimited")
    place = result["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 10}
    assert place["artifactLocation"]["uri"].endswith("%5B31m.yaml")
    assert {item["level"] for item in run["results"]} <= {"error", "warning", "note"}


@pytest.mark.parametrize(("limit", "code"), [("error", 1), ("warning", 1), ("none", 0)])
def test_the_exit_code_follows_fail_on(
    capsys: pytest.CaptureFixture[str], bad: str, limit: str, code: int
) -> None:
    assert snowpit(capsys, "lint", bad, "--fail-on", limit).code == code


def test_warnings_fail_only_if_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "flags.txt"
    path.write_text("kube-apiserver --event-ttl=48h\n", "utf-8")
    assert snowpit(capsys, "lint", str(path)).code == 0
    assert snowpit(capsys, "lint", str(path), "--fail-on", "warning").code == 1


def test_a_disabled_rule_is_not_asked(capsys: pytest.CaptureFixture[str], bad: str) -> None:
    assert "event-ttl" not in snowpit(capsys, "lint", bad, "--disable", "event-ttl").out
    ran = snowpit(capsys, "lint", bad, "--disable", "no-such-rule")
    assert ran.code == 64
    assert "--list-rules" in ran.err


def test_rules_are_listed_without_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    ran = snowpit(capsys, "lint", "--list-rules")
    assert ran.code == 0
    assert "inflight-unlimited" in ran.out


def test_no_path_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert snowpit(capsys, "lint").code == 64


def test_evidence_without_configuration_cannot_be_judged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see\n", "utf-8")
    assert snowpit(capsys, "lint", str(path)).code == 2


@pytest.mark.parametrize(
    "folder",
    ["config-apf", "config-apiserver-pods", "config-audit-policy", "config-kubelet", "config-metrics-server"],
)
def test_healthy_configurations_have_no_error(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    ran = snowpit(capsys, "lint", str(shared_data(folder)), "-o", "json")
    found = json.loads(ran.out)
    assert ran.code == 0
    assert found["counts"]["error"] == 0
    assert sum(file["rejected"] for file in found["files"]) == 0


def test_the_incident_s_configuration_has_errors(capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_data("real-apiserver", "1.13.5", "flags.txt")
    found = json.loads(snowpit(capsys, "lint", str(path), "-o", "json").out)
    assert found["server_version"] == "1.13.5"
    assert {"loopback-limiter", "inflight-raised-live-lookups"} <= {
        item["rule"] for item in found["violations"] if item["severity"] == "error"
    }
