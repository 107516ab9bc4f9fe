"""Runs the program in this process, as its entry points do, and keeps what it prints."""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from snowpit.cli import run

BUNDLED = Path(__file__).resolve().parents[2] / "src/snowpit/evidence/real-apiserver-1.13.5/audit.log.gz"


class Ran(NamedTuple):
    """Exit code and output of one run."""

    code: int
    out: str
    err: str


def snowpit(capsys: pytest.CaptureFixture[str], *arguments: str, name: str = "snowpit") -> Ran:
    """Run ``snowpit`` with arguments; standard output is no terminal."""
    capsys.readouterr()
    code = run([name, *arguments])
    sys.stdout.flush()
    shown = capsys.readouterr()
    return Ran(code, shown.out, shown.err)


def event(number: int = 0, **fields: object) -> str:
    """One audit event as a line of JSON."""
    stamp = f"2024-01-02T03:04:{number % 60:02}.000000Z"
    base: dict[str, object] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"id-{number}",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/pods",
        "verb": "list",
        "user": {"username": "alice", "groups": ["system:authenticated"]},
        "sourceIPs": ["10.0.0.1"],
        "userAgent": "kubectl/v1.29.0",
        "objectRef": {"resource": "pods", "namespace": "default", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": stamp,
        "stageTimestamp": stamp.replace("000000Z", "004000Z"),
    }
    return json.dumps(base | fields)
