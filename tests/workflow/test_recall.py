"""Observations come back as they were kept, or not at all."""

from pathlib import Path

import pytest

from snowpit.ingest.cache import key
from snowpit.workflow.recall import keep, place, recalled
from support.observed import healthy


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.log"
    path.write_text('{"kind":"Event"}\n')
    return path


@pytest.fixture
def shelf(tmp_path: Path, log: Path) -> Path:
    """A cache that has an entry for the log."""
    name = key(str(log), log.stat().st_size)
    assert name is not None
    entry = tmp_path / "cache" / name
    entry.mkdir(parents=True)
    return entry.parent


def test_what_is_kept_comes_back_equal(log: Path, shelf: Path) -> None:
    kept = place([str(log)], shelf, ["", "", ""])
    keep(kept, healthy())
    assert recalled(kept) == healthy()


def test_another_question_another_place(log: Path, shelf: Path) -> None:
    places = {place([str(log)], shelf, question) for question in (["", ""], ["-5m", ""], ["", "-5m"])}
    assert len(places) == 3


def test_a_damaged_file_is_no_answer(log: Path, shelf: Path) -> None:
    kept = place([str(log)], shelf, [])
    assert kept is not None
    keep(kept, healthy())
    kept.write_bytes(kept.read_bytes()[:-20])
    assert recalled(kept) is None


def test_nothing_is_kept_of_evidence_that_is_not_in_the_cache(log: Path, shelf: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    other.write_text("{}\n")
    assert place([str(log), str(other)], shelf, []) is None
    assert place([str(log), "-"], shelf, []) is None
    assert place([str(log)], None, []) is None
    assert recalled(None) is None


def test_a_place_that_cannot_be_written_is_no_failure(log: Path, shelf: Path) -> None:
    kept = place([str(log)], shelf, [])
    assert kept is not None
    gone = kept.parent / "gone" / kept.name
    keep(gone, healthy())
    assert recalled(gone) is None
    assert not list(shelf.rglob("tmp-*"))
