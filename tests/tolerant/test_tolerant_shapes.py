"""One test a shape: what it is taken for, and that its events come out."""

import base64
import gzip
import json
from typing import Any

import pytest
from scanning import FINISHED, RECEIVED, assert_accounted, event, line, rows, scan, scanned

from snowpit.ingest.tolerant import sniff

ONE = line().decode()
TWO = line(verb="get", auditID="second").decode()
STAMP = "2019-10-17T08:13:20.128999Z"


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def records(*values: object) -> bytes:
    return b"".join(compact(value) + b"\n" for value in values)


SAMPLES: dict[str, tuple[str, str, bytes]] = {
    "json lines": ("lines", "audit log (JSON lines)", f"{ONE}\n{TWO}\n".encode()),
    "crlf": ("lines", "audit log (JSON lines)", f"{ONE}\r\n{TWO}\r\n".encode()),
    "no final line end": ("lines", "audit log (JSON lines)", f"{ONE}\n{TWO}".encode()),
    "byte order mark": ("lines", "audit log (JSON lines)", f"\ufeff{ONE}\n{TWO}\n".encode()),
    "pretty": ("document", "audit log (JSON)", "\n".join(json.dumps(json.loads(x), indent=2) for x in (ONE, TWO)).encode()),
    "array": ("document", "audit log (JSON)", f"[\n{ONE},\n{TWO}\n]\n".encode()),
    "array on one line": ("lines", "audit log (JSON lines)", f"[{ONE},{TWO}]".encode()),
    "pretty array": ("document", "audit log (JSON)", json.dumps([event(), event(verb="get")], indent=4).encode()),
    "event list": (
        "document",
        "audit log (JSON)",
        json.dumps({"kind": "EventList", "metadata": {}, "items": [event(), event(verb="get")]}, indent=1).encode(),
    ),
    "event list a line": ("lines", "audit log (JSON lines)", records(*[{"kind": "EventList", "items": [event()]}] * 2)),
    "list": ("document", "audit log (JSON)", json.dumps({"kind": "List", "items": [event()] * 2}, indent=1).encode()),
    "host names": ("lines", "audit log (prefixed JSON lines)", f"ip-10-0-1-2 {ONE}\nip-10-0-1-3 {TWO}\n".encode()),
    "container runtime": (
        "lines",
        "audit log (prefixed JSON lines)",
        f"{STAMP} stdout F {ONE}\n{STAMP} stdout F {TWO}\n".encode(),
    ),
    "docker": (
        "lines",
        "container log (JSON lines)",
        records(*({"log": f"{text}\n", "stream": "stdout", "time": STAMP} for text in (ONE, TWO))),
    ),
    "syslog": (
        "lines",
        "audit log (prefixed JSON lines)",
        f"<13>Oct 17 08:13:20 master-1 audit: {ONE}\nOct  7 08:13:20 master-1 audit[12]: {TWO}\n".encode(),
    ),
    "syslog 5424": (
        "lines",
        "audit log (prefixed JSON lines)",
        f'<13>1 {STAMP} master-1 kube 12 - - {ONE}\n<13>1 {STAMP} master-1 kube 12 - [a b="c"] {TWO}\n'.encode(),
    ),
    "journald": (
        "lines",
        "journald export (JSON lines)",
        records(
            {"__CURSOR": "s=1", "_HOSTNAME": "master-1", "MESSAGE": ONE},
            {"__CURSOR": "s=2", "_HOSTNAME": "master-1", "MESSAGE": list(TWO.encode())},
        ),
    ),
    "kubectl prefix": (
        "lines",
        "audit log (prefixed JSON lines)",
        f"[pod/audit-1/logger] {ONE}\n[pod/audit-1/logger] {STAMP} {TWO}\n".encode(),
    ),
    "time stamps": ("lines", "audit log (prefixed JSON lines)", f"{STAMP} {ONE}\n{STAMP} {TWO}\n".encode()),
    "cloudwatch tail": (
        "lines",
        "audit log (prefixed JSON lines)",
        f"2019-10-17T08:13:20+00:00 kube-apiserver-audit-0a1b {ONE}\n2019-10-17T08:13:20+00:00 kube-apiserver-audit-0a1b {TWO}\n".encode(),
    ),
    "cloudwatch lines": (
        "lines",
        "CloudWatch export (JSON lines)",
        records(*({"logStreamName": "kube-apiserver-audit-0a1b", "timestamp": 1571300000128, "message": t} for t in (ONE, TWO))),
    ),
    "cloudwatch export": (
        "document",
        "CloudWatch export (JSON)",
        json.dumps(
            {"events": [{"timestamp": 1, "message": t, "logStreamName": "kube-apiserver-audit-0a1b"} for t in (ONE, TWO)],
             "nextToken": "x"}, indent=4,
        ).encode(),
    ),
    "cloudwatch subscription": (
        "lines",
        "CloudWatch export (JSON lines)",
        records({"messageType": "DATA_MESSAGE", "logStream": "kube-apiserver-audit-0a1b", "logEvents": [{"id": "1", "message": t} for t in (ONE, TWO)]}),
    ),
    "aks event hub": (
        "lines",
        "AKS diagnostics (JSON lines)",
        records({"records": [{"category": "kube-audit", "properties": {"log": f"{t}\n", "pod": "kube-apiserver-1"}} for t in (ONE, TWO)]}),
    ),
    "aks record a line": (
        "lines",
        "AKS diagnostics (JSON lines)",
        records(*({"category": "kube-audit", "properties": compact({"log": t, "pod": "p"}).decode()} for t in (ONE, TWO))),
    ),
    "aks diagnostics": ("lines", "AKS diagnostics (JSON lines)", records(*({"log_s": t, "pod_s": "p"} for t in (ONE, TWO)))),
    "aks csv": (
        "csv",
        "AKS diagnostics (CSV)",
        "\ufefflog_s,pod_s\n".encode() + b"".join(b'"%s\n",p\n' % t.replace('"', '""').encode() for t in (ONE, TWO)),
    ),
    "elastic message": ("lines", "Elastic export (JSON lines)", records(*({"_index": "x", "_source": {"message": t}} for t in (ONE, TWO)))),
    "elastic decoded": (
        "lines",
        "Elastic export (JSON lines)",
        records(*({"@timestamp": STAMP, "kubernetes": {"audit": json.loads(t)}, "host": {"name": "m1"}} for t in (ONE, TWO))),
    ),
    "elastic search": (
        "document",
        "shipped log (JSON)",
        json.dumps({"took": 3, "hits": {"total": 2, "hits": [{"_id": "1", "_source": {"json": json.loads(t)}} for t in (ONE, TWO)]}}, indent=1).encode(),
    ),
    "fluentd": ("lines", "shipped log (JSON lines)", records(*({"log": t} for t in (ONE, TWO)))),
    "loki": (
        "document",
        "shipped log (JSON)",
        json.dumps({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {"a": "b"}, "values": [["1571300000128000000", ONE], ["1", TWO]]}]}}, indent=1).encode(),
    ),
    "loki lines": ("lines", "shipped log (JSON lines)", records(*({"labels": {}, "line": t, "timestamp": STAMP} for t in (ONE, TWO)))),
    "splunk": ("lines", "shipped log (JSON lines)", records(*({"preview": False, "result": {"_raw": t}} for t in (ONE, TWO)))),
    "go dump of json strings": ("document", "audit log (JSON)", json.dumps([ONE, TWO], indent=1).encode()),
    "yaml": ("yaml", "audit log (YAML)", b"---\n" + b"---\n".join(
        b"kind: Event\napiVersion: audit.k8s.io/v1\nauditID: a%d\nverb: get\nstage: ResponseComplete\nrequestURI: /version\n"
        b"responseStatus: {code: 200}\nuser: {username: jane}\nrequestReceivedTimestamp: 2019-10-17T08:13:20.123456Z\n"
        b"stageTimestamp: 2019-10-17T08:13:20.128456Z\n" % n for n in (1, 2))),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_every_shape_is_told_by_its_content(name: str) -> None:
    shape, words, data = SAMPLES[name]
    assert tuple(sniff(data)) == (shape, words)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_shape_gives_its_two_events_and_all_its_bytes(name: str) -> None:
    data = SAMPLES[name][2]
    chunks = scan(data)
    assert_accounted(data, chunks)
    assert [chunk.verdict for chunk in chunks if chunk.verdict.startswith("reject")] == []
    found = [row for chunk in chunks for row in chunk.rows]
    assert [(row["received"], row["finished"]) for row in found] == [(RECEIVED, FINISHED)] * 2


@pytest.mark.parametrize("name", SAMPLES)
def test_no_shape_depends_on_how_its_bytes_are_cut(name: str) -> None:
    data = SAMPLES[name][2]
    assert scan(data, sizes=(1,)) == scan(data, sizes=(7, 100)) == scan(data)


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("host names", "ip-10-0-1-2"),
        ("syslog", "master-1"),
        ("syslog 5424", "master-1"),
        ("journald", "master-1"),
        ("kubectl prefix", "audit-1"),
        ("cloudwatch tail", "kube-apiserver-audit-0a1b"),
        ("cloudwatch lines", "kube-apiserver-audit-0a1b"),
        ("cloudwatch export", "kube-apiserver-audit-0a1b"),
        ("cloudwatch subscription", "kube-apiserver-audit-0a1b"),
        ("aks event hub", "kube-apiserver-1"),
        ("elastic decoded", "m1"),
        ("container runtime", None),
    ],
)
def test_the_server_is_taken_from_prefix_or_envelope(name: str, server: str | None) -> None:
    assert rows(SAMPLES[name][2])[0]["server"] == server


def test_packed_subscription_payloads_are_opened() -> None:
    inner = compact({"messageType": "DATA_MESSAGE", "logEvents": [{"message": ONE}, {"message": TWO}]})
    packed = base64.b64encode(gzip.compress(inner)).decode()
    assert len(rows(packed.encode() + b"\n")) == 2
    assert len(rows(compact({"awslogs": {"data": packed}}))) == 2


def test_lines_that_a_container_runtime_split_are_joined() -> None:
    cri = f"{STAMP} stdout P {ONE[:100]}\n{STAMP} stdout P {ONE[100:150]}\n{STAMP} stdout F {ONE[150:]}\n{STAMP} stdout F {TWO}\n"
    chunks = scan(cri.encode())
    assert_accounted(cri.encode(), chunks)
    assert [(chunk.verdict, chunk.line, chunk.lines) for chunk in chunks] == [
        ("event", 1, 3),
        ("event", 4, 1),
    ]
    docker = records(
        *(
            {"log": text, "stream": "stdout", "time": STAMP}
            for text in (ONE[:90], f"{ONE[90:]}\n", f"{TWO}\n")
        )
    )
    assert [chunk.lines for chunk in scan(docker) if chunk.rows] == [2, 1]


def test_a_split_message_that_never_ends_is_a_reject() -> None:
    cri = f"{STAMP} stdout P {ONE[:100]}\n{ONE}\n{STAMP} stdout P {ONE[:100]}\n".encode()
    chunks = scan(cri)
    assert_accounted(cri, chunks)
    assert [chunk.verdict for chunk in chunks] == [
        "reject:partial line",
        "event",
        "reject:cut off at the end",
    ]


def test_a_text_export_of_the_journal_is_read_by_its_messages() -> None:
    data = f"__CURSOR=s=1\n_HOSTNAME=m\nMESSAGE={ONE}\n\n__CURSOR=s=2\nMESSAGE={TWO}\n\n".encode()
    assert [chunk.verdict for chunk in scan(data)] == [
        "other",
        "other",
        "event",
        "empty",
        "other",
        "event",
        "empty",
    ]


def test_resource_specific_columns_of_aks_are_read() -> None:
    record: dict[str, Any] = {
        "AuditId": "a1",
        "Stage": "ResponseComplete",
        "Level": "Metadata",
        "RequestUri": "/api/v1/nodes?limit=1",
        "Verb": "list",
        "User": '{"username":"jane","groups":["g"]}',
        "SourceIps": '["10.0.0.1"]',
        "UserAgent": "kubectl",
        "ObjectRef": {"resource": "nodes", "apiVersion": "v1"},
        "ResponseStatus": '{"code":200}',
        "RequestReceivedTime": "2019-10-17T08:13:20.123456Z",
        "StageReceivedTime": "2019-10-17T08:13:20.128456Z",
        "PodName": "kube-apiserver-7",
    }
    (row,) = rows(compact(record))
    wanted = (RECEIVED, FINISHED, "jane", "g", "10.0.0.1", "nodes", 200, "kube-apiserver-7")
    columns = ("received", "finished", "user", "groups", "source", "resource", "code", "server")
    assert tuple(row[name] for name in columns) == wanted


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": "jane@example.com"},
            "methodName": "io.k8s.authorization.rbac.v1.clusterroles.patch",
            "resourceName": "rbac.authorization.k8s.io/v1/clusterroles/web",
            "requestMetadata": {"callerIp": "10.0.0.1", "callerSuppliedUserAgent": "kubectl"},
            "status": {"code": 7},
        },
        "insertId": "i1",
        "resource": {"labels": {"cluster_name": "blue"}},
        "timestamp": "2019-10-17T08:13:20.123456Z",
    } | changes


def test_a_gke_entry_gives_what_it_carries_and_names_what_it_does_not() -> None:
    chunks, scanner = scanned(records(entry()))
    (row,) = chunks[0].rows
    wanted = (
        RECEIVED,
        "patch",
        "rbac.authorization.k8s.io",
        "v1",
        "clusterroles",
        "web",
        "jane@example.com",
        403,
        "blue",
    )
    columns = ("received", "verb", "group", "version", "resource", "name", "user", "code", "server")
    assert tuple(row[name] for name in columns) == wanted
    assert {"latency", "groups", "level"} <= set(scanner.absent)


def test_the_first_entry_of_a_long_gke_request_leaves_it_open() -> None:
    first = {"first": True, "id": "o1"}
    (row,) = rows(records(entry(operation=first, protoPayload=entry()["protoPayload"] | {"status": {}})))
    assert (row["stage"], row["finished"], row["audit_id"], row["code"]) == (
        "ResponseStarted",
        None,
        "o1",
        None,
    )


def test_gke_entries_come_as_yaml_and_as_arrays_too() -> None:
    assert len(rows(json.dumps([entry(), entry()], indent=2).encode())) == 2
    text = (
        b"# exported\ninsertId: i1\nprotoPayload:\n  methodName: io.k8s.core.v1.pods.exec.create\n"
        b"  resourceName: core/v1/namespaces/blue/pods/web-1/exec\ntimestamp: '2019-10-17T08:13:20.123456Z'\n"
        b"---\nprotoPayload:\n  methodName: google.container.v1.ClusterManager.CreateCluster\n"
    )
    chunks = scan(text)
    assert_accounted(text, chunks)
    assert [chunk.verdict for chunk in chunks] == ["event", "other"]
    assert chunks[0].rows[0]["subresource"] == "exec"


LEGACY = (
    '2017-03-21T03:57:09.106841886-04:00 AUDIT: id="c9" ip="127.0.0.1" method="GET" user="admin"'
    ' groups="\\"system:masters\\",\\"system:authenticated\\"" as="<self>" asgroups="<lookup>"'
    ' namespace="blue" uri="/api/v1/namespaces/blue/pods?watch=true"\n'
    '2017-03-21T03:57:09.108403639-04:00 AUDIT: id="c9" response="200"\n'
)


def test_the_legacy_text_gives_two_stages_of_one_audit_id() -> None:
    chunks, scanner = scanned(LEGACY.encode())
    request, response = (chunk.rows[0] for chunk in chunks)
    assert request["audit_id"] == response["audit_id"] == "c9"
    assert (request["verb"], request["groups"], request["stage"]) == (
        "watch",
        "system:masters,system:authenticated",
        "RequestReceived",
    )
    assert (response["code"], response["stage"]) == (200, "ResponseComplete")
    assert response["finished"] - request["received"] == 1562
    assert "user_agent" in scanner.absent


def test_legacy_text_behind_syslog_takes_its_year_from_the_caller() -> None:
    text = b'Mar 21 03:57:09 master-1 kube-apiserver[1]: AUDIT: id="c9" response="200"\n'
    chunks, scanner = scanned(text, year=2017)
    assert chunks[0].rows[0]["finished"] == 1_490_068_629_000_000
    assert chunks[0].rows[0]["server"] == "master-1"
    assert scanner.notes == ["times without a year are taken as of 2017, UTC"]
    assert scan(text)[0].verdict == "reject:time without a year"


@pytest.mark.parametrize(
    ("head", "shape", "words"),
    [
        (b"", "foreign", "empty"),
        (b"I1122 11:49:21.182997    6599 flags.go:33] FLAG: x\n", "foreign", "component log (klog)"),
        (b"# HELP a b\n# TYPE a counter\na 1\n", "foreign", "Prometheus metrics"),
        (b"apiVersion: v1\nkind: Pod\n", "foreign", "Kubernetes manifest"),
        (b"apiVersion: audit.k8s.io/v1\nkind: Policy\n", "foreign", "audit policy"),
        (b"\x7fELF\x01\x02\x03\x04\x05\x06\x07\x08", "foreign", "binary data"),
        (b"\xff\xfe{\x00", "foreign", "UTF-16 text"),
        (b"dear diary\n", "foreign", "text"),
        (b'{"kind":"Pod"}\n', "lines", "JSON without audit events (JSON lines)"),
        (b'er":{}}\n' + line() + b"\n", "lines", "audit log (JSON lines)"),
        (line()[:200], "lines", "audit log (JSON lines)"),
        (b'{"kind":"EventList","items":[' + line() + b"," + line()[:50], "document", "audit log (JSON)"),
    ],
)
def test_other_evidence_is_named(head: bytes, shape: str, words: str) -> None:
    assert tuple(sniff(head)) == (shape, words)


def test_foreign_evidence_is_counted_and_not_read() -> None:
    data = b"# HELP a b\n" * 300_000
    chunks = scan(data, sizes=(65_536,))
    assert_accounted(data, chunks)
    assert {chunk.verdict for chunk in chunks} == {"other"}


CELLS = [{"field": "@timestamp", "value": "2019-10-17 08:13:20.000"}, {"field": "@message", "value": ONE}]
TABLE = {"columns": [{"name": "log_s"}, {"name": "pod_s"}], "rows": [[ONE, "api-1"], [TWO, "api-1"]]}
PAYLOAD = base64.b64encode(
    gzip.compress(compact({"logStream": "s", "logEvents": [{"message": ONE}]}))
).decode()
QUERIES: dict[str, tuple[object, int]] = {
    "log analytics": ({"tables": [TABLE | {"name": "PrimaryResult"}]}, 2),
    "log analytics, columns and rows do not fit": ({"tables": [TABLE | {"rows": [[ONE], 7, [TWO, ""]]}]}, 1),
    "log analytics, no columns": ({"tables": [{"rows": [[7]], "columns": 7}, 8, None]}, 0),
    "logs insights": ({"results": [CELLS, CELLS], "status": "Complete"}, 2),
    "logs insights, broken": ({"results": [[{"field": "@message"}], [], [7]]}, 0),
    "kinesis": ({"Records": [{"kinesis": {"data": PAYLOAD}}]}, 1),
    "kinesis, broken": ({"Records": [{"kinesis": {"data": PAYLOAD[:60]}}, {"kinesis": 7}]}, 0),
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", QUERIES)
def test_answers_of_query_interfaces_are_read(name: str, indent: int | None) -> None:
    value, expected = QUERIES[name]
    data = json.dumps(value, indent=indent).encode()
    assert len(rows(data)) == expected
    assert_accounted(data, scan(data, sizes=(97,)))


def test_a_csv_of_logs_insights_is_read() -> None:
    quoted = ONE.replace('"', '""')
    data = f'@timestamp,@message\n2019-10-17 08:13:20.000,"{quoted}"\n'.encode()
    assert sniff(data).shape == "csv"
    assert len(rows(data)) == 1
