"""The cache answers as reading does, and nothing in it can break a run."""

import stat
from pathlib import Path

import pytest

from snowpit.ingest import cache as shelf
from snowpit.ingest import read
from snowpit.model.evidence import Coverage
from snowpit.store import Tables
from support.events import event


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shelf, "LARGE", 1)
    path = tmp_path / "audit.log"
    lines = [
        event(f"{n}", stage, code=200, at=n % 60)
        for n in range(40)
        for stage in ("RequestReceived", "ResponseComplete")
    ]
    path.write_bytes(b"".join([*lines, event("open", "RequestReceived"), lines[0], lines[1], b"garbage\n"]))
    return path


def ask(*paths: Path, cache: Path) -> tuple[Coverage, list[tuple[object, ...]]]:
    with Tables() as tables:
        coverage = read([str(path) for path in paths], tables=tables, cache=cache)
        return coverage, tables.run("SELECT * FROM stored ORDER BY file, line, audit_id")


def test_a_second_question_gives_the_same_coverage_and_rows(log: Path, tmp_path: Path) -> None:
    first = ask(log, cache=tmp_path / "cache")
    entry = next((tmp_path / "cache").iterdir())
    written = entry.stat().st_mtime_ns
    assert ask(log, cache=tmp_path / "cache") == first
    assert entry.stat().st_mtime_ns == written
    assert first[0].files[0].rejected


@pytest.mark.parametrize("rule", ["SECRET", "BLANKED", "PART", "__version__"])
def test_another_rule_for_the_content_makes_entries_unknown(
    rule: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shelf.key(str(log), log.stat().st_size)
    monkeypatch.setattr(shelf, rule, "another")
    assert shelf.key(str(log), log.stat().st_size) != before


def test_a_renamed_copy_is_found_by_its_content(log: Path, tmp_path: Path) -> None:
    _, rows = ask(log, cache=tmp_path / "cache")
    copy = log.rename(tmp_path / "other.log")
    coverage, again = ask(copy, cache=tmp_path / "cache")
    assert again == rows
    assert coverage.files[0].path == str(copy)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_an_entry_is_merged_anew_with_other_files(log: Path, tmp_path: Path) -> None:
    ask(log, cache=tmp_path / "cache")
    more = tmp_path / "more.log"
    more.write_bytes(
        event("open", "ResponseComplete", code=200, end=5) + event("3", "ResponseComplete", code=200, at=3)
    )
    coverage, rows = ask(log, more, cache=tmp_path / "cache")
    assert (len(rows), [file.duplicates for file in coverage.files]) == (41, [2, 1])


def test_changed_content_is_another_entry(log: Path, tmp_path: Path) -> None:
    ask(log, cache=tmp_path / "cache")
    log.write_bytes(log.read_bytes().replace(b"alice", b"carol"))
    _, rows = ask(log, cache=tmp_path / "cache")
    assert any("carol" in row for row in rows)


@pytest.mark.parametrize("damage", ["manifest", "part", "flipped", "cut part", "missing part", "counts"])
def test_a_damaged_entry_is_written_anew(damage: str, log: Path, tmp_path: Path) -> None:
    first = ask(log, cache=tmp_path / "cache")
    entry = next((tmp_path / "cache").iterdir())
    part = next(entry.glob("*.parquet"))
    if damage == "manifest":
        (entry / shelf.MANIFEST).write_text("{")
    elif damage == "part":
        part.write_bytes(b"x" * part.stat().st_size)
    elif damage == "flipped":
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 0x5A
        part.write_bytes(content)
    elif damage == "cut part":
        part.write_bytes(part.read_bytes()[:-10])
    elif damage == "missing part":
        part.unlink()
    else:
        (entry / shelf.MERGED / "counts.json").write_text("[]")
    assert ask(log, cache=tmp_path / "cache") == first
    assert ask(log, cache=tmp_path / "cache") == first


def test_entries_are_private_listed_and_cleared(log: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    ask(log, cache=cache)
    for path in cache.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    [entry] = shelf.entries(cache)
    assert entry.events == 83
    assert entry.size_bytes == shelf.clear(cache) > 0
    assert shelf.entries(cache) == []
    assert shelf.entries(tmp_path / "none") == []


def test_an_interruption_leaves_no_entry(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shelf, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(log, cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_does_not_stop_a_run(log: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    coverage, _ = ask(log, cache=blocked)
    assert coverage.events == 83
