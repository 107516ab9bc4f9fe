"""Access lines of kube-apiserver, of every release since 1.8, as rows of the request table.

A line is written when the request is answered, so ``finished`` is its time and ``received`` that less the
latency, which begins in an outer filter: unlike audit times it includes authentication in every release.

Source: kubernetes/apiserver ``pkg/server/httplog/httplog.go`` at 1.12, 1.18, 1.19 and 1.28.
"""

import re

from snowpit.ingest.redact import redact
from snowpit.ingest.sink import ACCESS
from snowpit.ingest.tolerant.kinds import Row
from snowpit.ingest.tolerant.request_info import request_info
from snowpit.ingest.tolerant.times import duration

ABSENT = ("user", "groups", "impersonated", "subject", "level", "reason")
"""Columns of the request table that access lines do not carry."""

_OLD = re.compile(r"([A-Z]+) (/\S*): \(([\d.a-zµμ]+)\) (?:(\d{3})\b|hijacked)")
_AGENT = re.compile(r" ?\[\[?(.*?)\]? (\[[0-9A-Fa-f:.%]+\]:\d+|[0-9A-Fa-f:.]+|@)\]\s*\Z")
_FIELD = re.compile(r'([A-Za-z][\w-]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
_METHODS = {
    "LIST": "GET",
    "WATCH": "GET",
    "WATCHLIST": "GET",
    "APPLY": "PATCH",
    "CREATE": "POST",
    "UPDATE": "PUT",
    "DELETECOLLECTION": "DELETE",
    "CONNECT": "GET",
}
_TAIL = 4096
_LONGEST = 8192


def access_row(message: str, at: int) -> Row | None:
    """The request that a message tells of; null if it is no access line.

    Args:
        message: Without the header, continuation lines included.
        at: When it was written, µs since the epoch.
    """
    if message.startswith(('verb="', '"HTTP" ')):
        return _structured(message, at)
    found = _OLD.match(message)
    if found is None:
        return None
    method, uri, took, code = found.groups()
    micros = duration(took)
    if micros is None:
        return None
    row = _asked(method, uri)
    agent = _AGENT.search(message, max(found.end(), len(message) - _TAIL))
    if agent is not None:
        row["user_agent"] = redact(agent[1]) or None
        row["source"] = _host(agent[2])
    return row | {
        "received": at - micros,
        "finished": at,
        "code": int(code) if code else None,
        "stage": ACCESS,
    }


def _structured(message: str, at: int) -> Row | None:
    """A line of keys and values, as written since 1.18."""
    fields: dict[str, str] = {}
    for key, quoted, plain in _FIELD.findall(message[:_LONGEST]):
        fields.setdefault(key.lower(), quoted or plain)
    micros = duration(fields.get("latency", "").replace("\\u00b5", "µ"))
    if micros is None or "uri" not in fields or "verb" not in fields:
        return None
    row = _asked(fields["verb"], fields["uri"].replace('\\"', '"'))
    code = fields.get("resp", "")
    queued = duration(fields.get("apf_init_latency", ""))
    return row | {
        "received": at - micros,
        "finished": at,
        "code": int(code) if code.isdecimal() and len(code) <= 3 else None,  # noqa: PLR2004  an HTTP status
        "stage": ACCESS,
        "user_agent": redact(fields.get("useragent", "")) or None,
        "source": _host(fields.get("srcip", "")),
        "audit_id": redact(fields.get("audit-id", "")) or None,
        "queued": queued,
    }


def _asked(verb: str, uri: str) -> Row:
    """What was asked for, by column."""
    info = request_info(uri, _METHODS.get(verb, verb))
    row: Row = {name: redact(value) for name, value in info._asdict().items() if value}
    if info.resource is None:
        row["uri"] = redact(uri)
        return row
    if verb == "CONNECT":
        row["verb"] = "connect"
    row["group"] = info.group or ""
    if "?" in uri:
        row["uri"] = redact(uri[uri.index("?") :])
    return row


def _host(address: str) -> str | None:
    """The address without its port."""
    address = address.rstrip(":")
    if address.startswith("["):
        return address[1:].partition("]")[0] or None
    host, colon, port = address.rpartition(":")
    return (host if colon and port.isdecimal() and ":" not in host else address) or None
