"""No input breaks the reader of component logs: every byte is accounted for and nothing is raised."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.errors import EvidenceError
from snowpit.ingest.logs import blocks as cutting
from snowpit.ingest.logs import reader
from snowpit.ingest.logs.shapes import shape_of
from support.component_logs import (
    ACCESS,
    LOG,
    NOTHING,
    STAMP,
    TRACE,
    WAIT,
    WRAPPED,
    accounted,
    plain,
    read_bytes,
)

PIECES = (
    *(f"{entry}\n".encode() for entry in LOG),
    b"\n",
    b"\r\n",
    b"\0",
    b"I0230 11:51:46.735653       1 a.go:1] Version: v1.0.0\n",
    b"E1122 25:99:99.999999       1 a.go:1] took too long (9999999999999h)\n",
    b"2026-11-22 11:51:46.735653 W | etcdserver: took too long (1s) to execute\n",
    b'{"ts":1e400,"msg":"took too long","v":0}\n',
    b'{"ts":"x","level":"warn","msg":"took too long","took":[1]}\n',
    b'{"log":"I1122 11:51:46.1 1 a.go:1] x","stream":"stderr","time":7}\n',
    b'{"MESSAGE":[73,300,"a"],"__REALTIME_TIMESTAMP":"9","_BOOT_ID":"b"}\n',
    f"{STAMP} stderr P ".encode(),
    b'"HTTP" verb="GET" URI="/api//x" latency="1s" userAgent="a" srcIP="" resp=2000\n',
    b'{"kind":"Event","auditID":"x"}\n',
    b'"',
    "\u00b5\udcff".encode("utf-8", "surrogatepass"),
)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(WRAPPED)),
    pieces=st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=40)), max_size=12),
    cut=st.integers(0, 400),
)
def test_every_line_and_byte_is_accounted_for(name: str, pieces: list[bytes], cut: int) -> None:
    whole = WRAPPED[name](LOG)
    data = whole + b"".join(pieces) + whole[: cut % len(whole)]
    if reader.recognise(data[: 64 << 10]) is None:
        return
    # A log has one wrapping: the one that most lines have.
    alike = shape_of(data[: 64 << 10]) == shape_of(whole)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read_bytes(Path(folder), data)
        except EvidenceError:  # lines of the other wrapping may tell nothing
            assert not alike
            return
    coverage = found.coverage
    assert accounted(coverage)
    assert coverage.bytes == len(data)
    assert coverage.lines == data.count(b"\n") + (not data.endswith(b"\n"))
    assert len(found.lines) >= 2 or not alike


@pytest.mark.parametrize("size", [1, 200, 700, 5000])
def test_rows_do_not_depend_on_where_blocks_end(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = plain([NOTHING, TRACE, ACCESS, WAIT, NOTHING, "", TRACE, "stray", ACCESS] * 5)
    whole = read_bytes(tmp_path, data)
    monkeypatch.setattr(cutting, "BLOCK_BYTES", size)
    monkeypatch.setattr("snowpit.ingest.stream.CHUNK", 64)
    monkeypatch.setattr("snowpit.ingest.stream.Reader.chunk", _small_chunk)
    cut = read_bytes(tmp_path, data)
    assert (cut.lines, cut.requests) == (whole.lines, whole.requests)
    assert len(cut.requests) == 10
    assert accounted(cut.coverage)


def _small_chunk(self: object, most: int = 64) -> bytes:
    """Some next bytes, few at a time."""
    del most
    return self.read(97)  # type: ignore[attr-defined,no-any-return]


def test_an_endless_line_is_rejected_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(cutting, "LONGEST_LINE", 3000)
    monkeypatch.setattr(cutting, "_BACK", 100)
    monkeypatch.setattr("snowpit.ingest.stream.Reader.chunk", _small_chunk)
    found = read_bytes(tmp_path, plain([NOTHING, "x" * 20_000, WAIT]))
    assert found.coverage.rejected == {"line too long": 1}
    assert (found.coverage.rejected_at[0].line, found.coverage.rejected_at[0].length) == (2, 20_001)
    assert [row["line"] for row in found.lines] == [3]
    assert accounted(found.coverage)
