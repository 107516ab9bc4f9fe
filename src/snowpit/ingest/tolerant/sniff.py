"""What a file is, told by its first bytes and never by its name."""

import re
from typing import Any

from snowpit.ingest.tolerant.decode import BrokenJsonError, decode, value_end
from snowpit.ingest.tolerant.envelopes.aks import is_resource_specific
from snowpit.ingest.tolerant.envelopes.common import at
from snowpit.ingest.tolerant.envelopes.gke import is_entry
from snowpit.ingest.tolerant.event import from_mapping, is_event
from snowpit.ingest.tolerant.kinds import Kind
from snowpit.ingest.tolerant.legacy import is_legacy
from snowpit.ingest.tolerant.prefix import split_prefix
from snowpit.ingest.tolerant.reader import BOM

_SAMPLE = 40
_CSV = re.compile(
    rb'"?(?:[\w .@\[\]()]+"?[,;]"?)*(?:log_s|log|message|@message|properties|AuditId|RequestUri|_raw|line|textPayload)'
    rb'"?(?:[,;][^\n]*)?\r?(?:\n|\Z)'
)
_PROMETHEUS = re.compile(rb"^# (?:HELP|TYPE) [a-zA-Z_:]", re.MULTILINE)
_KLOG = re.compile(
    rb"^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ \S+: )?[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{3,6}\s",
    re.MULTILINE,
)
_YAML_KEY = re.compile(
    rb"^(?:- )?(protoPayload|auditID|kind|apiVersion|insertId|logName|requestURI|items):(?:\s|$)",
    re.MULTILINE,
)
_YAML_EVENT = re.compile(
    rb"^\s*(?:- )?(?:protoPayload:|auditID:|apiVersion: [\"']?audit\.k8s\.io/v)", re.MULTILINE
)
_POLICY = re.compile(rb"^\s*kind: [\"']?Policy", re.MULTILINE)
_BATCH = re.compile(
    rb'\s*\{\s*"(?:kind"\s*:\s*"(?:Event)?List|items|records|events|logEvents|entries|hits|searchedLogStreams|messageType)"'
)
_EVENT = re.compile(rb'\{\s*"kind"\s*:\s*"Event"|"auditID"\s*:')
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF16_STARTS = (b'{\0"\0', b'\0{\0"')
UTF16 = "UTF-16 text"
"""Name of a file that PowerShell redirected."""

_CONTROLS = bytes(set(range(32)) - {9, 10, 13, 27})


def sniff(head: bytes) -> Kind:
    """What a file is.

    Args:
        head: Its first bytes after decompression; 64 KiB are plenty, fewer if it is smaller.

    Returns:
        Its shape, for the scanner, and its name, for the coverage.
    """
    if not head:
        return Kind("foreign", "empty")
    if head.startswith(_UTF16_MARKS) or head[:4] in _UTF16_STARTS:
        return Kind("foreign", UTF16)
    head = head.removeprefix(BOM)
    text = head.lstrip(b"\0 \t\r\n")
    if not text:
        return Kind("lines", "blank")
    if text[:1] in (b"{", b"[") and not text.startswith(b"[pod/"):
        return _json(text)
    return _text(text)


def _json(text: bytes) -> Kind:
    lines = text.split(b"\n")[:_SAMPLE]
    names = _names(lines)
    if names and (text[:1] == b"{" or _names(lines[:1])):
        return Kind("lines", names[0])
    if _BATCH.match(text):
        return _whole(text, "document")
    first = text.split(b"\n", 1)[0]
    if b"\n" not in text.rstrip() and text[:1] == b"{":
        return _whole(text, "lines")
    if _EVENT.search(first) and value_end(text) is None and not _pretty(first):
        return Kind("lines", "audit log (JSON lines)")
    return _whole(text, "document")


def _pretty(line: bytes) -> bool:
    return line.rstrip()[-1:] in (b"{", b"[", b",")


def _whole(text: bytes, shape: str) -> Kind:
    """Names the first value, read as far as it is there."""
    words = "JSON" if shape == "document" else "JSON lines"
    start = text.find(b"{")
    end = value_end(text, start) if start >= 0 else None
    try:
        name = _name(decode(text[start:end])) if end is not None else None
    except BrokenJsonError:
        name = None
    if name is None:
        name = (
            "audit log (JSON lines)"
            if _EVENT.search(text) or b'\\"auditID\\"' in text
            else "JSON without audit events (JSON lines)"
        )
        name = "GKE audit log (JSON lines)" if b'"protoPayload"' in text[:4096] else name
    return Kind(shape, name.replace("JSON lines", words))


def _names(lines: list[bytes]) -> list[str]:
    """Names of the lines that are whole JSON values of themselves, those with events first."""
    found: list[str] = []
    for line in lines:
        stripped = line.strip(b"\0 \t\r")
        if len(stripped) <= 2 or stripped[:1] not in (b"{", b"["):  # noqa: PLR2004  a lone bracket
            continue
        try:
            name = _name(decode(stripped))
        except BrokenJsonError:
            continue
        if name is not None:
            found.append(name)
    return sorted(found, key=lambda name: name.startswith("JSON without"))


def _name(value: Any) -> str | None:  # noqa: ANN401  evidence may hold any type
    if isinstance(value, list):
        return next((name for member in value[:_SAMPLE] if (name := _name(member)) is not None), None)
    if not isinstance(value, dict):
        return None
    if is_event(from_mapping(value)):
        return "audit log (JSON lines)"
    if is_entry(value):
        return "GKE audit log (JSON lines)"
    return _cloud(value) or _shipped(value)


def _cloud(value: dict[str, Any]) -> str | None:
    if is_resource_specific(value) or "log_s" in value or "properties" in value:
        return "AKS diagnostics (JSON lines)"
    if {"logEvents", "awslogs", "logStreamName", "events"} & value.keys():
        return "CloudWatch export (JSON lines)"
    return None


def _shipped(value: dict[str, Any]) -> str | None:
    if "MESSAGE" in value and (
        "__CURSOR" in value or "__REALTIME_TIMESTAMP" in value or "_HOSTNAME" in value
    ):
        return "journald export (JSON lines)"
    if "log" in value and "stream" in value:
        return "container log (JSON lines)"
    if "_source" in value or "@timestamp" in value:
        return "Elastic export (JSON lines)"
    for key in ("items", "records", "Records"):
        if isinstance(value.get(key), list):
            return _name(value[key]) or "JSON without audit events (JSON lines)"
    if {"log", "message", "line", "result", "values", "hits"} & value.keys() or at(value, "data", "result"):
        return "shipped log (JSON lines)"
    return "JSON without audit events (JSON lines)"


def _text(text: bytes) -> Kind:
    lines = text.split(b"\n")[:_SAMPLE]
    if any(is_legacy(line) for line in lines):
        return Kind("lines", "audit log (legacy text)")
    if text[:5] == b"H4sIA":
        return Kind("lines", "CloudWatch export (base64 lines)")
    if _CSV.match(text):
        azure = b"log_s" in lines[0] or b"AuditId" in lines[0]
        return Kind("csv", "AKS diagnostics (CSV)" if azure else "log export (CSV)")
    return _prefixed(lines) or _foreign(text) or _unknown(text, lines)


def _foreign(text: bytes) -> Kind | None:
    if _PROMETHEUS.search(text[:4096]):
        return Kind("foreign", "Prometheus metrics")
    if _KLOG.search(text[:16384]) and not _EVENT.search(text):
        return Kind("foreign", "component log (klog)")
    return _yaml(text) if _YAML_KEY.search(text) or _POLICY.search(text) else None


def _prefixed(lines: list[bytes]) -> Kind | None:
    for line in lines:
        found = split_prefix(line.strip())
        if found is None or found.payload[:1] != b"{":
            continue
        if _EVENT.search(found.payload) or b'\\"kind\\":\\"Event\\"' in found.payload:
            return Kind("lines", "audit log (prefixed JSON lines)")
    return None


def _yaml(text: bytes) -> Kind:
    if _POLICY.search(text):
        return Kind("foreign", "audit policy")
    if _YAML_EVENT.search(text):
        return Kind("yaml", "GKE audit log (YAML)" if b"protoPayload:" in text else "audit log (YAML)")
    return Kind("foreign", "Kubernetes manifest")


def _unknown(text: bytes, lines: list[bytes]) -> Kind:
    if _names(lines) or _EVENT.search(text):
        return Kind("lines", next(iter(_names(lines)), "audit log (JSON lines)"))
    if len(text.translate(None, _CONTROLS)) < 0.9 * len(text):
        return Kind("foreign", "binary data")
    return Kind("foreign", "text")
