"""The sweep on the command line: table, JSON, data."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from snowpit.cli.sweep import command
from snowpit.errors import EvidenceError, ScenarioError
from snowpit.store import Tables, literal

SMALL = ("--set", "horizon=120s", "--set", "clients.apps.count=100", "--set", "kubelets.count=50")
OVER = ("--over", "version=1.12.4,1.17.0", "--over", "think=10s:40s:2")
ARGUMENTS = ["incident-1.12", *SMALL, *OVER, "--seeds", "2"]


def run(*more: str) -> str:
    result = CliRunner().invoke(command, [*ARGUMENTS, *more], standalone_mode=False)
    if result.exception:
        raise result.exception
    assert result.return_value == 0
    return result.output


def test_the_table_has_a_row_a_point_and_says_how_many_fail() -> None:
    text = run()
    assert "at 0 of 4 points" in " ".join(text.split())
    rows = [line.split() for line in text.splitlines() if line.strip().startswith(("1.12.4", "1.17.0"))]
    assert [row[:2] for row in rows] == [
        ["1.12.4", "10s"],
        ["1.12.4", "40s"],
        ["1.17.0", "10s"],
        ["1.17.0", "40s"],
    ]
    assert all("healthy 2" in " ".join(row) for row in rows)


def test_json_holds_every_seed_with_the_intervals_of_the_shares() -> None:
    found = json.loads(run("-o", "json"))
    assert (found["schema"], found["what"], found["seeds"]) == ("snowpit.explore/v1", "sweep", [1, 2])
    point = found["points"][0]
    assert point["at"] == {"version": "1.12.4", "clients.apps.think.mean": "10s"}
    assert point["fails"] == {"share": 0.0, "low": 0.0, "high": pytest.approx(0.6576, abs=1e-4)}
    assert len(point["seeds"]) == 2


def test_the_data_has_words_where_an_axis_has_words_and_numbers_where_it_has_numbers(tmp_path: Path) -> None:
    run("--out", str(tmp_path))
    path = literal(tmp_path / "points.parquet")
    with Tables() as tables:
        rows = tables.run(
            f'SELECT version, "clients.apps.think.mean", seed, verdict FROM read_parquet({path}) ORDER BY ALL'
        )
    assert rows[0] == ("1.12.4", 10.0, 1, "healthy")
    assert len(rows) == 8
    page = (tmp_path / "index.html").read_text()
    assert "<td>healthy 2</td>" in page


def test_a_folder_that_cannot_be_written_and_a_value_that_does_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError, match="cannot be opened"):
        run("--out", str(tmp_path / "file"))
    with pytest.raises(ScenarioError, match="not known"):
        run("--over", "scrapers.nobody.period=10:20:2")
