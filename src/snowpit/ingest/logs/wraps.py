"""What stands before a message on a line: headers of runtimes, journals, kubectl and stern."""

import re
from functools import lru_cache
from typing import NamedTuple

from snowpit.ingest.tolerant.kinds import Remarks
from snowpit.ingest.tolerant.times import instant

_ISO = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_HOST = rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}"
_TAG = rb"[^\s:\[\]{]{1,128}"
_POD = rb"[a-z0-9][a-z0-9.-]{0,252}"


class Wrap(NamedTuple):
    """One way of wrapping.

    Args:
        name: In words; empty for none.
        plain: Regular expression of it without groups, for searching whole blocks.
        pattern: The same with the groups time, stamp, flag, host and tag, compiled.
    """

    name: str
    plain: bytes
    pattern: re.Pattern[bytes]


def _wrap(name: str, expression: bytes) -> Wrap:
    return Wrap(name, re.sub(rb"\?P<\w+>", rb"?:", expression), re.compile(expression))


WRAPS = (
    _wrap("", b""),
    _wrap("container runtime", rb"(?P<time>" + _ISO + rb") std(?:out|err) (?P<flag>[FP])(?::\S+)? "),
    _wrap(
        "journald",
        rb"(?:<\d{1,3}>)?(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) (?P<host>"
        + _HOST
        + rb") (?P<tag>"
        + _TAG
        + rb")(?:\[\d+\])?: ",
    ),
    _wrap(
        "journald",
        rb"(?P<time>" + _ISO + rb") (?P<host>" + _HOST + rb") (?P<tag>" + _TAG + rb")(?:\[\d+\])?: ",
    ),
    _wrap(
        "syslog",
        rb"<\d{1,3}>1 (?P<time>"
        + _ISO
        + rb") (?P<host>\S+) (?P<tag>\S+) \S+ \S+ (?:-|\[[^\]\n]*\]) (?:\xef\xbb\xbf)?",
    ),
    _wrap(
        "kubectl logs",
        rb"\[pod/(?P<host>[^/\]\s]{1,253})/(?P<tag>[^\]\s]{1,253})\] (?:(?P<time>" + _ISO + rb") )?",
    ),
    _wrap("time stamps", rb"(?P<time>" + _ISO + rb") "),
    _wrap(
        "stern",
        rb"(?:"
        + _POD
        + rb" )?(?P<host>"
        + _POD
        + rb") (?P<tag>"
        + _POD
        + rb") (?:(?P<time>"
        + _ISO
        + rb") )?",
    ),
)
"""Tried in this order; a file has one of them."""


class Unwrapped(NamedTuple):
    """A line without its wrapping.

    Args:
        payload: What was wrapped.
        beside: When the wrapping says it was written, µs since the epoch.
        host: Host or pod that it names.
        tag: Program or container that it names.
        partial: The message goes on in the next line.
    """

    payload: bytes
    beside: int | None = None
    host: str | None = None
    tag: str | None = None
    partial: bool = False


def unwrap(line: bytes, wrap: Wrap) -> Unwrapped | None:
    """A line without its wrapping; null if it is not wrapped so.

    Args:
        line: Without its line end.
        wrap: How lines of the file are wrapped.
    """
    if not wrap.name:
        return Unwrapped(line)
    found = wrap.pattern.match(line)
    if found is None:
        return None
    named = found.groupdict()
    time = named.get("time")
    return Unwrapped(
        line[found.end() :],
        moment(time.decode()) if time else None,
        _words(named.get("host")),
        _words(named.get("tag")),
        named.get("flag") == b"P",
    )


def _words(found: bytes | None) -> str | None:
    return found.decode("utf-8", "replace") if found else None


@lru_cache(maxsize=4096)
def moment(text: str) -> int | None:
    """Microseconds since the epoch of a time in a wrapping; null if it is none."""
    return instant(text.replace(",", "."), Remarks())
