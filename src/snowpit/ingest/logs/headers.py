"""Headers of messages: klog (glog before it), capnslog of etcd before 3.5, and JSON of klog and zap."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from snowpit.ingest.logs.calendar import Calendar
from snowpit.ingest.logs.wraps import moment
from snowpit.ingest.tolerant.times import unix

KLOG = rb"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}[ ]+\d+ [^\s\]]{1,160}\]"
"""Without groups, for searching whole blocks."""

CAPNS = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} [DINWECF] \| "
"""Likewise."""

_KLOG = re.compile(
    rb"([IWEF])(\d{4}) (\d\d:\d\d:\d\d\.\d{1,9})[ ]+\d+ (?:[^\s\]]*/)?([^\s\]]{1,160})\] ?", re.ASCII
)
_CAPNS = re.compile(
    rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9}) ([DINWECF]) \| (?:([\w/.-]{1,80}): )?", re.ASCII
)
_CAPNS_SEVERITY = {"D": "I", "N": "I", "C": "F"}
_LEVELS = {
    "debug": "I",
    "info": "I",
    "warn": "W",
    "warning": "W",
    "error": "E",
    "dpanic": "F",
    "panic": "F",
    "fatal": "F",
}
_OWN = ("ts", "level", "caller", "msg", "v", "stacktrace", "timestamp", "time")
_SECONDS = 10**11
_LONGEST = 16 << 10
_ENCODE = msgspec.json.Encoder().encode


class Header(NamedTuple):
    """A header and the message after it.

    Args:
        severity: I, W, E or F.
        at: µs since the epoch; null if there is no such date.
        place: Source file and line, or package, that wrote it.
        message: What follows, in the form of text.
    """

    severity: str
    at: int | None
    place: str
    message: str


def header_of(payload: bytes, calendar: Calendar, beside: int | None = None) -> Header | None:
    """The header that a line begins with; null if it continues the line before, or is none.

    Args:
        payload: Without its wrapping.
        calendar: Knows the year and zone of headers without them.
        beside: When the wrapping says it was written.
    """
    if payload[:1] == b"{":
        return structured(decoded(payload), beside)
    found = _KLOG.match(payload)
    if found is not None:
        severity, day, clock, place = found.groups()
        return Header(
            severity.decode(),
            calendar.instant(day, clock, beside),
            place.decode("utf-8", "replace"),
            payload[found.end() :].decode("utf-8", "replace"),
        )
    found = _CAPNS.match(payload)
    if found is None:
        return None
    letter = found[2].decode()
    return Header(
        _CAPNS_SEVERITY.get(letter, letter),
        moment(found[1].decode() + "Z"),
        (found[3] or b"etcd").decode("utf-8", "replace"),
        payload[found.end() :].decode("utf-8", "replace"),
    )


def decoded(payload: bytes) -> Mapping[str, Any] | None:
    """A line as a JSON object; null if it is none."""
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def structured(value: Mapping[str, Any] | None, beside: int | None = None) -> Header | None:
    """The header of a JSON message of klog or zap; null if it is neither.

    klog writes ``v`` for severity I and none for E; it wrote seconds first and writes milliseconds now.

    Args:
        value: The decoded line.
        beside: When the wrapping says it was written.
    """
    if value is None or not isinstance(value.get("msg"), str) or "ts" not in value:
        return None
    level = value.get("level")
    if not isinstance(level, str) and not {"v", "err", "caller"} & value.keys():
        return None
    plain = "I" if "v" in value else "E"
    severity = _LEVELS.get(level.lower(), "I") if isinstance(level, str) else plain
    caller = value.get("caller") or value.get("logger")
    place = caller.rpartition("/")[2] if isinstance(caller, str) else ""
    return Header(severity, _stamp(value["ts"]) or beside, place[:160], _rendered(value))


def _stamp(written: object) -> int | None:
    if isinstance(written, str):
        return moment(written)
    if (
        isinstance(written, bool)
        or not isinstance(written, int | float)
        or not 0 < written < _SECONDS * 10**9
    ):
        return None
    return int(written * 1000) if _SECONDS <= written < _SECONDS * 1000 else unix(written)


def _rendered(value: Mapping[str, Any]) -> str:
    """The message as klog's text form spells it."""
    message = str(value["msg"]).rstrip("\n")
    others = [(key, item) for key, item in value.items() if key not in _OWN]
    if not others:
        return message[:_LONGEST]
    parts = [f'"{message}"']
    for key, item in others:
        text = item if isinstance(item, str) else _ENCODE(item).decode("utf-8", "replace")
        parts.append(f'{key}="{text}"')
    return " ".join(parts)[:_LONGEST]
