"""The smaller questions: top, compare, sql, and how evidence is narrowed."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from snowpit import cli
from support import logs


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.run(["snowpit", arguments[0], "--no-cache", *arguments[1:]]) == 0
    return capsys.readouterr().out


def documented(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(asked(capsys, *arguments, "-o", "json"))


@pytest.fixture
def two_phases(tmp_path: Path) -> Path:
    """60 s at 1 request/s of 10 ms, then 30 s at 4 requests/s of 2 s, a fifth of them refused."""
    calm = [logs.event(number, at_s=number, user="calm") for number in range(60)]
    storm = [
        logs.event(
            1000 + number,
            at_s=60 + number / 4,
            took_s=2.0,
            user="storm",
            code=429 if number % 5 == 0 else 200,
        )
        for number in range(120)
    ]
    return logs.write(tmp_path / "a.log", [*calm, *storm])


def test_top_ranks_by_attempts(two_phases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(
        csv.DictReader(io.StringIO(asked(capsys, "top", str(two_phases), "--by", "user", "-o", "csv")))
    )
    assert [(row["user"], row["count"], row["rejected"]) for row in rows] == [
        ("storm", "120", "24"),
        ("calm", "60", "0"),
    ]


def test_seat_time_is_the_sum_of_sojourn_times_of_admitted_requests(
    two_phases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = documented(capsys, "top", str(two_phases), "--by", "user", "--measure", "held")
    assert [row["measures"]["held_s"] for row in found["rows"]] == [96 * 2.0, pytest.approx(0.6)]


def test_a_series_adds_up_to_its_row(two_phases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = documented(capsys, "top", str(two_phases), "--by", "user,verb", "--per", "7s")
    assert [sum(row["series"]) for row in found["rows"]] == [
        row["measures"]["count"] for row in found["rows"]
    ]


def test_a_formula_in_a_name_is_no_formula_in_a_spreadsheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = logs.write(tmp_path / "a.log", [logs.event(1, user='=HYPERLINK("http://e","x")')])
    shown = list(csv.DictReader(io.StringIO(asked(capsys, "top", str(path), "--by", "user", "-o", "csv"))))
    assert not shown[0]["user"].startswith("=")


def test_compare_measures_each_side_over_its_own_window(
    two_phases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = documented(capsys, "compare", str(two_phases), "--split", "2024-01-02T03:05:05Z")
    assert found["before"]["window"]["seconds"] == 60
    assert found["before"]["total"]["rate"] == 1.0
    assert found["after"]["total"]["rate"] == pytest.approx(120 / 31.75, rel=1e-3)
    assert found["changes"][0]["after"]["seats"] == pytest.approx(192 / 31.75, rel=1e-3)


def test_a_window_beyond_the_evidence_does_not_water_down_its_rates(
    two_phases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split = "2024-01-02T03:05:05Z"
    found = documented(
        capsys, "compare", str(two_phases), "--before", f"2023-01-01/{split}", "--after", f"{split}/"
    )
    assert found["before"]["total"]["rate"] == 1.0


def test_equal_logs_have_no_differences(two_phases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert documented(capsys, "compare", str(two_phases), str(two_phases))["changes"] == []


def test_the_filter_and_the_window_narrow_every_command(
    two_phases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    narrowed = ["--where", "user = 'storm'", "--until", "2024-01-02 03:05:15"]
    found = documented(capsys, "sql", *narrowed, str(two_phases), "SELECT count(*) FROM requests")
    assert found["rows"] == [[40]]


def test_the_report_says_that_it_is_about_a_part(
    two_phases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run(
        ["snowpit", "diagnose", "--no-cache", str(two_phases), "--since", "-10s", "--where", "code = 200"]
    )
    shown = " ".join(capsys.readouterr().out.split())
    assert "Only requests that arrived from 2024-01-02T03:05:26.750000Z were looked at" in shown
    assert "Only requests with code = 200 were looked at" in shown


def test_rows_beyond_the_limit_are_announced(two_phases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "snowpit",
        "sql",
        "--no-cache",
        "--limit",
        "3",
        str(two_phases),
        "SELECT line FROM requests",
        "-o",
        "csv",
    ]
    assert cli.run(command) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 4
    assert "first 3 rows" in captured.err


def test_standard_input_is_read_for_a_dash(
    two_phases: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_phases.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        found = documented(capsys, "sql", "-", "SELECT count(*) FROM requests")
    assert found["rows"] == [[180]]
