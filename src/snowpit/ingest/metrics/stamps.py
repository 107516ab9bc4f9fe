"""When a dump was made, as file names, remarks and the process itself tell it.

A Go process collects garbage at least every two minutes (``forcegcperiod``, runtime/proc.go) and exposes when it last
did so: a dump is made at that instant or up to two minutes later.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

_CALENDAR = re.compile(
    r"(?<!\d)(20\d\d)[-_./]?(0[1-9]|1[0-2])[-_./]?(0[1-9]|[12]\d|3[01])[T_ .-]{0,2}"
    r"([01]\d|2[0-3])[:_.h-]?([0-5]\d)(?:[:_.m-]?([0-5]\d)(?:\.\d+)?)?(?!\d)\s*(Z|UTC|[+-]\d\d:?\d\d)?"
)
_EPOCH = re.compile(r"(?<![\d.])(1[0-9]{9})([0-9]{3})?(?![\d])")
_SECOND = 1_000_000
_STEP = 15 * 60 * _SECOND
"""Zones differ from UTC by whole quarters of an hour."""

_BEFORE, _AFTER = 30 * _SECOND, 300 * _SECOND
"""How far a stamp may lie from the last garbage collection: clocks differ, collections take time."""

_ZONES = 14 * 4
"""Quarters of an hour by which a zone may differ from UTC."""

NEAR = "taken at the process's last garbage collection or up to 2 minutes later"


class Stamp(NamedTuple):
    """An instant read from text.

    Args:
        at: µs since the epoch, taken for UTC if the text names no zone.
        zoned: Whether its zone is certain.
    """

    at: int
    zoned: bool


def read(text: str) -> Stamp | None:
    """The last instant that a text names; null if none. A date without a time of day is none.

    >>> read("metrics-2024-05-01T10-00-00Z.prom")
    Stamp(at=1714557600000000, zoned=True)
    >>> read("kubelet_1714557600.txt")
    Stamp(at=1714557600000000, zoned=True)
    """
    found = None
    for item in _CALENDAR.finditer(text):
        found = _calendar(item) or found
    if found is None:
        for item in _EPOCH.finditer(text):
            found = Stamp(int(item[1]) * _SECOND + int(item[2] or 0) * 1000, zoned=True)
    return found


def without(text: str) -> str:
    """A text without the instants it names."""
    return _EPOCH.sub("", _CALENDAR.sub("", text))


def _calendar(found: re.Match[str]) -> Stamp | None:
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        instant = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    offset = 0
    if zone and zone[0] in "+-":
        sign = -1 if zone[0] == "-" else 1
        offset = sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return Stamp((round(instant.timestamp()) - offset) * _SECOND, zoned=bool(zone))


def decide(named: Stamp | None, collected: int | None, *, written: int | None) -> tuple[int | None, str]:
    """When a dump was made, and how that is known.

    Args:
        named: Instant in the file's name or in a remark before the dump.
        collected: When the process last collected garbage, µs since the epoch.
        written: When the file was written.
    """
    if named is not None and (named.zoned or collected is None):
        return named.at, "time from its name" + ("" if named.zoned else ", taken for UTC")
    if named is not None and collected is not None:
        shift = round((named.at - collected) / _STEP)
        at = named.at - shift * _STEP
        if abs(shift) <= _ZONES and -_BEFORE <= at - collected <= _AFTER:
            return at, f"time from its name, zone UTC{shift / 4:+g} h by the process's own clock"
    if collected is not None:
        if written is not None and -_BEFORE <= written - collected <= _AFTER:
            return written, "time of the file"
        return collected, NEAR
    return written, "time of the file, which may have been copied later" if written is not None else "no time"
