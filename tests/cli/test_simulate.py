"""``snowpit simulate`` and ``snowpit scenarios`` as users call them."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from snowpit.cli.replications import line
from support.program import snowpit

SCHEMA = Path(__file__).resolve().parents[2] / "src/snowpit/report/schema/simulation-v1.json"
QUICK = ("real-apiserver-burst-200-distinct", "--seeds", "2")
STUCK = ("hidden-capacity-retry", "--seeds", "2")
Capture = pytest.CaptureFixture[str]


def test_a_burst_that_drains_exits_with_0_and_opens_with_the_verdict(capsys: Capture) -> None:
    ran = snowpit(capsys, "simulate", *QUICK)
    assert ran.code == 0
    assert ran.out.startswith("VERDICT\n")
    assert "in 2 of 2 seeds" in ran.out
    assert ran.err == ""


def test_a_stuck_system_exits_with_1(capsys: Capture) -> None:
    assert snowpit(capsys, "simulate", *STUCK).code == 1


def test_json_keeps_to_the_schema_and_names_the_seeds(capsys: Capture) -> None:
    ran = snowpit(capsys, "simulate", *QUICK, "--first-seed", "5", "-o", "json")
    found = json.loads(ran.out)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(found)
    assert found["schema"] == "snowpit.simulation/v1"
    assert found["seeds"] == [5, 6]
    assert sum(found["verdicts"].values()) == 2


def test_the_same_seeds_give_the_same_bytes(capsys: Capture) -> None:
    first = snowpit(capsys, "simulate", *QUICK, "-o", "json")
    assert snowpit(capsys, "simulate", *QUICK, "-o", "json") == first


def test_a_value_set_by_hand_is_told(capsys: Capture) -> None:
    ran = snowpit(capsys, "simulate", *QUICK, "--set", "max_mutating_requests_inflight=300")
    assert "max_mutating_requests_inflight = 300" in ran.out


def test_the_horizon_can_be_given_in_any_unit(capsys: Capture) -> None:
    ran = snowpit(capsys, "simulate", *QUICK, "--horizon", "2m", "-o", "json")
    assert json.loads(ran.out)["scenario"]["horizon_s"] == 120.0


def test_a_file_is_written_where_it_is_asked_for(capsys: Capture, tmp_path: Path) -> None:
    ran = snowpit(capsys, "simulate", *QUICK, "-o", "json", "--out", str(tmp_path / "a.json"))
    assert ran.out == ""
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["schema"] == "snowpit.simulation/v1"


def test_parquet_and_figure_are_written(capsys: Capture, tmp_path: Path) -> None:
    ran = snowpit(
        capsys,
        "simulate",
        *QUICK,
        "-o",
        "parquet",
        "--out",
        str(tmp_path / "a.parquet"),
        "--plot",
        str(tmp_path / "a.svg"),
    )
    assert ran.code == 0
    assert (tmp_path / "a.parquet").read_bytes()[:4] == b"PAR1"
    assert (tmp_path / "a.svg").read_text("utf-8").startswith("<?xml")
    assert "rows written" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        (*QUICK, "--set", "nope"),
        (*QUICK, "--set", "nope=1"),
        (*QUICK, "--horizon", "5x"),
        (*QUICK, "--seeds", "0"),
        (*QUICK, "-o", "parquet"),
        (*QUICK, "--plot", "a.pdf"),
        (*QUICK, "--diagnose", "--plot", "a.svg"),
    ],
)
def test_wrong_usage_exits_with_64_and_says_what_to_type(capsys: Capture, arguments: tuple[str, ...]) -> None:
    ran = snowpit(capsys, "simulate", *arguments)
    assert ran.code == 64
    assert ran.out == ""
    assert "Error: " in ran.err or ("error: " in ran.err and "hint: " in ran.err)


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_a_missing_folder_is_told_before_anything_is_simulated(
    capsys: Capture, tmp_path: Path, option: str
) -> None:
    ran = snowpit(capsys, "simulate", *QUICK, option, str(tmp_path / "missing" / "a.svg"))
    assert (ran.code, ran.out) == (64, "")
    assert "there is no folder" in ran.err


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_a_file_that_cannot_be_written_exits_with_2(capsys: Capture, tmp_path: Path, option: str) -> None:
    (tmp_path / "a.svg").mkdir()
    ran = snowpit(capsys, "simulate", *QUICK, option, str(tmp_path / "a.svg"))
    assert ran.code == 2
    assert "hint: " in ran.err


def test_the_detectors_judge_the_simulated_table(capsys: Capture) -> None:
    ran = snowpit(capsys, "simulate", "real-apiserver-retry-storm-distinct", "--diagnose", "-o", "json")
    found = json.loads(ran.out)
    assert found["schema"] == "snowpit.report/v1"
    assert found["remarks"][0].startswith("These requests were simulated")
    assert found["coverage"]["events"] == found["coverage"]["kept"] > 1000


def test_a_model_without_requests_cannot_be_diagnosed(capsys: Capture) -> None:
    assert snowpit(capsys, "simulate", *STUCK, "--diagnose").code == 2


def test_scenarios_are_listed_with_their_titles(capsys: Capture) -> None:
    ran = snowpit(capsys, "scenarios")
    assert ran.code == 0
    assert any(row.startswith("incident-1.12 ") for row in ran.out.splitlines())
    listed = json.loads(snowpit(capsys, "scenarios", "-o", "json").out)
    assert listed["schema"] == "snowpit.scenarios/v1"
    assert len(listed["scenarios"]) == len(ran.out.splitlines())


def test_a_scenario_shown_can_be_simulated_as_a_file(capsys: Capture, tmp_path: Path) -> None:
    shown = snowpit(capsys, "scenarios", "show", QUICK[0])
    path = tmp_path / "mine.toml"
    path.write_text(shown.out, "utf-8")
    ran = snowpit(capsys, "simulate", str(path), "--seeds", "2", "-o", "json")
    kept = json.loads(snowpit(capsys, "simulate", *QUICK, "-o", "json").out)
    assert json.loads(ran.out)["series"] == kept["series"]


def test_a_scenario_that_is_none_exits_with_64(capsys: Capture) -> None:
    assert snowpit(capsys, "scenarios", "show", "nope").code == 64


def test_progress_is_told_in_words() -> None:
    assert line(0, 12, 0.1) == f"simulated 0 of 12 [{'.' * 30}]"
    assert "compiles" in line(0, 12, 5.0)
    assert line(12, 12, 5.0).startswith(f"simulated 12 of 12 [{'#' * 30}]")


@pytest.mark.parametrize("arguments", [["--help"], ["simulate", "--help"], ["scenarios"], ["facts"]])
def test_nothing_heavy_is_loaded_for_help_and_other_commands(arguments: list[str]) -> None:
    code = (
        "import sys; from snowpit.cli import run; run(['snowpit', *sys.argv[1:]]);"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'numba', 'scipy', 'matplotlib')))"
    )
    command = [sys.executable, "-c", code, *arguments]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed
