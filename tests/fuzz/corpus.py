"""What both fuzzers share: seeds, scraps of JSON, and the rules that no input may break."""

import base64
import json
from typing import Any

from snowpit.ingest.tolerant import Kind, Scanner, sniff

PAYLOAD = base64.urlsafe_b64encode(b'{"sub":"system:serviceaccount:a:b","pad":"canary"}').rstrip(b"=")
TOKEN = b"eyJhbGciOiJSUzI1NiJ9." + PAYLOAD + b".c2lnbmF0dXJlLWNhbmFyeQ"
EVENT: dict[str, Any] = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "level": "Request",
    "auditID": "1-2-3",
    "stage": "ResponseComplete",
    "requestURI": "/apis/authentication.k8s.io/v1/tokenreviews?timeout=1s",
    "verb": "create",
    "user": {"username": "system:node:n1", "groups": ["system:nodes"]},
    "sourceIPs": ["::1"],
    "userAgent": "kubelet",
    "objectRef": {"resource": "tokenreviews", "apiGroup": "authentication.k8s.io", "apiVersion": "v1"},
    "responseStatus": {"code": 201},
    "requestObject": {"spec": {"token": TOKEN.decode()}},
    "requestReceivedTimestamp": "2019-10-17T08:13:20.123456Z",
    "stageTimestamp": "2019-10-17T08:13:20.128456Z",
    "annotations": {"apiserver.latency.k8s.io/etcd": "1.5ms"},
}
LINE = json.dumps(EVENT, separators=(",", ":")).encode()
STAMP = b"2019-10-17T08:13:20.128999Z"
GKE = {
    "protoPayload": {
        "methodName": "io.k8s.core.v1.pods.create",
        "resourceName": "core/v1/namespaces/a/pods/b",
    }
}
SEEDS = (
    LINE + b"\n",
    LINE + LINE + b"\n",
    json.dumps(EVENT, indent=1).encode(),
    json.dumps({"kind": "EventList", "items": [EVENT]}, indent=1).encode(),
    json.dumps({"data": {"result": [{"values": [["1571300000", LINE.decode()]]}]}}).encode(),
    json.dumps({"hits": {"hits": [{"_source": {"message": LINE.decode()}}]}}).encode(),
    json.dumps(
        {"properties": {"log": LINE.decode() + "\n", "pod": "p"}, "time": "2019-10-17T08:13:20Z"}
    ).encode(),
    json.dumps(GKE | {"timestamp": "2019-10-17 08:13:20", "operation": {"first": True}}).encode(),
    STAMP + b" stdout P " + LINE[:90] + b"\n" + STAMP + b" stdout F " + LINE[90:] + b"\n",
    b"<13>Oct 17 08:13:20 m1 audit: " + LINE + b"\n",
    b'log_s,b\n"' + LINE.replace(b'"', b'""') + b'",1\n',
    b"---\nauditID: a\nverb: get\nstage: Panic\nstageTimestamp: 2019-10-17T08:13:20Z\n---\n",
    b'2016-09-07T13:03:57Z AUDIT: id="5c" ip="::1" method="GET" user="a" uri="/api/v1/nodes?watch=1"\n',
    b'I0907 13:03:57.1 1 a.go:1] AUDIT: id="5c" response="200"\n',
    b'{"__CURSOR":"a","MESSAGE":[123,125]}\n',
)
SHAPES = ("lines", "document", "yaml", "csv", "foreign")


def check(data: bytes, shape: str, size: int) -> None:
    """Reads some bytes in two ways and holds the result against the rules of the reader.

    Args:
        data: Any bytes.
        shape: What they are taken for; anything else means that they are sniffed.
        size: Bytes that are fed at a time.
    """
    kind = Kind(shape, "fuzz") if shape in SHAPES else sniff(data)
    scanner, other = Scanner(kind, year=2019), Scanner(kind, year=2019)
    chunks = [*scanner.feed(data), *scanner.finish()] if data else list(scanner.finish())
    cut = [chunk for start in range(0, len(data), size) for chunk in other.feed(data[start : start + size])]
    assert [*cut, *other.finish()] == chunks
    offset = 0
    for chunk in chunks:
        assert chunk.offset == offset
        assert chunk.length > 0
        assert bool(chunk.rows) == (chunk.verdict == "event")
        offset += chunk.length
    assert offset == len(data)
    assert sum(chunk.lines for chunk in chunks) == data.count(b"\n") + (data[-1:] not in (b"\n", b""))
    said = repr((chunks, scanner.notes, scanner.absent))
    assert PAYLOAD.decode() not in said
