"""The text format of audit logs before Kubernetes 1.8: ``AUDIT: id="…"``, one line per request and one per response.

Source: ``staging/src/k8s.io/apiserver/pkg/endpoints/filters/legacy_audit.go``, Kubernetes 1.7. The dialects
differ in the fields that they print.
"""

import re
from datetime import UTC, datetime

from snowpit.ingest.tolerant.event import code_of, derive, text
from snowpit.ingest.tolerant.kinds import NONE, Hints, Remarks, Row, Verdict
from snowpit.ingest.tolerant.times import instant

_LINE = re.compile(r'AUDIT: id="((?:[^"\\]++|\\.)*+)"')
_FIELD = re.compile(r'\b(\w+)="((?:[^"\\]++|\\.)*+)"')
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_KLOG = re.compile(r"\b[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)")
_SYSLOG = re.compile(r"\b([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)(?: (\S+))?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PLACEHOLDER = re.compile(r"<\w+>$")
_LACKS = ("level", "user_agent", "reason", "subject")


def is_legacy(line: bytes) -> bool:
    """Whether a line is of the text format."""
    return b'AUDIT: id="' in line


def read_legacy(line: bytes, remarks: Remarks, hints: Hints = NONE) -> Verdict:
    """The row of a request line or of a response line; both carry the same ``audit_id``.

    Args:
        line: Without its line end.
        remarks: Takes remarks and the columns that the format lacks.
        hints: What an envelope knows.

    Returns:
        The verdict and one row.
    """
    words = line.decode("utf-8", "replace")
    found = _LINE.search(words)
    if found is None:
        return "reject:cut off", []
    fields = dict(_FIELD.findall(words[found.start() :]))
    head = words[: found.start()]
    moment = _moment(head, remarks) or hints.time
    if moment is None:
        return "reject:time without a year" if _dated(head) else "reject:no time", []
    remarks.absent.update(_LACKS)
    row: Row = {"audit_id": text(fields["id"]), "server": text(hints.server or _host(head))}
    if "response" in fields:
        row |= {"stage": "ResponseComplete", "code": code_of(fields["response"]), "finished": moment}
        return "event", [row]
    if "method" not in fields and "uri" not in fields:
        return "reject:cut off", []
    return "event", [row | _request(fields) | {"received": moment}]


def _request(fields: dict[str, str]) -> Row:
    row: Row = {"stage": "RequestReceived", "source": _value(fields, "ip"), "user": _value(fields, "user")}
    groups = fields.get("groups", "")
    if not _PLACEHOLDER.match(groups):
        row["groups"] = text(groups.replace('\\"', "").replace('"', ""))
    row["impersonated"] = _value(fields, "as")
    uri = fields.get("uri", "")
    derive(row, uri, fields.get("method", ""))
    if row.get("resource") is None:
        row["uri"] = text(uri)
    elif "?" in uri:
        row["uri"] = text(uri[uri.index("?") :])
    return row


def _value(fields: dict[str, str], name: str) -> str | None:
    value = fields.get(name, "")
    return None if _PLACEHOLDER.match(value) else text(value.replace('\\"', '"'))


def _moment(head: str, remarks: Remarks) -> int | None:
    stamp = _STAMP.search(head)
    if stamp is not None:
        return instant(stamp[0], remarks)
    if remarks.year is None:
        return None
    klog, syslog = _KLOG.search(head), _SYSLOG.search(head)
    if klog is not None:
        written = f"{klog[1]}-{klog[2]}T{klog[3]}"
    elif syslog is not None and syslog[1] in _MONTHS:
        written = f"{_MONTHS.index(syslog[1]) + 1:02d}-{int(syslog[2]):02d}T{syslog[3]}"
    else:
        return None
    remarks.note(f"times without a year are taken as of {remarks.year}, UTC")
    try:
        moment = datetime.fromisoformat(f"{remarks.year:04d}-{written}").replace(tzinfo=UTC)
    except ValueError:
        return None
    return instant(moment.isoformat(), remarks)


def _dated(head: str) -> bool:
    return bool(_KLOG.search(head) or _SYSLOG.search(head))


def _host(head: str) -> str | None:
    syslog = _SYSLOG.search(head)
    return syslog[4] if syslog is not None else None
