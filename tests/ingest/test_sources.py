"""Directories, archives and standard input, and the names they give."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from snowpit.ingest import Progress, blocks, read, servers, sources
from snowpit.ingest.reading import LEFT_OUT
from snowpit.ingest.stream import Fate, Reader
from snowpit.ingest.tarball import is_tar, members
from snowpit.store import Tables
from support.events import event

GOOD = b"".join(event(f"{n}", "ResponseComplete", code=200, at=n % 60) for n in range(30))


def test_a_directory_is_walked_in_order_and_what_is_no_file_is_noted(tmp_path: Path) -> None:
    (tmp_path / "d/b").mkdir(parents=True)
    (tmp_path / "d/b/2.log").write_bytes(GOOD)
    (tmp_path / "d/1.log").write_bytes(event("first", "Panic", code=500))
    os.mkfifo(tmp_path / "d/pipe")
    (tmp_path / "d/loop").symlink_to(tmp_path / "d")
    (tmp_path / "d/gone").symlink_to(tmp_path / "nowhere")
    with Tables() as tables:
        files = read([str(tmp_path / "d")], tables=tables).files
    read_files = [Path(file.path).name for file in files if file.kind != LEFT_OUT]
    assert read_files == ["1.log", "2.log"]
    assert {Path(file.path).name for file in files if file.kind == LEFT_OUT} == {"pipe", "loop", "gone"}
    assert all(file.notes for file in files if file.kind == LEFT_OUT)


def test_standard_input_may_be_compressed(tmp_path: Path) -> None:
    with Tables() as tables:
        [file] = read(["-"], tables=tables, stdin=io.BytesIO(gzip.compress(GOOD)), cache=tmp_path / "c").files
    assert (file.path, file.container, file.events) == ("-", ("gzip",), 30)
    assert not (tmp_path / "c").exists()


def test_progress_tells_bytes_events_and_file(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(GOOD)
    told: list[Progress] = []
    with Tables() as tables:
        read([str(tmp_path / "a.log")], tables=tables, progress=told.append)
    assert told[-1] == Progress(len(GOOD), len(GOOD), 30, str(tmp_path / "a.log"))


def test_small_blocks_give_the_same_lines_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = GOOD[:4000] + b"\n\n" + GOOD[4000:] + b"garbage" + b"\n" + event("last", "Panic", code=500)
    (tmp_path / "a.log").write_bytes(data)
    results = []
    for size in (64 << 20, 1000):
        monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
        monkeypatch.setattr("snowpit.ingest.stream.CHUNK", 500)
        monkeypatch.setattr(sources, "CHUNK", 700)
        with Tables() as tables:
            coverage = read([str(tmp_path / "a.log")], tables=tables)
            results.append((coverage, tables.run("SELECT line, audit_id FROM stored ORDER BY 1, 2")))
    assert results[0] == results[1]


def test_a_line_longer_than_a_block_goes_to_the_tolerant_tier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = event("long", "ResponseComplete", code=200, requestObject={"data": "x" * 9000})
    (tmp_path / "a.log").write_bytes(GOOD + long + GOOD.replace(b'"auditID":"', b'"auditID":"b'))
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 2000)
    monkeypatch.setattr(blocks, "LONGEST_LINE", 2000)
    monkeypatch.setattr(sources, "CHUNK", 700)
    with Tables() as tables:
        [file] = read([str(tmp_path / "a.log")], tables=tables).files
    assert (file.events, file.lines, file.event_bytes) == (61, 61, file.bytes)


def test_names_of_members_are_printable() -> None:
    assert sources.text("a\x1b[31m\udcff/ü") == "a\ufffd[31m\ufffd/ü"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["audit.log"], [None]),
        (["audit.log", "audit.log.1", "audit-2018-12-05T23-11-19.645.log.gz"], [None, None, None]),
        (["m1-audit.log", "m2-audit.log"], ["m1-audit", "m2-audit"]),
        (["x.tar!m1/audit.log", "x.tar!m2/audit.log"], ["m1", "m2"]),
        (["d/m1/var/log/audit.log", "d/m2/var/log/audit.log"], ["m1", "m2"]),
    ],
)
def test_servers_are_what_distinguishes_the_places(labels: list[str], expected: list[str | None]) -> None:
    assert servers.distinguish(labels) == expected


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_tar_archives_of_every_form_are_read(form: int) -> None:
    buffer = io.BytesIO()
    name = "d/" * 40 + "ü" * 40 + ".log"
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for member in ("short.log", name if form != tarfile.USTAR_FORMAT else "other.log"):
            info = tarfile.TarInfo(member)
            info.size = 700
            archive.addfile(info, io.BytesIO(b"x" * 700))
        archive.addfile(tarfile.TarInfo("directory/"))
    fate = Fate()
    assert is_tar(buffer.getvalue()[:512])
    found = [(m.name, b"".join(m.content)) for m in members(Reader(iter([buffer.getvalue()])), fate)]
    expected = name if form != tarfile.USTAR_FORMAT else "other.log"
    assert found[:2] == [("short.log", b"x" * 700), (expected, b"x" * 700)]
    assert not fate.truncated
