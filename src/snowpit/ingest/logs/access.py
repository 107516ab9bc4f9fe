"""Access lines of kube-apiserver, of every release since 1.8, as rows of the request table.

A line is written when the request is answered, so ``finished`` is its time and ``received`` that less the
latency, which begins in an outer filter: unlike audit times it includes authentication in every release.

Source: kubernetes/apiserver ``pkg/server/httplog/httplog.go`` at 1.12, 1.18, 1.19 and 1.28.
"""

import re
from functools import lru_cache

from snowpit.ingest.redact import redact
from snowpit.ingest.tolerant.kinds import Row
from snowpit.ingest.tolerant.request_info import request_info
from snowpit.ingest.tolerant.times import duration
from snowpit.model.request import ACCESS_LOG

ABSENT = ("user", "groups", "impersonated", "subject", "level", "reason")
"""Columns of the request table that access lines do not carry."""

INFERRED = "users are inferred from agents; kubelets are named by their addresses"

_OLD = re.compile(r"([A-Z]+) (/\S*): \(([\d.a-zµμ]+)\) (?:(\d{3})\b|hijacked)")
_AGENT = re.compile(r" ?\[\[?(.*?)\]? (\[[0-9A-Fa-f:.%]+\]:\d+|[0-9A-Fa-f:.]+|@)\]\s*\Z")
_FIELD = re.compile(r'([A-Za-z][\w-]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_USUAL = re.compile(
    rf'(?:"HTTP" )?verb="([A-Z]+)" URI={_QUOTED} latency="?([\d.a-zµ]+)"? userAgent={_QUOTED}'
    r'(?: audit-ID="([^"]*)")? srcIP="([^"]*)"(.*)',
    re.DOTALL,
)
_RESPONSE = re.compile(r" resp=(\d{3})\b")
_QUEUED = re.compile(r' apf_init_latency="([^"]+)"')
_ACCOUNT = re.compile(r"/(system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+)\Z")
_LOCAL = ("127.0.0.1", "::1")
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


def _usual_row(message: str, at: int) -> Row | None:
    """The request of a line in the form of 1.19 and later; null if it is in any other form, which is no verdict."""
    usual = _USUAL.match(message)
    if usual is None:
        return None
    verb, uri, took, agent, audit_id, address, rest = usual.groups()
    code, queued = _RESPONSE.search(rest), _QUEUED.search(rest)
    return {
        **(_asked(verb, uri.replace('\\"', '"'))),
        "received": at - (_micros(took) or 0),
        "finished": at,
        "stage": ACCESS_LOG,
        "code": int(code[1]) if code else None,
        **_who(agent, _host(address)),
        "audit_id": _clean(audit_id) if audit_id else None,
        "queued": duration(queued[1]) if queued else None,
    }


def _micros(took: str) -> int | None:
    """Microseconds of a duration; the usual ones are parsed without ado."""
    try:
        if took.endswith("ms"):
            return int(float(took[:-2]) * 1000 + 1e-6)
        if took.endswith("µs"):
            return int(float(took[:-2]) + 1e-6)
    except ValueError:
        pass
    return duration(took)


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
    micros = _micros(took)
    if micros is None:
        return None
    row = dict(_asked(method, uri))
    agent = _AGENT.search(message, max(found.end(), len(message) - _TAIL))
    if agent is not None:
        row |= _who(agent[1], _host(agent[2]))
    return row | {
        "received": at - micros,
        "finished": at,
        "code": int(code) if code else None,
        "stage": ACCESS_LOG,
    }


def _structured(message: str, at: int) -> Row | None:
    """A line of keys and values, as written since 1.18."""
    usual = _usual_row(message, at)
    if usual is not None:
        return usual
    fields: dict[str, str] = {}
    for key, quoted, plain in _FIELD.findall(message[:_LONGEST]):
        fields.setdefault(key.lower(), quoted or plain)
    if duration(fields.get("latency")) is None or "uri" not in fields or "verb" not in fields:
        return None
    code_text = fields.get("resp", "")
    return _answered(fields["verb"], fields["uri"], fields["latency"], at=at) | {
        "code": int(code_text) if code_text.isdecimal() and len(code_text) <= 3 else None,  # noqa: PLR2004  an HTTP status
        **_who(fields.get("useragent", ""), _host(fields.get("srcip", ""))),
        "audit_id": _clean(fields.get("audit-id")),
        "queued": duration(fields.get("apf_init_latency")),
    }


@lru_cache(maxsize=16_384)
def _who(agent: str, source: str | None) -> Row:
    """Who asked, by column; the user, where agent and address leave no doubt. Not to be changed.

    Controllers name their ServiceAccount in the agent; the loopback client is the server itself; kubelets ask as
    their node, which is named by its address here.
    """
    user = None
    if found := _ACCOUNT.search(agent):
        user = found[1]
    elif agent.startswith("kube-apiserver") and source in _LOCAL:
        user = "system:apiserver"
    elif agent.startswith("kubelet/") and source:
        user = f"system:node:{source}"
    return {"user_agent": _clean(agent), "source": source, "user": user}


def _answered(verb: str, uri: str, took: str, *, at: int) -> Row:
    """What was asked for and when, by column."""
    micros = duration(took) or 0
    asked = _asked(verb, uri.replace('\\"', '"'))
    return {**asked, "received": at - micros, "finished": at, "stage": ACCESS_LOG}


@lru_cache(maxsize=16_384)
def _asked(verb: str, uri: str) -> Row:
    """What was asked for, by column; not to be changed."""
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


@lru_cache(maxsize=4096)
def _clean(text: str | None) -> str | None:
    """A field without what looks like a credential; null if it is empty."""
    return redact(text) or None if text else None


def _host(address: str) -> str | None:
    """The address without its port."""
    address = address.rstrip(":")
    if address.startswith("["):
        return address[1:].partition("]")[0] or None
    host, colon, port = address.rpartition(":")
    return (host if colon and port.isdecimal() and ":" not in host else address) or None
