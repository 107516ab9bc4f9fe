"""An audit event becomes a row of the request table.

Field paths are those of ``audit.k8s.io/v1`` (``staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go``);
v1beta1 has the same ones, v1alpha1 only ``timestamp`` instead of the two times.
"""

from typing import Any

import msgspec

from snowpit.ingest.redact import redact
from snowpit.ingest.tolerant.kinds import NONE, Hints, Remarks, Row
from snowpit.ingest.tolerant.request_info import request_info
from snowpit.ingest.tolerant.subject import REVIEWS, subject
from snowpit.ingest.tolerant.times import duration, instant
from snowpit.model.request import CLOSED_EARLY

LONGEST = 16_384
"""Characters of a text that are kept."""

_LATENCY = "apiserver.latency.k8s.io/"
_STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")
_LEVELS = ("None", "Metadata", "Request", "RequestResponse")
_FAILED = 400
_HIGHEST_CODE = 999
_RAW = msgspec.Raw()
_NAMES = {
    "api_version": "apiVersion",
    "audit_id": "auditID",
    "request_uri": "requestURI",
    "impersonated_user": "impersonatedUser",
    "source_ips": "sourceIPs",
    "user_agent": "userAgent",
    "object_ref": "objectRef",
    "response_status": "responseStatus",
    "request_object": "requestObject",
    "response_object": "responseObject",
    "request_received": "requestReceivedTimestamp",
    "stage_timestamp": "stageTimestamp",
    "involved_object": "involvedObject",
}


class Event(msgspec.Struct, rename=_NAMES):
    """The parts of an audit event that matter, of any type, as damaged evidence may hold them."""

    kind: Any = None
    api_version: Any = None
    level: Any = None
    audit_id: Any = None
    stage: Any = None
    request_uri: Any = None
    verb: Any = None
    user: Any = None
    impersonated_user: Any = None
    source_ips: Any = None
    user_agent: Any = None
    object_ref: Any = None
    response_status: Any = None
    request_object: msgspec.Raw = _RAW
    response_object: msgspec.Raw = _RAW
    request_received: Any = None
    stage_timestamp: Any = None
    timestamp: Any = None
    annotations: Any = None
    involved_object: Any = None


DECODER = msgspec.json.Decoder(Event)
"""Reads one event and skips what does not matter."""

_FIELDS = tuple((name, _NAMES.get(name, name)) for name in Event.__struct_fields__)


def from_mapping(value: dict[str, Any]) -> Event:
    """An event from an object that is decoded already."""
    return Event(**{name: value[key] for name, key in _FIELDS if key in value})


def is_event(event: Event) -> bool:
    """Whether this is an audit event, and not an Event object of the core API."""
    if event.involved_object is not None:
        return False
    api = event.api_version
    if event.kind == "Event":
        return api is None or (isinstance(api, str) and (api.startswith("audit.k8s.io/") or not api))
    return (
        event.kind is None
        and event.audit_id is not None
        and (event.stage is not None or event.verb is not None)
    )


def text(value: object) -> str | None:
    """A text as it is kept: credentials blanked, length bounded, valid Unicode; null for all else."""
    if type(value) is not str or not value:
        return None
    if len(value) > LONGEST:
        value = redact(value)[:LONGEST]
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode("utf-8")
    return redact(value)


def row_of(event: Event, remarks: Remarks, hints: Hints = NONE) -> Row | str:
    """The row of an event.

    Args:
        event: As decoded.
        remarks: Takes what the evidence does not carry.
        hints: What the envelope knows.

    Returns:
        The row, or the reason why there is none.
    """
    for name, value in (("auditID", event.audit_id), ("verb", event.verb), ("stage", event.stage)):
        if value is not None and type(value) is not str:
            return f"bad field {name}"
    status = event.response_status if type(event.response_status) is dict else {}
    row: Row = {
        "verb": text(event.verb),
        "stage": _one_of(event.stage, _STAGES),
        "level": _one_of(event.level, _LEVELS),
        "audit_id": text(event.audit_id),
        "user_agent": text(event.user_agent),
        "code": code_of(status.get("code")),
        "reason": text(status.get("reason")) or _told(status),
        "server": text(hints.server),
    }
    _add_user(row, event)
    _add_object(row, event)
    _add_parts(row, event.annotations)
    if row.get("resource") in REVIEWS:
        bodies = {"request": _body(event.request_object), "response": _body(event.response_object)}
        row["subject"] = text(subject(row["resource"], **bodies))
    bad = _add_times(row, event, remarks, hints=hints)
    return bad or row


def _one_of(value: object, known: tuple[str, ...]) -> str | None:
    """A word of a closed list; anything else could be a credential without a sign of it."""
    return value if isinstance(value, str) and value in known else None


def _told(status: dict[str, Any]) -> str | None:
    """The message where it stands for a missing reason: failed authentication, or a client that hung up."""
    message = status.get("message")
    return text(message) if code_of(status.get("code")) == 401 or message == CLOSED_EARLY else None  # noqa: PLR2004


def code_of(value: object) -> int | None:
    """An HTTP status; null if it is none."""
    if type(value) is str and value.isascii() and value.isdigit():
        value = int(value[:4])
    elif type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _HIGHEST_CODE else None


def _add_user(row: Row, event: Event) -> None:
    user = event.user
    if type(user) is dict:
        row["user"] = text(user.get("username"))
        groups = user.get("groups")
        if type(groups) is list:
            row["groups"] = text(",".join(group for group in groups if type(group) is str))
    elif type(user) is str:
        row["user"] = text(user)
    sources = event.source_ips
    if type(sources) is list and sources:
        row["source"] = text(sources[0])
    if type(event.impersonated_user) is dict:
        row["impersonated"] = text(event.impersonated_user.get("username"))


def _add_object(row: Row, event: Event) -> None:
    uri = event.request_uri if type(event.request_uri) is str else ""
    target = event.object_ref
    if type(target) is dict and type(target.get("resource")) is str and target["resource"]:
        group = target.get("apiGroup")
        row["resource"] = text(target["resource"])
        row["group"] = "" if group == "core" else text(group) or ""
        row["version"] = text(target.get("apiVersion"))
        for name in ("subresource", "namespace", "name"):
            row[name] = text(target.get(name))
    else:
        derive(row, uri)
    if row.get("resource") is None:
        row["uri"] = text(uri)
    elif "?" in uri:
        row["uri"] = text(uri[uri.index("?") :])


def derive(row: Row, uri: str, method: str | None = None) -> None:
    """Fill the object columns from a request URI, as RequestInfo does.

    Args:
        row: Changed in place.
        uri: Path and query.
        method: HTTP method, to give the verb too.
    """
    info = request_info(uri, method)
    if method is not None:
        row["verb"] = text(info.verb)
    if info.resource is not None:
        row["group"] = text(info.group) or ""
        for name in ("version", "resource", "subresource", "namespace", "name"):
            row[name] = text(getattr(info, name))


def _add_parts(row: Row, annotations: object) -> None:
    if type(annotations) is not dict:
        return
    for column, key in (("etcd", "etcd"), ("queued", "apf-queue-wait"), ("written", "response-write")):
        row[column] = duration(annotations.get(_LATENCY + key))
    hooks = [duration(annotations.get(f"{_LATENCY}{kind}-webhook")) for kind in ("mutating", "validating")]
    known = [part for part in hooks if part is not None]
    row["webhooks"] = sum(known) if known else None


def _body(raw: object) -> Any:  # noqa: ANN401  a body may be of any type
    if not isinstance(raw, msgspec.Raw):
        return raw
    try:
        return msgspec.json.decode(raw) if len(raw) else None
    except (ValueError, RecursionError):
        return None


def _add_times(row: Row, event: Event, remarks: Remarks, *, hints: Hints) -> str | None:
    """Fill both times; gives the reason if one is no time."""
    found: dict[str, int | None] = {}
    fields = (
        ("requestReceivedTimestamp", event.request_received),
        ("stageTimestamp", event.stage_timestamp),
        ("timestamp", event.timestamp),
    )
    for name, value in fields:
        found[name] = None
        if value is None or value == "" or (type(value) is str and value.startswith("0001-01-01")):
            continue
        found[name] = instant(value, remarks) if type(value) is str else None
        if found[name] is None and name != "timestamp":
            return f"bad field {name}"
    place_in_time(
        row,
        remarks,
        received=found["requestReceivedTimestamp"] or found["timestamp"],
        staged=found["stageTimestamp"],
        fallback=hints.time,
    )
    return None


def place_in_time(
    row: Row, remarks: Remarks, *, received: int | None, staged: int | None, fallback: int | None
) -> None:
    """Fill ``received`` and ``finished`` from what is known, without inventing a sojourn time.

    Args:
        row: Changed in place; its stage and code must be set.
        remarks: Learns that sojourn times are not carried, where one end is missing.
        received: When the request came.
        staged: When this stage was reached.
        fallback: Time of the envelope.
    """
    terminal = ended(row)
    start, end = received, staged
    if start is None:
        start = end if end is not None else fallback
        if start is None:
            remarks.absent.add("received")
            remarks.note("some events carry no time at all")
    row["received"] = start
    row["finished"] = (end if end is not None else start) if terminal else None
    if terminal and (received is None or staged is None):
        remarks.absent.add("latency")
        remarks.note("some events carry one time only: their sojourn time is not known and reads 0")


def ended(row: Row) -> bool:
    """Whether the row's stage is the last one of its request."""
    stage, code = row.get("stage"), row.get("code")
    if stage == "ResponseStarted":
        return code is not None and code >= _FAILED  # failed authentication has this stage only
    return stage in ("ResponseComplete", "Panic") or (stage is None and code is not None)
