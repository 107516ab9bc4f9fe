"""Damage: what is whole is kept, what is not is named and placed."""

import json
from itertools import pairwise

import pytest
from scanning import RECEIVED, assert_accounted, event, line, rows, scan, verdicts

from snowpit.ingest.tolerant import Kind
from snowpit.ingest.tolerant.cutter import Cutter

LINES = Kind("lines", "audit log (JSON lines)")
DOCUMENT = Kind("document", "audit log (JSON)")
GOOD = line() + b"\n"


def outcome(data: bytes, kind: Kind = LINES) -> list[tuple[str, int]]:
    chunks = scan(data, kind)
    assert_accounted(data, chunks)
    assert scan(data, kind, sizes=(13,)) == chunks
    return [(chunk.verdict, len(chunk.rows)) for chunk in chunks]


def test_a_truncated_first_line_is_named() -> None:
    assert outcome(GOOD[50:] + GOOD) == [("reject:cut off at the start", 0), ("event", 1)]


def test_a_truncated_last_line_is_named() -> None:
    assert outcome(GOOD + GOOD[:90]) == [("event", 1), ("reject:cut off at the end", 0)]


def test_garbage_between_lines_is_named_and_placed() -> None:
    chunks = scan(GOOD + b"#### \xff\xfe what\n" + GOOD, LINES)
    assert [chunk.verdict for chunk in chunks] == ["event", "reject:not JSON", "event"]
    assert (chunks[1].line, chunks[1].offset, chunks[1].length) == (2, len(GOOD), 13)


def test_a_line_cut_in_the_middle_and_glued_to_the_next_gives_the_next() -> None:
    assert outcome(GOOD[:120] + GOOD + GOOD) == [("reject:broken JSON", 0), ("event", 1), ("event", 1)]


def test_two_events_on_one_line_are_both_kept() -> None:
    assert outcome(line() + GOOD) == [("event", 1), ("event", 1)]


def test_an_event_inside_another_is_salvaged_and_the_rest_is_a_reject() -> None:
    mixed = line()[:150] + line(verb="watch") + line()[150:] + b"\n"
    assert outcome(mixed + GOOD) == [
        ("reject:broken JSON", 0),
        ("event", 1),
        ("reject:broken JSON", 0),
        ("event", 1),
    ]
    assert rows(mixed, kind=LINES)[0]["verb"] == "watch"


def test_an_event_object_in_a_body_is_not_taken_for_an_audit_event() -> None:
    body = {"kind": "Event", "apiVersion": "v1", "involvedObject": {"kind": "Pod"}, "verb": "x"}
    assert outcome(line(requestObject=body) + b"\n") == [("event", 1)]
    assert outcome(line(requestObject=body)[:-1] + b"\n") == [("reject:broken JSON", 0)]


@pytest.mark.parametrize("where", ["before", "own line", "after"])
def test_runs_of_nul_bytes_are_skipped_and_the_events_kept(where: str) -> None:
    hole = b"\0" * 4096
    data = {"before": hole + GOOD, "own line": hole + b"\n" + GOOD, "after": line() + hole + b"\n"}[where]
    found = outcome(data)
    assert ("reject:NUL bytes", 0) in found
    assert ("event", 1) in found


def test_a_nul_byte_inside_an_event_costs_that_event_only() -> None:
    assert outcome(GOOD[:60] + b"\0\0\0" + GOOD[80:] + GOOD) == [("reject:broken JSON", 0), ("event", 1)]


def test_invalid_utf_8_in_a_value_keeps_the_event() -> None:
    bad = GOOD.replace(b"kubelet/v1.13.5", b"kubelet/\xff\xc3")
    assert outcome(bad) == [("event", 1)]
    assert rows(bad, kind=LINES)[0]["user_agent"].startswith("kubelet/\ufffd\ufffd")


@pytest.mark.parametrize("text", [r"a\ud800b", "a\x01b", "a\tb", r"a\u0000b"])
def test_control_characters_and_lone_surrogates_keep_the_event(text: str) -> None:
    bad = GOOD.replace(b"kubelet/v1.13.5", text.encode())
    assert outcome(bad) == [("event", 1)]
    rows(bad, kind=LINES)[0]["user_agent"].encode()


def test_a_duplicate_key_keeps_the_event() -> None:
    assert outcome(GOOD[:-2] + b',"verb":"get"}\n') == [("event", 1)]


@pytest.mark.parametrize("depth", [100, 20_000])
@pytest.mark.parametrize("name", ["requestObject", "annotations", "unknown"])
def test_deep_nesting_keeps_the_event(depth: int, name: str) -> None:
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    assert outcome(GOOD[:-2] + b',"' + name.encode() + b'":' + nested + b"}\n") == [("event", 1)]


def test_deep_nesting_that_never_ends_is_a_reject() -> None:
    assert outcome(b"[" * 50_000 + b"\n" + b'{"a":' * 50_000 + b"\n") == [("reject:broken JSON", 0)] * 2


def test_a_long_line_is_read() -> None:
    long = line(requestObject={"data": "x" * 3_000_000}) + b"\n"
    assert outcome(GOOD + long + GOOD) == [("event", 1)] * 3


def test_an_endless_line_is_dropped_and_placed() -> None:
    cutter = Cutter(1000)
    data = GOOD + b"x" * 5000 + b"\n" + GOOD
    cuts = [cut for start in range(0, len(data), 7) for cut in cutter.feed(data[start : start + 7])]
    assert [(len(cut.line), cut.dropped) for cut in cuts] == [(len(GOOD), 0), (0, 5001), (len(GOOD), 0)]
    assert cuts[1].as_reject()[:4] == (5001, 1, True, "reject:line too long")


def test_a_huge_batch_on_one_line_is_read_member_by_member() -> None:
    batch = b'{"kind":"EventList","items":[' + b",".join([line()] * 9000) + b"]}\n"
    chunks = scan(GOOD + batch + GOOD, LINES)
    assert_accounted(GOOD + batch + GOOD, chunks)
    assert max(len(chunk.rows) for chunk in chunks) == 1
    assert sum(len(chunk.rows) for chunk in chunks) == 9002


def test_blank_lines_are_empty() -> None:
    assert outcome(b"\n\r\n  \n" + GOOD + b"\n") == [("empty", 0)] * 3 + [("event", 1), ("empty", 0)]


def test_lines_of_a_component_log_between_events_are_of_another_kind() -> None:
    assert outcome(GOOD + b"I1122 11:49:21.182997    6599 flags.go:33] FLAG\n") == [
        ("event", 1),
        ("other", 0),
    ]


def test_a_truncated_batch_keeps_the_events_before_the_cut() -> None:
    batch = json.dumps({"kind": "EventList", "items": [event(), event(), event()]}, indent=1).encode()
    found = outcome(batch[: len(batch) - 300], DOCUMENT)
    assert [verdict for verdict, _ in found if verdict not in ("empty", "other")] == [
        "event",
        "event",
        "reject:cut off at the end",
    ]


def test_a_lost_quote_in_a_pretty_array_does_not_cost_the_rest() -> None:
    parts = [json.dumps(event(verb=verb), indent=1) for verb in ("get", "list", "watch", "patch")]
    parts[1] = parts[1].replace('"level"', '"level')
    data = ("[\n" + ",\n".join(parts) + "\n]\n").encode()
    verbs = [row["verb"] for row in rows(data, kind=DOCUMENT)]
    outcome(data, DOCUMENT)
    assert verbs == ["get", "watch", "patch"]


def test_a_lost_brace_in_a_pretty_array_does_not_cost_the_rest() -> None:
    parts = [json.dumps(event(verb=verb), indent=1) for verb in ("get", "list", "watch", "patch")]
    parts[1] = parts[1][:-1]
    data = ("[\n" + ",\n".join(parts) + "\n]\n").encode()
    outcome(data, DOCUMENT)
    assert [row["verb"] for row in rows(data, kind=DOCUMENT)] == ["get", "watch", "patch"]


def test_a_truncated_first_document_is_a_reject_and_the_next_is_read() -> None:
    pretty = json.dumps(event(), indent=1).encode() + b"\n"
    found = outcome(pretty[100:] + pretty, DOCUMENT)
    assert ("event", 1) in found
    assert any(verdict.startswith("reject") for verdict, _ in found)


def test_a_value_beyond_all_bounds_is_a_reject_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowpit.ingest.tolerant.documents.LARGEST", 100_000)
    big = json.dumps({"kind": "x", "data": "y" * 300_000}).encode()
    data = b"[" + big + b",\n" + line() + b"]"
    chunks = scan(data, DOCUMENT, sizes=(10_000,))
    assert_accounted(data, chunks)
    assert "reject:value too long" in [chunk.verdict for chunk in chunks]
    assert [row["received"] for chunk in chunks for row in chunk.rows] == [RECEIVED]


def test_a_csv_record_with_a_lost_quote_does_not_stop_the_reader() -> None:
    quoted = line().decode().replace('"', '""')
    data = f'log_s,x\n"{quoted}",1\n"{quoted}"",1\n"{quoted}",1\n'.encode()
    chunks = scan(data)
    assert_accounted(data, chunks)
    assert chunks[1].verdict == "event"
    assert any(chunk.verdict.startswith("reject") for chunk in chunks)


def test_yaml_that_names_one_value_very_often_does_not_hang() -> None:
    names = "abcdefghijkl"
    levels = "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise(names))
    data = f"a: &a [x]\n{levels}items: *l\nauditID: q\n".encode()
    assert verdicts(data, kind=Kind("yaml", "audit log (YAML)")) == ["reject:too many members"]


def test_broken_yaml_is_a_reject() -> None:
    assert verdicts(b"auditID: [\n---\nauditID: {", kind=Kind("yaml", "x")) == ["reject:broken YAML"] * 2


def test_a_list_at_the_margin_of_a_yaml_entry_does_not_end_it() -> None:
    data = (
        b"auditID: a\nsourceIPs:\n- 10.0.0.1\n- 10.0.0.2\nverb: get\nstageTimestamp: 2019-10-17T08:13:20Z\n"
    )
    (row,) = rows(data, kind=Kind("yaml", "x"))
    assert (row["source"], row["verb"]) == ("10.0.0.1", "get")


def test_yaml_items_are_read_one_by_one_and_a_huge_one_is_a_reject() -> None:
    item = "- auditID: a\n  stage: Panic\n  stageTimestamp: 2019-10-17T08:13:20Z\n"
    data = (item + item + "- auditID: b\n" + ("  x: " + "y" * 500 + "\n") * 9_000 + item).encode()
    chunks = scan(data, Kind("yaml", "x"), sizes=(100_000,))
    assert_accounted(data, chunks)
    assert [chunk.verdict for chunk in chunks if chunk.rows] == ["event"] * 3
    assert {chunk.verdict for chunk in chunks if not chunk.rows} == {"reject:value too long"}


def test_thousands_of_blank_lines_in_yaml_do_not_hang() -> None:
    blank = b"\n" * 2_000
    assert verdicts(b"# by hand" + blank + b"  # the end", kind=Kind("yaml", "x")) == ["other"]
    assert verdicts(blank + b"nothing of ours\n", kind=Kind("yaml", "x"))[-1].startswith(("other", "reject"))
    (row,) = rows(
        b"# by hand"
        + blank
        + b"kind: Event\napiVersion: audit.k8s.io/v1\nauditID: a\nverb: get\nrequestURI: /api\n"
        b"stage: ResponseComplete\nrequestReceivedTimestamp: 2019-10-17T08:13:20Z\n"
        b"stageTimestamp: 2019-10-17T08:13:20Z\n",
        kind=Kind("yaml", "x"),
    )
    assert row["audit_id"] == "a"
