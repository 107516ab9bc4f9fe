"""Stages of one request become one row; repeats are counted where they stand."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from snowpit.errors import EvidenceError
from snowpit.ingest import read
from snowpit.model.evidence import Coverage
from snowpit.store import Tables
from support.events import event


def run(tmp_path: Path, files: dict[str, bytes], sql: str) -> tuple[Coverage, list[tuple[Any, ...]]]:
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with Tables() as tables:
        coverage = read([str(tmp_path / name) for name in files], tables=tables)
        return coverage, tables.run(sql)


def test_a_request_received_and_completed_is_one_row(tmp_path: Path) -> None:
    log = event("a", "RequestReceived", at=1) + event("a", "ResponseComplete", code=200, at=1, end=3)
    coverage, rows = run(tmp_path, {"a.log": log}, "SELECT audit_id, stage, latency, line FROM requests")
    assert rows == [("a", "ResponseComplete", 2_000_000, 2)]
    assert (coverage.files[0].kept, coverage.files[0].merged) == (1, 1)


def test_a_request_without_an_end_is_open_and_a_started_response_is_a_watch_in_progress(
    tmp_path: Path,
) -> None:
    log = (
        event("a", "RequestReceived")
        + event("b", "RequestReceived")
        + event("b", "ResponseStarted", code=200)
    )
    coverage, rows = run(tmp_path, {"a.log": log}, "SELECT audit_id, stage, outcome FROM requests ORDER BY 1")
    assert rows == [("a", "RequestReceived", "open"), ("b", "ResponseStarted", "open")]
    assert (coverage.files[0].kept, coverage.files[0].merged) == (2, 1)


def test_a_failed_authentication_ends_with_its_start(tmp_path: Path) -> None:
    log = event("a", "ResponseStarted", code=401, end=1, user={}, verb="list")
    _, rows = run(tmp_path, {"a.log": log}, 'SELECT "user", code, outcome, latency FROM requests')
    assert rows == [(None, 401, "unauthorized", 1_000_000)]


def test_a_panic_is_kept_before_a_completion(tmp_path: Path) -> None:
    log = event("a", "ResponseComplete", code=200) + event("a", "Panic", code=500)
    _, rows = run(tmp_path, {"a.log": log}, "SELECT stage, outcome FROM requests")
    assert rows == [("Panic", "server_error")]


def test_a_file_given_twice_is_all_duplicates_the_second_time(tmp_path: Path) -> None:
    log = b"".join(event(f"{n}", "ResponseComplete", code=200, at=n) for n in range(20)) + event(
        "x", "RequestReceived"
    )
    coverage, rows = run(tmp_path, {"a.log": log, "b/a.log": log}, "SELECT count(*), max(file) FROM stored")
    assert rows == [(21, 0)]
    assert [(file.kept, file.duplicates) for file in coverage.files] == [(21, 0), (0, 21)]


def test_a_request_may_begin_in_one_file_and_end_in_the_next(tmp_path: Path) -> None:
    files = {"1.log": event("a", "RequestReceived"), "2.log": event("a", "ResponseComplete", code=200, end=9)}
    coverage, rows = run(tmp_path, files, "SELECT file, latency FROM requests")
    assert rows == [(1, 9_000_000)]
    assert [(file.kept, file.merged) for file in coverage.files] == [(0, 1), (1, 0)]


def test_a_repeat_on_the_same_line_is_dropped_alone(tmp_path: Path) -> None:
    one, two = (event(name, "ResponseComplete", code=200) for name in "ab")
    _, rows = run(
        tmp_path, {"a.log": one + one.rstrip(b"\n") + two}, "SELECT audit_id FROM stored ORDER BY 1"
    )
    assert rows == [("a",), ("b",)]


def test_an_end_that_names_no_user_takes_it_from_the_beginning(tmp_path: Path) -> None:
    log = (
        b'2017-03-21T03:57:09.106841886-04:00 AUDIT: id="c939d2a7" ip="127.0.0.1" method="GET" user="admin"'
        b' groups="\\"system:masters\\"" as="<self>" asgroups="<lookup>" namespace="default"'
        b' uri="/api/v1/namespaces/default/pods"\n'
        b'2017-03-21T03:57:09.108403639-04:00 AUDIT: id="c939d2a7" response="200"\n'
    )
    sql = 'SELECT "user", verb, code, latency FROM requests'
    coverage, rows = run(tmp_path, {"a.log": log}, sql)
    assert rows in ([("admin", "list", 200, 1561)], [("admin", "list", 200, 1562)])
    assert (coverage.files[0].kept, coverage.files[0].merged) == (1, 1)


def test_logs_of_several_servers_are_told_apart_by_their_place(tmp_path: Path) -> None:
    files = {
        f"{host}/{name}": event(f"{host}{name}", "ResponseComplete", code=200)
        for host in ("m1", "m2")
        for name in ("audit.log", "audit-2018-12-05T23-11-19.645.log")
    }
    coverage, rows = run(tmp_path, files, "SELECT server, count(*) FROM stored GROUP BY 1 ORDER BY 1")
    assert rows == [("m1", 2), ("m2", 2)]
    assert {file.servers for file in coverage.files} == {("m1",), ("m2",)}


def test_the_table_of_files_names_every_file(tmp_path: Path) -> None:
    files = {"a.log": event("a", "Panic", code=500), "b.txt": b"nothing of interest\n"}
    coverage, rows = run(tmp_path, files, "SELECT file, path FROM files ORDER BY 1")
    assert rows == [(number, file.path) for number, file in enumerate(coverage.files)]
    assert coverage.files[1].events == 0


def test_evidence_without_an_event_is_an_error_that_says_what_it_was_taken_for(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"a\.txt was taken for") as error:
        run(tmp_path, {"a.txt": b"hello\nworld\n"}, "SELECT 1")
    assert error.value.hint
    with pytest.raises(EvidenceError, match="is empty"):
        run(tmp_path, {"empty.log": b""}, "SELECT 1")
    with pytest.raises(EvidenceError, match="No such file") as missing, Tables() as tables:
        read([str(tmp_path / "missing")], tables=tables)
    assert missing.value.hint


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (gzip.compress(b"x" * 99)[:12], "cut off"),
        (b"PK\x03\x04" + b"x" * 40, "cut off"),
        ("{}".encode("utf-16"), "iconv"),
        ('{"kind":"Event"}'.encode("utf-16-le"), "iconv"),
    ],
    ids=["gzip", "zip", "UTF-16", "UTF-16 without a mark"],
)
def test_a_file_that_gives_nothing_gets_the_hint_that_helps(
    content: bytes, hint: str, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(EvidenceError) as error, Tables() as tables:
        read([str(tmp_path / "a")], tables=tables)
    assert hint in error.value.hint
