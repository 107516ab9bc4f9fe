"""Component logs made by recipe, in every wrapping, and a reader of them into plain values."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowpit.ingest import read
from snowpit.model.evidence import FileCoverage
from snowpit.store import Tables

STAMP = "2026-11-22T11:51:46.735653123Z"
WRITTEN_S = 1_795_400_000
"""Nov 23 2026: when the files were written."""

WAIT = (
    "I1122 11:51:46.735653    6599 request.go:530] Throttling request took 1.901288115s, request:"
    " GET:https://127.0.0.1:6443/api/v1/namespaces/bench/secrets/sa-1-token-abcde"
)
TRACE = (
    'I1122 11:51:46.735653    6599 trace.go:76] Trace[2025849301]: "Create /apis/authentication.k8s.io/v1beta1/tokenreviews"'
    " (started: 2026-11-22 11:51:44.711123771 +0000 UTC m=+143.606859020) (total time: 2.024487532s):\n"
    "Trace[2025849301]: [2.024397844s] [2.024341406s] Object stored in database\n"
    "Trace[2025849301]: [2.024487532s] [70.003µs] END"
)
ACCESS = (
    "I1122 11:51:46.751283    6599 wrap.go:47] POST /apis/authentication.k8s.io/v1beta1/tokenreviews: (30.000851053s) 504\n"
    "goroutine 403909 [running]:\n"
    "k8s.io/apiserver/pkg/server/httplog.(*respLogger).recordStatus(0xc011fc0a10, 0xc0085f1760?)\n"
    "\t/etc/kubernetes/httplog.go:204 +0x8f\n"
    "\n"
    'logging error output: "k8s\\x00"\n'
    " [kubelet/v1.12.4 (linux/amd64) kubernetes/f49fa02 10.0.3.17:41236]"
)
NOTHING = "I1122 11:51:46.800000    6599 reflector.go:243] forcing resync"
LOG = (NOTHING, WAIT, TRACE, ACCESS, NOTHING)


def plain(entries: Sequence[str]) -> bytes:
    return "".join(f"{entry}\n" for entry in entries).encode()


def prefixed(entries: Sequence[str], prefix: str) -> bytes:
    return b"".join(prefix.encode() + line + b"\n" for line in plain(entries).splitlines())


def docker(entries: Sequence[str]) -> bytes:
    lines = plain(entries).decode().splitlines()
    made = [json.dumps({"log": f"{line}\n", "stream": "stderr", "time": STAMP}) for line in lines]
    return "\n".join(made).encode() + b"\n"


def journal(entries: Sequence[str]) -> bytes:
    fields = {
        "__REALTIME_TIMESTAMP": "1795348306735700",
        "_HOSTNAME": "master-0",
        "_COMM": "kube-apiserver",
        "_BOOT_ID": "b",
    }
    return b"".join(
        json.dumps({**fields, "MESSAGE": line}).encode() + b"\n"
        for line in plain(entries).decode().splitlines()
    )


def table(entries: Sequence[str]) -> bytes:
    cells = ("".join(('"', entry.replace('"', '""'), '\n"\r\n')) for entry in entries)
    return ('\ufeff"log_s"\r\n' + "".join(cells)).encode()


WRAPPED = {
    "klog": plain,
    "container runtime": lambda entries: prefixed(entries, f"{STAMP} stderr F "),
    "journald": lambda entries: prefixed(entries, "Nov 22 11:51:46.900439 master-0 kube-apiserver[2296]: "),
    "syslog": lambda entries: prefixed(entries, f"<13>1 {STAMP} master-0 kube-apiserver 2296 - - "),
    "kubectl logs": lambda entries: prefixed(entries, "[pod/kube-apiserver-master-0/kube-apiserver] "),
    "time stamps": lambda entries: prefixed(entries, f"{STAMP} "),
    "stern": lambda entries: prefixed(entries, "kube-apiserver-master-0 kube-apiserver "),
    "JSON lines": docker,
    "journald export": journal,
    "CSV": table,
}
"""Name in the coverage -> how entries are wrapped."""


@dataclass(frozen=True)
class ReadLog:
    """What reading one log gave."""

    coverage: FileCoverage
    lines: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    settings: list[dict[str, Any]]


def read_bytes(folder: Path, data: bytes, name: str = "component.log") -> ReadLog:
    """Read some bytes as a file."""
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (WRITTEN_S, WRITTEN_S))
    return read_paths([str(path)])


def read_paths(paths: Sequence[str]) -> ReadLog:
    """Read files; the coverage is that of the first."""
    with Tables() as tables:
        coverage = read(paths, tables=tables).files[0]
        found = []
        for query in (
            "log_lines ORDER BY file, line",
            "accesses ORDER BY file, line",
            "settings ORDER BY line",
        ):
            names, rows = tables.select(f"SELECT * FROM {query}")
            found.append([dict(zip(names, row, strict=True)) for row in rows])
    return ReadLog(coverage, *found)


def accounted(coverage: FileCoverage) -> bool:
    """Whether every line and byte is accounted for, none twice."""
    parts = (
        coverage.event_lines,
        coverage.empty_lines,
        coverage.other_lines,
        sum(coverage.rejected.values()),
    )
    sizes = (coverage.event_bytes, coverage.empty_bytes, coverage.other_bytes, coverage.rejected_bytes)
    return coverage.lines == sum(parts) and coverage.bytes == sum(sizes) and min(*parts, *sizes) >= 0
