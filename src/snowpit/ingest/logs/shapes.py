"""What kind of component log a stream is, and its lines as messages without wrapping."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from snowpit.ingest.logs.calendar import Calendar
from snowpit.ingest.logs.headers import CAPNS, KLOG, decoded, header_of, structured
from snowpit.ingest.logs.wraps import WRAPS, Unwrapped, Wrap, moment, unwrap
from snowpit.ingest.tolerant.times import unix

HEAD = 64 << 10
"""Bytes by which a log is recognised."""

BOM = b"\xef\xbb\xbf"

_SAMPLE = 300
_FIRST = 5
_ENOUGH = 3
_SHARE = 0.1
_AUDIT = re.compile(rb'auditID\\*"*\s*:|AuditId|\bAUDIT: id=|protoPayload"?:')
_CSV_HEAD = re.compile(
    rb'(?:\xef\xbb\xbf)?"?(?:[\w .@\[\]()]+"?[,;]"?)*(?:log_s|log|message|@message|_raw|line|textPayload)"?(?:[,;][^\n]*)?\r?\n'
)
_CSV_CELL = re.compile(rb"(?:^|[\",;])(?:" + KLOG + rb"|" + CAPNS + rb")", re.MULTILINE)
_STARTS = re.compile(rb"(?:" + KLOG + rb"|" + CAPNS + rb")")
_TEXTS = ("log", "MESSAGE", "message", "textPayload", "log_s", "line", "@message")
_HOSTS = ("_HOSTNAME", "pod_s", "PodName", "hostname", "host")
_TAGS = ("_COMM", "SYSLOG_IDENTIFIER", "category", "Category", "container_name")
_TIMES = ("time", "timestamp", "@timestamp", "TimeGenerated")
_JOURNAL_TIME = "__REALTIME_TIMESTAMP"
_BYTE = 256


class Shape(NamedTuple):
    """How messages stand in a log.

    Args:
        name: In words, for the coverage.
        form: ``text``, ``json`` (one object a line) or ``csv``.
        wrap: What stands before a message, for ``text``.
        inner: The messages are ``text`` or ``json``.
    """

    name: str
    form: str
    wrap: Wrap
    inner: str


def shape_of(head: bytes) -> Shape | None:
    """The shape of a component log; null if these are not the first bytes of one."""
    if _AUDIT.search(head) or b"\0" in head[:1024]:
        return None
    if _CSV_HEAD.match(head):
        return Shape("component log (CSV)", "csv", WRAPS[0], "text") if _CSV_CELL.search(head) else None
    lines = [line.rstrip(b"\r") for line in head.removeprefix(BOM).split(b"\n")[:_SAMPLE] if line.strip()]
    if lines and lines[0][:1] == b"{":
        return _json_shape(lines)
    return _text_shape(lines)


def _json_shape(lines: list[bytes]) -> Shape | None:
    for line in lines:
        value = decoded(line)
        if value is None:
            continue
        if structured(value) is not None:
            return Shape("component log (JSON)", "json", WRAPS[0], "json")
        inner = opened(value)
        if inner is not None and header_of(inner.payload, Calendar(0)) is not None:
            journal = "journald export" if _JOURNAL_TIME in value else "JSON lines"
            return Shape(f"component log ({journal})", "json", WRAPS[0], "text")
        if _JOURNAL_TIME in value and "MESSAGE" in value and "_BOOT_ID" in value:
            return Shape("component log (journald export)", "json", WRAPS[0], "text")
    return None


def _text_shape(lines: list[bytes]) -> Shape | None:
    best, most = None, 0
    for wrap in WRAPS:
        hits = [index for index, line in enumerate(lines) if _begins(line, wrap)]
        enough = hits and (hits[0] < _FIRST or len(hits) >= _ENOUGH or len(hits) >= _SHARE * len(lines))
        if enough and len(hits) > most:
            best, most = wrap, len(hits)
            sample = unwrap(lines[hits[0]], wrap)
            inner = "json" if sample is not None and sample.payload[:1] == b"{" else "text"
    if best is None:
        return None
    words = f"{'JSON' if inner == 'json' else 'klog'}{', ' if best.name else ''}{best.name}"
    if inner == "text" and not re.search(KLOG, b"\n".join(lines)):
        words = words.replace("klog", "etcd")
    return Shape(f"component log ({words})", "text", best, inner)


def _begins(line: bytes, wrap: Wrap) -> bool:
    found = unwrap(line, wrap)
    if found is None:
        return False
    if found.payload[:1] == b"{":
        return structured(decoded(found.payload)) is not None
    return _STARTS.match(found.payload) is not None


def opened(value: Mapping[str, Any]) -> Unwrapped | None:
    """The message inside a JSON envelope; null if it is none that is known."""
    properties = value.get("properties")
    if isinstance(properties, dict) and isinstance(properties.get("log"), str):
        value = {**value, **properties, "pod_s": properties.get("pod")}
    text = next((value[key] for key in _TEXTS if isinstance(value.get(key), str | list)), None)
    if isinstance(text, list):
        text = bytes(octet for octet in text if isinstance(octet, int) and 0 <= octet < _BYTE)
    elif text is not None:
        text = text.encode("utf-8", "replace")
    if text is None:
        return None
    partial = "stream" in value and not text.endswith(b"\n")
    return Unwrapped(text.rstrip(b"\r\n"), _time(value), _first(value, _HOSTS), _first(value, _TAGS), partial)


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((value[key] for key in keys if isinstance(value.get(key), str) and value[key]), None)


def _time(value: Mapping[str, Any]) -> int | None:
    journal = value.get(_JOURNAL_TIME)
    if isinstance(journal, str) and journal.isdecimal() and len(journal) <= 19:  # noqa: PLR2004  nanoseconds
        return unix(int(journal))
    text = _first(value, _TIMES)
    return moment(text) if text else None


def unwrapped(line: bytes, shape: Shape) -> Unwrapped | None:
    """The message of a line of text or JSON; null if it has none.

    Args:
        line: Without its line end.
        shape: How messages stand in the log.
    """
    if shape.form == "text":
        return unwrap(line, shape.wrap)
    if shape.inner == "json":
        return Unwrapped(line)
    value = decoded(line)
    return opened(value) if value is not None else None


def parts(found: Unwrapped) -> Iterator[Unwrapped]:
    """The lines inside one message."""
    if b"\n" not in found.payload:
        yield found
        return
    for payload in found.payload.split(b"\n"):
        yield found._replace(payload=payload.rstrip(b"\r"))
