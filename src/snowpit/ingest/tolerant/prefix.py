"""What stands before the JSON on a line: host names, time stamps, runtime and syslog headers."""

import re
from typing import NamedTuple

_LONGEST = 1024
_TIME = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"
_HOST = rb"[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,252}"
_TAG = rb"(?:\s+[^\s{]{1,128}:)?"
_PATTERNS = (
    re.compile(rb"(?P<time>" + _TIME + rb")\s+(?:stdout|stderr)\s+(?P<flag>[FP])(?::\S+)?\s"),
    re.compile(
        rb"(?:<\d{1,3}>)?[A-Z][a-z]{2}\s[ \d]\d\s\d\d:\d\d:\d\d\s(?P<host>" + _HOST + rb")" + _TAG + rb"\s*$"
    ),
    re.compile(
        rb"<\d{1,3}>\d\s(?P<time>\S+)\s(?P<host>\S+)\s\S+\s\S+\s\S+(?:\s-|\s\[.*\])?\s*(?:\xef\xbb\xbf)?$"
    ),
    re.compile(rb"\[pod/(?P<host>[^/\]]+)/[^\]]+\]\s(?:" + _TIME + rb"\s)?$"),
    re.compile(rb"(?P<time>" + _TIME + rb")\s+\S*/\S*\s(?P<host>" + _HOST + rb")\s*$"),
    re.compile(rb"(?P<time>" + _TIME + rb")(?:\s+(?P<host>" + _HOST + rb"))?" + _TAG + rb"\s*$"),
    re.compile(rb"(?P<host>" + _HOST + rb")(?:\s+" + _TIME + rb")?\s+$"),
    re.compile(rb"MESSAGE=$"),
)
_JOURNAL_FIELD = re.compile(rb"_{0,2}[A-Z][A-Z0-9_]{2,63}=")
_KLOG = re.compile(rb"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s")


class Prefixed(NamedTuple):
    """A line, split.

    Args:
        payload: What follows the prefix.
        host: The host, pod or stream that the prefix names.
        time: The time in it, as written.
        partial: Whether the runtime says that the message goes on in the next line.
    """

    payload: bytes
    host: str | None = None
    time: str | None = None
    partial: bool = False


def split_prefix(line: bytes) -> Prefixed | None:
    """Takes a known prefix off a line; null if there is none.

    Args:
        line: Without its line end.
    """
    runtime = _PATTERNS[0].match(line)
    if runtime is not None:
        return Prefixed(line[runtime.end() :], None, _words(runtime["time"]), runtime["flag"] == b"P")
    brace = line.find(b"{", 0, _LONGEST)
    if brace <= 0:
        return None
    for pattern in _PATTERNS[1:]:
        match = pattern.match(line, 0, brace)
        if match is not None:
            named = match.groupdict()
            return Prefixed(line[brace:], _words(named.get("host")), _words(named.get("time")))
    return None


def is_other_log(line: bytes) -> bool:
    """Whether a line belongs to another log: klog, or a field of a journal export."""
    return _KLOG.match(line) is not None or _JOURNAL_FIELD.match(line) is not None


def _words(found: bytes | None) -> str | None:
    return None if found is None else found.decode("utf-8", "replace")
