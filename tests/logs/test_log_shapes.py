"""Logs of components read in every wrapping."""

import json
from pathlib import Path

import pytest

from snowpit.ingest.logs import recognise
from support.component_logs import (
    ACCESS,
    LOG,
    NOTHING,
    STAMP,
    WAIT,
    WRAPPED,
    accounted,
    plain,
    prefixed,
    read_bytes,
)
from support.events import event


@pytest.mark.parametrize("name", WRAPPED)
def test_every_wrapping_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, WRAPPED[name](LOG))
    assert name in found.coverage.kind
    assert [(row["kind"], row["seconds"], row["subject"]) for row in found.lines] == [
        ("throttled", 1.901288, "/api/v1/namespaces/bench/secrets/sa-1-token-abcde"),
        ("trace", 2.024487, "Create /apis/authentication.k8s.io/v1beta1/tokenreviews"),
    ]
    assert {row["component"] for row in found.lines} == {"kube-apiserver"}
    (request,) = found.requests
    assert (request["verb"], request["resource"], request["code"]) == ("create", "tokenreviews", 504)
    assert request["finished"] - request["received"] == 30_000_851
    assert request["finished"] == 1_795_348_306_751_283
    if name != "CSV":
        assert request["source"] == "10.0.3.17"
        assert request["user_agent"] == "kubelet/v1.12.4 (linux/amd64) kubernetes/f49fa02"
    assert accounted(found.coverage)
    assert not found.coverage.rejected


@pytest.mark.parametrize("name", ["journald", "syslog", "kubectl logs", "stern", "journald export"])
def test_a_wrapping_that_names_a_host_or_pod_names_the_server(name: str, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, WRAPPED[name](LOG))
    assert found.lines[0]["server"].endswith("master-0")
    assert found.coverage.servers == (found.lines[0]["server"],)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_lines_are_numbered_and_counted_whatever_ends_them(end: bytes, tmp_path: Path) -> None:
    data = plain([NOTHING, "", "", WAIT, ACCESS, WAIT]).replace(b"\n", end or b"\n")
    found = read_bytes(tmp_path, data if end else data[:-1])
    assert [row["line"] for row in found.lines] == [4, 12]
    assert found.requests[0]["line"] == 5
    assert (found.coverage.lines, found.coverage.empty_lines) == (12, 3)
    assert accounted(found.coverage)


def test_parts_of_a_line_cut_by_the_runtime_are_joined(tmp_path: Path) -> None:
    data = prefixed([NOTHING], f"{STAMP} stderr F ") + b"".join(
        f"{STAMP} stderr {flag} {part}\n".encode()
        for flag, part in (("P", WAIT[:60]), ("P", WAIT[60:120]), ("F", WAIT[120:]))
    )
    found = read_bytes(tmp_path, data)
    assert [(row["kind"], row["line"]) for row in found.lines] == [("throttled", 2)]
    assert accounted(found.coverage)


def test_klog_as_json_reads_as_klog_as_text(tmp_path: Path) -> None:
    messages = (
        {
            "ts": 1795348306735.653,
            "caller": "cmd/server.go:12",
            "msg": "Version info",
            "v": 0,
            "version": "v1.28.3",
        },
        {
            "ts": 1795348306735.653,
            "logger": "a",
            "msg": "Unable to authenticate the request",
            "err": "[invalid bearer token]",
        },
    )
    found = read_bytes(
        tmp_path, "\n".join(json.dumps(item) for item in messages).encode(), "kube-apiserver.log"
    )
    assert [(row["kind"], row["subject"], row["severity"]) for row in found.lines] == [
        ("started", "1.28.3", "I"),
        ("authentication", "invalid bearer token", "E"),
    ]
    assert found.coverage.versions == ("1.28.3",)
    assert found.coverage.first == 1_795_348_306_735_653


def test_etcd_tells_slow_requests_in_both_of_its_formats(tmp_path: Path) -> None:
    old = b'2026-11-22 11:51:46.735653 W | etcdserver: read-only range request "key:\\"/registry/health\\" " with result "error:x" took too long (2.000123s) to execute\n'
    new = {
        "level": "warn",
        "ts": "2026-11-22T11:51:46.735Z",
        "caller": "etcdserver/util.go:163",
        "msg": "apply request took too long",
        "took": "1.5s",
        "expected-duration": "100ms",
        "request": 'key:"/registry/leases/a" ',
    }
    text = read_bytes(tmp_path, old, "a.log").lines
    zap = read_bytes(tmp_path, json.dumps(new).encode() + b"\n", "b.log").lines
    assert [(row["kind"], row["component"], row["seconds"]) for row in text + zap] == [
        ("etcd_slow", "etcd", 2.000123),
        ("etcd_slow", "etcd", 1.5),
    ]


def test_audit_events_deep_in_a_log_are_not_lost(tmp_path: Path) -> None:
    line = event("deep", "ResponseComplete", code=200).decode().rstrip("\n")
    found = read_bytes(tmp_path, plain([NOTHING] * 1000 + [line] + [NOTHING]))
    assert found.coverage.events == 1
    assert accounted(found.coverage)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"apiVersion: v1\nkind: Pod\n",
        b'{"kind":"Event","auditID":"a"}\n',
        b"# HELP up x\n# TYPE up gauge\nup 1\n",
        plain([NOTHING, '{"kind":"Event","auditID":"a"}']),
        b'log_s,b\n"{""auditID"":""a""}",1\n' + plain([NOTHING]),
        b"a,b,c\n1,2,3\n",
    ],
)
def test_what_is_no_component_log_is_left_to_others(head: bytes) -> None:
    assert recognise(head) is None


def test_binary_lines_are_rejected_where_they_stand(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, plain([NOTHING] * 40) + b"a\0b\n" + plain([WAIT]))
    assert found.coverage.rejected == {"binary data": 1}
    assert (found.coverage.rejected_at[0].line, found.coverage.rejected_at[0].length) == (41, 4)
    assert len(found.lines) == 1
    assert accounted(found.coverage)
