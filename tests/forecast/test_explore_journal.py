"""The journal: what was finished survives, what was torn is done again, what is foreign is refused."""

from pathlib import Path

import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.errors import EvidenceError
from snowpit.forecast.explore.journal import NAME, Journal, Key, head

SMALL = load("incident-1.12", overrides=["horizon=60s"])
FIRST: Key = ((("limit", "200"),), 1)
SECOND: Key = ((("limit", "1000"),), 2)


def written(folder: Path, *keys: Key, scenario: Scenario = SMALL) -> Path:
    with Journal(folder, head(scenario, "ending")) as journal:
        for key in keys:
            journal.add(key, {"wait_s": 1.5, "verdict": "stuck", "goodput_per_s": None})
    return folder / NAME


def test_what_was_finished_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    written(tmp_path, FIRST, SECOND)
    with Journal(tmp_path, head(SMALL, "ending")) as journal:
        assert list(journal.done) == [FIRST, SECOND]
        assert journal.done[FIRST] == {"wait_s": 1.5, "verdict": "stuck", "goodput_per_s": None}


@pytest.mark.parametrize("missing", [1, 20, 60])
def test_a_torn_last_line_is_cut_off_and_can_be_done_again(tmp_path: Path, missing: int) -> None:
    path = written(tmp_path, FIRST, SECOND)
    whole = path.read_bytes()
    path.write_bytes(whole[:-missing])
    with Journal(tmp_path, head(SMALL, "ending")) as journal:
        assert list(journal.done) == [FIRST]
        journal.add(SECOND, {"wait_s": 1.5, "verdict": "stuck", "goodput_per_s": None})
    assert path.read_bytes() == whole


def test_a_journal_that_was_torn_in_its_first_line_begins_anew(tmp_path: Path) -> None:
    path = written(tmp_path, FIRST)
    path.write_bytes(path.read_bytes()[:30])
    with Journal(tmp_path, head(SMALL, "ending")) as journal:
        assert not journal.done


@pytest.mark.parametrize("key", ["clients.apps.count=900", "horizon=61s", "version=1.13.0"])
def test_a_journal_of_another_scenario_is_refused(tmp_path: Path, key: str) -> None:
    written(tmp_path, FIRST)
    other = load("incident-1.12", overrides=["horizon=60s", key])
    with pytest.raises(EvidenceError, match="another scenario"):
        Journal(tmp_path, head(other, "ending"))


def test_a_journal_of_another_question_is_refused(tmp_path: Path) -> None:
    written(tmp_path, FIRST)
    with pytest.raises(EvidenceError, match="another scenario, question"):
        Journal(tmp_path, head(SMALL, "state"))


def test_a_damaged_line_is_named_and_no_file_of_another_kind_is_touched(tmp_path: Path) -> None:
    path = written(tmp_path, FIRST, SECOND)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"{}\n", lines[2]]))
    with pytest.raises(EvidenceError, match="line 2, is damaged"):
        Journal(tmp_path, head(SMALL, "ending"))
    path.write_bytes(b"my notes\nof the year\n")
    with pytest.raises(EvidenceError, match="no journal"):
        Journal(tmp_path, head(SMALL, "ending"))
    assert path.read_bytes() == b"my notes\nof the year\n"


def test_two_runs_at_once_cannot_write_one_journal(tmp_path: Path) -> None:
    with Journal(tmp_path, head(SMALL, "ending")), pytest.raises(EvidenceError, match="another run"):
        Journal(tmp_path, head(SMALL, "ending"))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / NAME).symlink_to(target)
    with pytest.raises(EvidenceError, match="cannot be opened"):
        Journal(folder, head(SMALL, "ending"))
    assert target.read_text() == "precious"
