"""``snowpit forecast`` as users call it."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from support.program import snowpit

SCHEMA = json.loads((files("snowpit") / "report/schema/forecast-v1.json").read_text("utf-8"))
Capture = pytest.CaptureFixture[str]


def test_closed_forms_answer_at_once(capsys: Capture) -> None:
    ran = snowpit(capsys, "forecast", "incident-1.12", "--quick")
    assert ran.code == 1
    assert ran.out.startswith("STATE")
    assert "Self-sustaining" in ran.out
    assert "Nothing was simulated" in ran.out
    assert ran.err == ""


def test_a_healthy_start_is_another_question(capsys: Capture) -> None:
    ran = snowpit(capsys, "forecast", "incident-1.12", "--quick", "--from", "healthy", "-o", "json")
    assert json.loads(ran.out)["state"] == "vulnerable"


def test_a_release_without_limiter_exits_with_0(capsys: Capture) -> None:
    ran = snowpit(capsys, "forecast", "healthy-1.17", "--seeds", "1", "-q")
    assert ran.code == 0
    assert "Healthy" in ran.out
    assert "REMEDIES" not in ran.out


def test_json_keeps_to_its_schema(capsys: Capture) -> None:
    found = json.loads(snowpit(capsys, "forecast", "incident-1.12", "--quick", "-o", "json").out)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert found["schema"] == "snowpit.forecast/v1"
    assert found["critical_trigger"]["backlog"]["closed_form"] > 0


def test_a_value_and_a_trigger_change_the_answer(capsys: Capture) -> None:
    small = ("forecast", "incident-1.12", "--quick", "-o", "json")
    assert json.loads(snowpit(capsys, *small, "--set", "clients.apps.count=300").out)["state"] == "healthy"
    assert json.loads(snowpit(capsys, *small, "--trigger", "backlog=10").out)["state"] == "vulnerable"
    assert json.loads(snowpit(capsys, *small, "--trigger", "backlog=9000").out)["state"] == "self-sustaining"


def test_html_is_one_file(capsys: Capture, tmp_path: Path) -> None:
    page = tmp_path / "forecast.html"
    ran = snowpit(capsys, "forecast", "incident-1.12", "--quick", "-o", "html", "--out", str(page))
    assert ran.code == 1
    content = page.read_text("utf-8")
    assert content.startswith("<!DOCTYPE html>")
    assert "data:image/svg+xml;base64," in content
    assert "<script" not in content


def test_manifests_are_written(capsys: Capture, tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    ran = snowpit(capsys, "forecast", "incident-1.12", "--quick", "--manifests", str(folder))
    assert {"client-certificate.yaml", "rbac.yaml", "audit-policy.yaml"} <= {
        path.name for path in folder.iterdir()
    }
    assert "client-certificate.yaml" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no-such-thing",), "neither evidence nor a scenario"),
        (("stability-retry-storm", "--quick"), "published model"),
        (("incident-1.12", "--quick", "--trigger", "explode"), "explode"),
        (("incident-1.12", "--quick", "--set", "nonsense=1"), "nonsense"),
        (("incident-1.12", "--quick", "--out", "/no/such/folder/x"), "cannot be written"),
        (("incident-1.12", "--quick", "--manifests", "/dev/null/x"), "cannot be written"),
    ],
)
def test_what_cannot_be_asked_is_explained(capsys: Capture, arguments: tuple[str, ...], words: str) -> None:
    ran = snowpit(capsys, "forecast", *arguments)
    assert ran.code in (2, 64)
    assert words in ran.err
    assert "hint:" in ran.err
    assert "Traceback" not in ran.err


def test_a_quick_answer_loads_neither_database_nor_compiler() -> None:
    code = (
        "import sys; from snowpit.cli import run; run(['snowpit', 'forecast', 'incident-1.12', '--quick']);"
        "print(sorted({'duckdb', 'numba', 'numpy', 'matplotlib', 'aiohttp'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.splitlines()[-1] == "[]"
