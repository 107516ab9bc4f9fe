"""One line of the Prometheus text format or of OpenMetrics.

Written here rather than taken from the library: that one stops at the first line it cannot read, tells no line
numbers and takes a second for a dump of 3 MB. A test compares both on whole dumps.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from snowpit.ingest.privacy import HIDDEN, secret_name
from snowpit.ingest.redact import redact

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*[ \t]*=[ \t]*"(?:[^"\\]|\\.)*"[ \t]*(?:,[ \t]*|(?=\}))'
_NUMBER = (
    r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[iI]nf(?:inity)?|[nN]a[nN])"
)
_SAMPLE = re.compile(
    rf"[ \t]*({_NAME})[ \t]*(?:\{{[ \t]*((?:{_LABEL})*)\}})?[ \t]*(?<=[ \t}}])({_NUMBER})"
    rf"(?:[ \t]+({_NUMBER}))?[ \t]*(?:# \{{.*)?\r?\n?"
)
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"')
_LABELS = re.compile(rf"(?:{_LABEL})*\}}")
_ESCAPE = re.compile(r"\\(.)")
_MILLISECONDS = 1e11
"""A time stamp above is in milliseconds (the text format), below in seconds (OpenMetrics)."""

_LATEST = 253_402_300_799
"""Seconds at the end of the year 9999."""

_LONGEST_LABEL = 1024
_TYPE = re.compile(rf"#[ \t]+TYPE[ \t]+({_NAME})[ \t]+([a-z]+)\s*")
TYPES = frozenset(
    ("counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram")
)


class Sample(NamedTuple):
    """One value of one series.

    Args:
        name: Name as exposed.
        labels: Labels as exposed, with secrets blanked.
        value: The value; null where it is no number or infinite.
        at: Time stamp of the sample, µs since the epoch; null if it has none.
    """

    name: str
    labels: Mapping[str, str]
    value: float | None
    at: int | None


def parse(line: str) -> Sample | None:
    """The sample on a line; null if there is none.

    >>> parse('up{job="a"} 1 1700000000000').at
    1700000000000000
    """
    found = _SAMPLE.fullmatch(line)
    if found is None:
        return None
    name, body, number, stamp = found.groups()
    return Sample(
        name, _labels(body) if body else {}, finite(number), micros(finite(stamp)) if stamp else None
    )


def _labels(body: str) -> Mapping[str, str]:
    """Labels between braces. Buckets of one histogram differ in the last label alone: the others are read once."""
    rest, comma, bound = body.rpartition(',le="')
    if comma and bound.endswith('"') and (others := _others(rest)) is not None:
        return {**others, "le": clean(bound[:-1])}
    return _pairs(body)


@lru_cache(maxsize=4096)
def _others(rest: str) -> Mapping[str, str] | None:
    """Labels before the last one; null if the cut went through a value."""
    return _pairs(rest) if _LABELS.fullmatch(f"{rest}}}") else None


def _pairs(body: str) -> Mapping[str, str]:
    return {key: label(key, value) for key, value in _PAIR.findall(body)}


def family_type(line: str) -> tuple[str, str] | None:
    """Name and type of a family from a comment; null if the comment tells no type."""
    found = _TYPE.fullmatch(line)
    return (found[1], found[2]) if found and found[2] in TYPES else None


def finite(text: str) -> float | None:
    """A number; null for infinity and what is no number.

    >>> finite("1.5e3"), finite("NaN"), finite("+Inf")
    (1500.0, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def micros(stamp: float | None) -> int | None:
    """A time stamp in seconds or milliseconds as µs since the epoch; null if it is none."""
    if stamp is None or stamp <= 0:
        return None
    seconds = stamp / 1e3 if stamp > _MILLISECONDS else stamp
    return round(seconds * 1e6) if seconds < _LATEST else None


@lru_cache(maxsize=50_000)
def label(key: str, value: str) -> str:
    """The value of a label, cleaned; nothing of it where the name says that it is secret."""
    found = clean(value)
    return HIDDEN if secret_name(key, found) else found


@lru_cache(maxsize=50_000)
def clean(value: str) -> str:
    """The value of a label without escapes and secrets, cut at a length that no reader needs more of."""
    if "\\" in value:
        value = _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], value)
    return redact(value[:_LONGEST_LABEL])
