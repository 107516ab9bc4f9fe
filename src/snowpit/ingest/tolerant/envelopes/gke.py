"""Google Kubernetes Engine: Cloud Audit ``LogEntry``, as JSON, YAML or Go's dump of it.

It carries one time per entry, no groups, and a gRPC status. A long request has
two entries with one operation id (``first`` and ``last``), others a single one.
"""

from typing import Any

from snowpit.ingest.tolerant.decode import BrokenJsonError, decode
from snowpit.ingest.tolerant.envelopes.common import at
from snowpit.ingest.tolerant.event import code_of, derive, ended, place_in_time, text
from snowpit.ingest.tolerant.kinds import Hints, Remarks, Row
from snowpit.ingest.tolerant.times import instant

_CODES = {0: 200, 1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400,
          12: 501, 13: 500, 14: 503, 15: 500, 16: 401}  # fmt: skip
_LACKS = ("groups", "level", "latency", "etcd", "queued", "webhooks", "written")
_LOWEST_HTTP = 100


def is_entry(value: dict[str, Any]) -> bool:
    """Whether an object is a ``LogEntry`` with an audit payload."""
    return isinstance(value.get("protoPayload"), dict) or isinstance(value.get("AuditPayload"), str)


def read_entry(value: dict[str, Any], remarks: Remarks, hints: Hints) -> Row | None:
    """The row of one entry; null for a call of another API than that of Kubernetes.

    Args:
        value: The decoded entry.
        remarks: Takes the columns that it lacks.
        hints: What outer envelopes know.
    """
    payload, entry = value.get("protoPayload"), value
    if payload is None:
        payload, entry = _dumped(value["AuditPayload"]), _lowered(value.get("Entry"))
    method = at(payload, "methodName")
    if not isinstance(method, str) or not method.startswith("io.k8s."):
        return None
    remarks.absent.update(_LACKS)
    operation = entry.get("operation")
    code = at(payload, "status", "code")
    row: Row = {
        "user": text(at(payload, "authenticationInfo", "principalEmail")),
        "user_agent": text(at(payload, "requestMetadata", "callerSuppliedUserAgent")),
        "source": text(
            at(payload, "requestMetadata", "callerIp") or at(payload, "requestMetadata", "callerIP")
        ),
        "code": _http(code_of(0 if code is None else code)),
        "audit_id": text(at(operation, "id") or entry.get("insertId")),
        "stage": _stage(operation),
        "server": text(hints.server or at(entry, "resource", "labels", "cluster_name")),
    }
    if row["stage"] == "ResponseStarted" and code is None:
        row["code"] = None
    _add_object(row, method, at(payload, "resourceName"))
    _add_time(row, entry, remarks, hints=hints)
    return row


def _dumped(packed: str) -> object:
    try:
        return decode(packed.encode("utf-8", "replace"))
    except BrokenJsonError:
        return None


def _lowered(entry: object) -> dict[str, Any]:
    """Go's dump of the client library's struct, with the names of the JSON form."""
    known = {
        "Timestamp": "timestamp",
        "InsertID": "insertId",
        "Operation": "operation",
        "Resource": "resource",
    }
    named = entry if isinstance(entry, dict) else {}
    return {known.get(str(key), str(key)): item for key, item in named.items()}


def _http(code: int | None) -> int | None:
    return code if code is None or code >= _LOWEST_HTTP else _CODES.get(code)


def _stage(operation: object) -> str:
    first, last = (str(at(operation, key)).lower() == "true" for key in ("first", "last"))
    return "ResponseStarted" if first and not last else "ResponseComplete"


def _add_object(row: Row, method: str, target: object) -> None:
    parts = method.split(".")
    row["verb"] = text(parts[-1])
    if isinstance(target, str) and target.startswith("/"):
        row["verb"], row["uri"] = "get", text(target)
    elif isinstance(target, str) and target:
        derive(row, ("/api/" + target[5:]) if target.startswith("core/") else "/apis/" + target)
    elif len(parts) > 5:  # noqa: PLR2004  io.k8s.<group>.<version>.<resource>.<verb>
        row["version"] = next((part for part in parts if part[:1] == "v" and part[1:2].isdigit()), None)
        names = parts[parts.index(row["version"]) + 1 : -1] if row["version"] else []
        row["group"] = (
            "" if parts[2] == "core" else text(".".join(parts[2 : parts.index(row["version"] or parts[3])]))
        )
        row["resource"], row["subresource"] = (*(text(name) for name in names), None, None)[:2]


def _add_time(row: Row, entry: dict[str, Any], remarks: Remarks, *, hints: Hints) -> None:
    written = entry.get("timestamp") or entry.get("receiveTimestamp")
    moment = instant(written, remarks) if isinstance(written, str) else None
    last = ended(row)
    place_in_time(row, remarks, received=None if last else moment, staged=moment, fallback=hints.time)
