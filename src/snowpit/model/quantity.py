"""Values as Kubernetes writes them: durations of Go, whole numbers, truth values."""

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|us|µs|ns)", re.ASCII)
_WHOLE = re.compile(r"(?:[+-]?(?:\d{1,12}(?:\.\d{1,9})?(?:h|ms|m|s|us|µs|ns))+)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_TRUE = ("true", "t", "1")
_FALSE = ("false", "f", "0")


def go_seconds(text: str) -> float | None:
    """Seconds of a duration as Go writes it; null if the text is none.

    >>> go_seconds("2m0s"), go_seconds("500ms"), go_seconds("0"), go_seconds("soon")
    (120.0, 0.5, 0.0, None)
    """
    if text == "0":
        return 0.0
    if not _WHOLE.fullmatch(text):
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return -total if text.startswith("-") else total


def whole(text: str) -> int | None:
    """A whole number; null if the text is none."""
    return int(text) if _INTEGER.fullmatch(text) else None


def truth(text: str) -> bool | None:
    """A truth value as Go's flags take it; null if the text is none."""
    folded = text.lower()
    return True if folded in _TRUE else False if folded in _FALSE else None
