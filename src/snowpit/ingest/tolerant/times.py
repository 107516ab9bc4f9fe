"""Instants and durations as evidence writes them, in integer microseconds."""

import re
from datetime import UTC, datetime, timedelta

from snowpit.ingest.tolerant.kinds import Remarks

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
LATEST = 7_289_654_400_000_000
"""The year 2201, µs since the epoch: what lies beyond is damage."""

_SPLIT_SECOND = re.compile(
    r"^(.{10})[T t](\d\d):(\d\d):(\d\d|60)(?:[.,](\d+))?\s*(Z|UTC|[+-]\d\d:?\d\d)?$", re.ASCII
)
_UNIX = re.compile(r"^\d{9,19}(?:\.\d+)?$", re.ASCII)
_GO = re.compile(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 0.001, "us": 1.0, "µs": 1.0, "μs": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9}
_MAGNITUDES = ((10**17, 1000, 1), (10**14, 1, 1), (10**11, 1, 1000))


def instant(text: str, remarks: Remarks) -> int | None:
    """Microseconds since the epoch of an RFC 3339 time or one of its relatives.

    Accepts a blank instead of ``T``, any number of decimals (cut to
    microseconds), offsets, a missing zone (taken as UTC, with a remark), leap
    seconds and Unix times in seconds to nanoseconds.

    Args:
        text: The time as written.
        remarks: Takes the remark that a zone was assumed.

    Returns:
        The instant; null if it is no time, or one outside 1970 to 2200.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _within(_unusual(text, remarks))
    if moment.tzinfo is None:
        if len(text) < len("2006-01-02T15:04"):
            return None
        remarks.note("times without a zone are taken as UTC")
        moment = moment.replace(tzinfo=UTC)
    return _within((moment - _EPOCH) // _MICRO)


def _within(micros: int | None) -> int | None:
    return micros if micros is not None and 0 < micros < LATEST else None


def _unusual(text: str, remarks: Remarks) -> int | None:
    text = text.strip()
    if _UNIX.match(text):
        return unix(float(text) if "." in text else int(text))
    parts = _SPLIT_SECOND.match(text)
    if parts is None:
        return None
    day, hour, minute, second, decimals, zone = parts.groups()
    if zone is None:
        remarks.note("times without a zone are taken as UTC")
    zone = "+00:00" if zone in (None, "Z", "UTC") else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{hour}:{minute}:{min(int(second), 59):02d}{zone}")
    except ValueError:
        return None
    micros = (moment - _EPOCH) // _MICRO + int(f"{decimals or '0':<06.6}")
    return micros + 1_000_000 if second == "60" else micros


def unix(value: float) -> int | None:
    """Microseconds of a Unix time in seconds, milliseconds, microseconds or nanoseconds, told by its size."""
    for least, divisor, factor in _MAGNITUDES:
        if value >= least:
            return int(value) // divisor * factor
    return _within(int(value * 1_000_000)) if value > 0 else None


def duration(text: object) -> int | None:
    """Microseconds of a Go duration string.

    >>> duration("1m0.5s"), duration("750.5µs")
    (60500000, 750)
    """
    if not isinstance(text, str) or len(text) > 64:  # noqa: PLR2004  longer than any duration Go prints
        return None
    total, end = 0.0, 0
    for part in _GO.finditer(text):
        if part.start() != end or part[1].count(".") > 1 or part[1] == ".":
            return None
        total, end = total + float(part[1]) * _UNITS[part[2]], part.end()
    return int(total + 1e-6) if end and end == len(text) and total < LATEST else None
