"""Whatever happens to a log, every byte is accounted for and no good event is lost."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from snowpit.errors import EvidenceError
from snowpit.ingest import read
from snowpit.model.evidence import FileCoverage
from snowpit.store import Tables

DAMAGES = {
    "cut": lambda line: line[: len(line) // 2],
    "NULs before": lambda line: b"\0" * 30 + line,
    "NULs alone": lambda line: b"\0" * 9 + b"\n" + line,
    "garbage before": lambda line: b"E1121 something went wrong\n" + line,
    "BOM": lambda line: b"\xef\xbb\xbf" + line,
    "bad UTF-8 in it": lambda line: line.replace(b"kubelet", b"kub\xff\xfelet"),
    "glued": lambda line: line.rstrip(b"\n"),
    "CRLF": lambda line: line.replace(b"\n", b"\r\n"),
    "blank before": lambda line: b"\n" + line,
    "spaces before": lambda line: b" \t \n" + line,
    "blanks before": lambda line: b"\r\n\n\n" + line,
    "twice": lambda line: line + line,
    "other JSON before": lambda line: b'{"kind":"Pod"}\n' + line,
    "array before": lambda line: b"[1, 2, 3]\n" + line,
    "wrong types": lambda line: line.replace(b'"code":200', b'"code":"two hundred"'),
    "lone surrogate": lambda line: line.replace(b'"userAgent":"', b'"userAgent":"\\ud800'),
    "indented": lambda line: b"   " + line,
    "one zone away": lambda line: line.replace(b'Z"', b'+00:00"'),
    "no end": lambda line: line + b"{",
}
HARMLESS = {
    "BOM",
    "NULs alone",
    "NULs before",
    "garbage before",
    "glued",
    "CRLF",
    "blank before",
    "spaces before",
    "blanks before",
    "twice",
    "other JSON before",
    "array before",
    "indented",
    "one zone away",
}
"""Damages after which the event itself is whole."""


def event(number: int, *, stage: str = "ResponseComplete") -> bytes:
    ending = b',"responseStatus":{"metadata":{},"code":200}' if stage == "ResponseComplete" else b""
    return (
        b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"%08d-aaaa","stage":"%s",'
        b'"requestURI":"/api/v1/nodes/n%d?timeout=10s","verb":"get","user":{"username":"system:node:n%d","groups":'
        b'["system:nodes","system:authenticated"]},"sourceIPs":["10.0.0.%d"],"userAgent":"kubelet/v1.13.5","objectRef":'
        b'{"resource":"nodes","name":"n%d","apiVersion":"v1"}%s,"requestReceivedTimestamp":"2026-11-22T11:50:%02d.000001Z",'
        b'"stageTimestamp":"2026-11-22T11:50:%02d.250001Z"}\n'
        % (number, stage.encode(), number, number, number % 250, number, ending, number % 60, number % 60)
    )


def sums_hold(file: FileCoverage) -> bool:
    rejected = sum(file.rejected.values())
    return (
        file.lines == file.event_lines + file.empty_lines + file.other_lines + rejected
        and file.bytes == file.event_bytes + file.empty_bytes + file.other_bytes + file.rejected_bytes
        and file.events == file.kept + file.merged + sum(file.skipped.values()) + file.duplicates
    )


def lines_of(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def read_bytes(
    data: bytes, directory: Path, name: str = "audit.log"
) -> tuple[FileCoverage, list[tuple[object, ...]]]:
    path = directory / name
    path.write_bytes(data)
    with Tables() as tables:
        coverage = read([str(path)], tables=tables)
        rows = tables.run("SELECT audit_id, line FROM stored ORDER BY line, audit_id")
    return coverage.files[0], rows


damaged_logs = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["", "", "", *DAMAGES])), min_size=3, max_size=30
).map(lambda picks: [(number, damage) for number, damage in picks])

relaxed = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@relaxed
@given(picks=damaged_logs, tail=st.sampled_from([b"", b"\n", b"{", b" ", b"\0"]))
@example(picks=[(1, ""), (2, "glued"), (3, "")], tail=b"")
@example(picks=[(1, ""), (2, ""), (3, "blank before"), (4, "cut"), (5, "blanks before"), (6, "")], tail=b"\n")
def test_every_byte_of_a_damaged_log_is_accounted_for(
    picks: list[tuple[int, str]], tail: bytes, tmp_path: Path
) -> None:
    data = (
        event(99) + b"".join(DAMAGES[damage](event(n)) if damage else event(n) for n, damage in picks) + tail
    )
    file, rows = read_bytes(data, tmp_path)
    assert (file.bytes, file.lines) == (len(data), lines_of(data))
    assert sums_hold(file)
    good = {f"{n:08d}-aaaa" for n, damage in [(99, ""), *picks] if not damage or damage in HARMLESS}
    assert good <= {row[0] for row in rows}


@relaxed
@given(picks=damaged_logs)
def test_rejected_places_and_rows_point_at_their_lines(picks: list[tuple[int, str]], tmp_path: Path) -> None:
    data = event(99) + b"".join(DAMAGES[damage](event(n)) if damage else event(n) for n, damage in picks)
    file, rows = read_bytes(data, tmp_path)
    lines = data.split(b"\n")
    for place in file.rejected_at:
        start = sum(len(line) + 1 for line in lines[: place.line - 1])
        assert start <= place.offset <= start + len(lines[place.line - 1])
        assert place.offset + place.length <= len(data)
    for identity, line in rows:
        assert str(identity).encode() in lines[int(str(line)) - 1]


def _zip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("audit.log", data)
    return buffer.getvalue()


def _tar(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("var/log/" + "a" * 120 + "/audit.log")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip members": lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]) + b"\0" * 512,
    "zstd": zstandard.compress,
    "zstd frames": lambda data: zstandard.compress(data[:700]) + zstandard.compress(data[700:]),
    "pzstd": lambda data: b"".join(
        b"\x50\x2a\x4d\x18\x04\0\0\0" + len(frame).to_bytes(4, "little") + frame
        for frame in (zstandard.compress(data[:700]), zstandard.compress(data[700:]))
    ),
    "bzip2": bz2.compress,
    "bzip2 streams": lambda data: bz2.compress(data[:700]) + bz2.compress(data[700:]),
    "xz": lzma.compress,
    "zip": _zip,
    "tar": _tar,
    "tar.gz": lambda data: gzip.compress(_tar(data)),
    "tar of gz": lambda data: _tar(gzip.compress(data)),
    "zip of tar.xz of gz": lambda data: _zip(lzma.compress(_tar(gzip.compress(data)))),
    "gz of zip": lambda data: gzip.compress(_zip(data)),
}
STREAMS = ("gzip", "gzip members", "zstd", "zstd frames", "bzip2", "xz", "tar", "tar.gz", "tar of gz")


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_gives_the_same_rows_as_the_log_inside(container: str, tmp_path: Path) -> None:
    data = b"".join(event(n) for n in range(40))
    plain, expected = read_bytes(data, tmp_path)
    file, rows = read_bytes(CONTAINERS[container](data), tmp_path, "evidence")
    assert rows == expected
    assert (file.bytes, file.lines, file.truncated, file.notes) == (plain.bytes, plain.lines, "", [])
    assert sums_hold(file)


@relaxed
@given(container=st.sampled_from(STREAMS), share=st.floats(0.2, 0.999))
def test_what_came_before_a_truncation_is_kept_and_the_truncation_reported(
    container: str, share: float, tmp_path: Path
) -> None:
    data = b"".join(event(n) for n in range(200))
    whole = CONTAINERS[container](data)
    if container in ("tar", "tar of gz", "gzip members"):
        whole = whole.rstrip(b"\0")
    path = tmp_path / "evidence"
    path.write_bytes(whole[: int(len(whole) * share)])
    with Tables() as tables:
        try:
            files = read([str(path)], tables=tables).files
        except EvidenceError as error:
            assert any(word in error.message for word in ("damaged", "early", "cut off"))  # noqa: PT017
            return
        [(count,)] = tables.run("SELECT count(*) FROM stored")
    assert all(sums_hold(file) for file in files)
    assert any(file.truncated for file in files)
    assert count == files[0].kept == files[0].lines - sum(files[0].rejected.values())


@pytest.mark.parametrize("container", STREAMS)
def test_flipped_bytes_in_a_container_raise_nothing_but_evidence_errors(
    container: str, tmp_path: Path
) -> None:
    whole = CONTAINERS[container](b"".join(event(n) for n in range(60)))
    for place in range(5, len(whole), max(1, len(whole) // 12)):
        broken = bytearray(whole)
        broken[place] ^= 0xA5
        try:
            file, _ = read_bytes(bytes(broken), tmp_path, "evidence")
        except EvidenceError:
            continue
        assert sums_hold(file)


def test_a_line_of_20_mb_is_read_like_any_other(tmp_path: Path) -> None:
    long = event(7).replace(b'"verb"', b'"requestObject":{"data":"' + b"x" * (20 << 20) + b'"},"verb"')
    data = event(1) + long + event(2)
    file, rows = read_bytes(data, tmp_path)
    assert [row[1] for row in rows] == [1, 2, 3]
    assert (file.bytes, file.lines, file.events) == (len(data), 3, 3)
    assert sums_hold(file)
