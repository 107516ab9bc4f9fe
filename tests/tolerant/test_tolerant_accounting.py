"""Every byte lies in exactly one chunk, whatever the bytes are and however they arrive."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from scanning import assert_accounted, event, line, scan

from snowpit.ingest.tolerant import Kind, sniff

SHAPES = ("lines", "document", "yaml", "csv", "foreign")
PRETTY = json.dumps({"kind": "EventList", "items": [event(), event(verb="get")]}, indent=1).encode()
STAMP = b"2019-10-17T08:13:20.128999Z"
SEEDS = (
    (line() + b"\n") * 3,
    PRETTY,
    json.dumps([line().decode()] * 2, indent=1).encode(),
    STAMP + b" stdout P " + line()[:80] + b"\n" + STAMP + b" stdout F " + line()[80:] + b"\n",
    b'log_s,b\n"' + line().replace(b'"', b'""') + b'",1\n',
    b"---\nauditID: a\nstage: Panic\nverb: get\n---\n# x\n---\n",
    json.dumps({"log": line().decode(), "stream": "stdout"}).encode() + b"\n" + line() + b"\0\0\n",
    b'2016-09-07T13:03:57Z AUDIT: id="5c" ip="::1" method="GET" user="a" uri="/api"\n',
)
SCRAPS = (
    b"\n",
    b"\r\n",
    b"\0",
    b"\0" * 9,
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b",",
    b"\xff",
    b"---\n",
    b"\xef\xbb\xbf",
    line()[:70],
)

kinds = st.sampled_from(SHAPES).map(lambda shape: Kind(shape, "any"))
cuts = st.lists(st.integers(1, 400), min_size=1, max_size=6).map(tuple)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Samples glued together, with holes cut and scraps put in."""
    data = b"".join(draw(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(data)))
        hole = draw(st.integers(0, 40))
        data = (
            data[:start]
            + draw(st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=9)))
            + data[start + hole :]
        )
    return data


@settings(max_examples=150, deadline=None)
@given(data=damaged(), kind=kinds, sizes=cuts)
def test_chunks_cover_damaged_evidence_and_do_not_depend_on_cuts(
    data: bytes, kind: Kind, sizes: tuple[int, ...]
) -> None:
    whole = scan(data, kind)
    assert_accounted(data, whole)
    assert scan(data, kind, sizes=sizes) == whole


@settings(max_examples=100, deadline=None)
@given(data=damaged())
def test_what_a_file_is_can_always_be_told(data: bytes) -> None:
    assert sniff(data).shape in SHAPES
    assert_accounted(data, scan(data))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whole_lines_survive_damage_to_other_lines(data: st.DataObject) -> None:
    lines = [line(auditID=f"id-{number}") + b"\n" for number in range(6)]
    hit = data.draw(st.integers(0, 5))
    start = data.draw(st.integers(0, len(lines[hit]) - 2))
    end = data.draw(st.integers(start + 1, len(lines[hit]) - 1))
    lines[hit] = lines[hit][:start] + lines[hit][end:]
    chunks = scan(b"".join(lines), Kind("lines", "any"))
    kept = {row["audit_id"] for chunk in chunks for row in chunk.rows}
    assert kept >= {f"id-{number}" for number in range(6) if number != hit}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), cuts)
def test_a_batch_of_any_length_gives_one_row_an_event(kinds_of: list[int], sizes: tuple[int, ...]) -> None:
    members = [
        event(auditID=f"id-{n}") if kind else {"kind": "Pod", "n": n} for n, kind in enumerate(kinds_of)
    ]
    data = json.dumps({"kind": "EventList", "items": members}, indent=2).encode()
    found = [
        row["audit_id"] for chunk in scan(data, Kind("document", "any"), sizes=sizes) for row in chunk.rows
    ]
    assert found == [f"id-{n}" for n, kind in enumerate(kinds_of) if kind]
