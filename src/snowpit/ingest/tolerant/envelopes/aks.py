"""Azure Kubernetes Service: Event Hub and diagnostics records, and the columns of the AKSAudit table."""

from typing import Any

from snowpit.ingest.tolerant.decode import BrokenJsonError, decode
from snowpit.ingest.tolerant.envelopes.common import Opened, at, named
from snowpit.ingest.tolerant.event import Event
from snowpit.ingest.tolerant.kinds import Hints

_OBJECTS = (
    "User",
    "ObjectRef",
    "ResponseStatus",
    "SourceIps",
    "Annotations",
    "RequestObject",
    "ResponseObject",
)
_COLUMNS = {
    "level": "Level",
    "audit_id": "AuditId",
    "stage": "Stage",
    "request_uri": "RequestUri",
    "verb": "Verb",
    "user": "User",
    "source_ips": "SourceIps",
    "user_agent": "UserAgent",
    "object_ref": "ObjectRef",
    "response_status": "ResponseStatus",
    "request_object": "RequestObject",
    "response_object": "ResponseObject",
    "request_received": "RequestReceivedTime",
    "stage_timestamp": "StageReceivedTime",
    "annotations": "Annotations",
}


def open_aks(value: dict[str, Any], hints: Hints) -> Opened:
    """The log line inside a diagnostics record.

    Args:
        value: The decoded object.
        hints: What outer envelopes know.

    Yields:
        ``properties.log`` or ``log_s``; the pod is taken for the server.
    """
    inner = value.get("properties")
    if isinstance(inner, str) and inner.startswith("{"):
        try:
            inner = decode(inner.encode("utf-8", "replace"))
        except BrokenJsonError:
            inner = None
    line = at(inner, "log")
    if line is not None:
        yield line, named(hints, at(inner, "pod"))
    if value.get("log_s") is not None:
        yield value["log_s"], named(hints, value.get("pod_s"))


def open_tables(value: dict[str, Any], hints: Hints) -> Opened:
    """Rows of the tables that the query interface of Log Analytics gives.

    Args:
        value: The decoded object, or one of its tables.
        hints: What outer envelopes know.

    Yields:
        One object a row, by column.
    """
    tables = value.get("tables")
    for table in tables if isinstance(tables, list) else (value,):
        columns, rows = at(table, "columns"), at(table, "rows")
        if not isinstance(columns, list) or not isinstance(rows, list):
            continue
        names = [str(at(column, "name")) for column in columns]
        for row in rows:
            if isinstance(row, list) and len(row) == len(names):
                yield dict(zip(names, row, strict=True)), hints


def is_resource_specific(value: dict[str, Any]) -> bool:
    """Whether an object has the columns of the AKSAudit table."""
    return "AuditId" in value and ("Stage" in value or "Verb" in value)


def from_columns(value: dict[str, Any]) -> tuple[Event, str | None]:
    """The event that the columns tell, and the pod that wrote it.

    Args:
        value: A record of AKSAudit or AKSAuditAdmin; objects may stand as JSON text.
    """
    fields = {name: value[column] for name, column in _COLUMNS.items() if column in value}
    for name, column in _COLUMNS.items():
        text = fields.get(name)
        if column in _OBJECTS and isinstance(text, str):
            fields[name] = _decoded(text)
    pod = value.get("PodName")
    return Event(kind="Event", **fields), pod if isinstance(pod, str) else None


def _decoded(text: str) -> object:
    try:
        return decode(text.encode("utf-8", "replace")) if text[:1] in ("{", "[") else None
    except BrokenJsonError:
        return None
