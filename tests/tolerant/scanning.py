"""What the tests of the tolerant reader share: an event to vary, and one call that reads everything."""

import json
from typing import Any

from snowpit.ingest.tolerant import Chunk, Scanner, sniff
from snowpit.ingest.tolerant.kinds import Kind, Row

RECEIVED = 1_571_300_000_123_456
FINISHED = RECEIVED + 5_000


def event(**changes: Any) -> dict[str, Any]:
    """One audit event, v1, with fields changed; None takes a field away."""
    whole = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "11111111-2222-3333-4444-555555555555",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/blue/pods?limit=500",
        "verb": "list",
        "user": {"username": "system:node:n1", "groups": ["system:nodes", "system:authenticated"]},
        "sourceIPs": ["10.1.2.3", "10.9.9.9"],
        "userAgent": "kubelet/v1.13.5 (linux/amd64) kubernetes/2166946",
        "objectRef": {"resource": "pods", "namespace": "blue", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2019-10-17T08:13:20.123456Z",
        "stageTimestamp": "2019-10-17T08:13:20.128456Z",
    } | changes
    return {key: value for key, value in whole.items() if value is not None}


def line(**changes: Any) -> bytes:
    """The event as the log backend writes it, without a line end."""
    return json.dumps(event(**changes), separators=(",", ":")).encode()


def scan(
    data: bytes, kind: Kind | None = None, *, sizes: tuple[int, ...] = (), year: int | None = None
) -> list[Chunk]:
    """All chunks of some bytes, fed in pieces of the given sizes, in turn."""
    return scanned(data, kind, sizes=sizes, year=year)[0]


def scanned(
    data: bytes, kind: Kind | None = None, *, sizes: tuple[int, ...] = (), year: int | None = None
) -> tuple[list[Chunk], Scanner]:
    """The same, with the scanner for its remarks."""
    scanner = Scanner(kind or sniff(data[:65536]), year=year)
    chunks: list[Chunk] = []
    start = turn = 0
    while start < len(data):
        size = sizes[turn % len(sizes)] if sizes else len(data)
        chunks += scanner.feed(data[start : start + size])
        start, turn = start + size, turn + 1
    return chunks + list(scanner.finish()), scanner


def rows(data: bytes, **options: Any) -> list[Row]:
    """All rows of some bytes."""
    return [row for chunk in scan(data, **options) for row in chunk.rows]


def verdicts(data: bytes, **options: Any) -> list[str]:
    """The verdicts of all chunks."""
    return [chunk.verdict for chunk in scan(data, **options)]


def assert_accounted(data: bytes, chunks: list[Chunk]) -> None:
    """Chunks cover the bytes and the lines, in order, without gap or overlap."""
    offset, number = 0, 1
    for chunk in chunks:
        assert chunk.length > 0
        assert chunk.offset == offset
        assert chunk.line == number
        assert (chunk.verdict == "event") == bool(chunk.rows)
        number += data.count(b"\n", offset, offset + chunk.length)
        offset += chunk.length
    assert offset == len(data)
    assert sum(chunk.lines for chunk in chunks) == data.count(b"\n") + (data[-1:] not in (b"\n", b""))
