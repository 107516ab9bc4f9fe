"""Scalars of a scenario with their units: durations, rates, shares, counts.

A reader takes a raw value (of TOML, or text of a command line) and its place, and
gives the value in base units or raises ``ScenarioError`` with place, value and rule.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from math import isfinite
from typing import NoReturn

from snowpit.cluster.workload import FOREVER
from snowpit.errors import ScenarioError

MOST = 10_000_000
"""Largest count: a slip of the keyboard must not ask for all the memory there is."""

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PER = {"s": 1.0, "m": 1 / 60.0, "min": 1 / 60.0, "h": 1 / 3600.0}
_NUMBER = r"([+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,3})?)"
_DURATION = re.compile(_NUMBER + r"\s*(us|ms|s|min|m|h|d)?", re.ASCII)
_RATE = re.compile(_NUMBER + r"(?:\s*/\s*(s|min|m|h))?", re.ASCII)
_PERCENT = re.compile(_NUMBER + r"\s*(%)?", re.ASCII)
_NEVER = ("never", "forever", "inf")
_LONGEST_TEXT = 20_000


def refuse(place: str, raw: object, rule: str, hint: str = "") -> NoReturn:
    """Raise ``ScenarioError`` for a value that breaks a rule.

    Args:
        place: File and key path.
        raw: The offending value; shown in short, escaped.
        rule: What holds for the value, a clause that goes on after it.
        hint: What to write instead.
    """
    raise ScenarioError(f"{place} = {shown(raw)}: {rule}.", hint)


def shown(raw: object) -> str:
    """A raw value for messages: escaped, at most 60 characters."""
    text = ascii(raw) if isinstance(raw, (str, int, float, bool)) else f"a {_kind(raw)}"
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - width of a message


def _kind(raw: object) -> str:
    return {"dict": "table", "list": "list", "NoneType": "null"}.get(type(raw).__name__, "date or time")


def closest(word: str, known: Sequence[str]) -> str:
    """A hint that names the nearest known word, or all of them if they are few."""
    near = get_close_matches(word[:80], known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    few = ", ".join(sorted(known)[:40])
    return f"Known: {few}." if few else ""


def _scaled(raw: object, shape: re.Pattern[str], factors: dict[str, float]) -> float | None:
    """Number times unit; null if the value has another shape or is no finite number."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, (int, float)):
        return float(raw) if abs(raw) < 1e18 else None  # noqa: PLR2004 - beyond any sensible figure
    found = shape.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        return None
    value = float(found[1]) * factors.get(found[2] or "", 1.0)
    return value if isfinite(value) else None


def duration(raw: object, place: str, *, never: bool = True) -> float:
    """Seconds of ``60s``, ``5ms``, ``2m``, ``1h`` or a bare number; ``never`` is infinity where it is allowed.

    >>> duration("5ms", "think"), duration(60, "period"), duration("2m", "period")
    (0.005, 60.0, 120.0)
    """
    if never and (raw in _NEVER or raw == FOREVER):
        return FOREVER
    value = _scaled(raw, _DURATION, _SECONDS)
    if value is None or value < 0.0:
        refuse(
            place,
            raw,
            "it has to be a duration of zero or more",
            'Write for instance "30s", "5ms", "2m" or "1h".',
        )
    return value


def rate(raw: object, place: str, *, unlimited: bool = False) -> float:
    """Number per second of ``30/s``, ``90/m`` or a bare number; -1 (no limit) where it is allowed.

    >>> rate("90/m", "rate"), rate(30, "rate")
    (1.5, 30.0)
    """
    value = _scaled(raw, _RATE, _PER)
    if value is None or (value < 0.0 and not (unlimited and value == -1.0)):
        refuse(place, raw, "it has to be a rate of zero or more", 'Write for instance "30/s" or 30.')
    return value


def share(raw: object, place: str, *, most: float = 1.0) -> float:
    """A share of ``0.9`` or ``90%``.

    >>> share("90%", "share")
    0.9
    """
    value = _scaled(raw, _PERCENT, {"%": 0.01})
    if value is None or not 0.0 <= value <= most:
        refuse(place, raw, "it has to be a share from 0 to 1", 'Write for instance "10%" or 0.1.')
    return value


def number(raw: object, place: str, *, least: float = 0.0) -> float:
    """A plain number that is not below ``least``."""
    value = _scaled(raw, _PERCENT, {"%": 0.01})
    if value is None or value < least:
        refuse(place, raw, f"it has to be a number of {least:g} or more")
    return value


def count(raw: object, place: str, *, least: int = 0, most: int = MOST) -> int:
    """A whole number from ``least`` to ``most``; text may group digits with ``_`` or ``,``."""
    value: object = raw
    if isinstance(raw, str) and re.fullmatch(r"-?\d[\d_,]{0,20}", raw.strip(), re.ASCII):
        value = int(re.sub("[_,]", "", raw.strip()))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        refuse(place, raw, f"it has to be a whole number from {least:,} to {most:,}")
    return value


def flag(raw: object, place: str) -> bool:
    """``true`` or ``false``, also as text."""
    value = {"true": True, "false": False}.get(raw) if isinstance(raw, str) else raw
    if not isinstance(value, bool):
        refuse(place, raw, "it has to be true or false")
    return value


def text(raw: object, place: str, *, choices: Sequence[str] = ()) -> str:
    """Text, one of ``choices`` if there are any; control characters are refused."""
    if not isinstance(raw, str) or len(raw) > _LONGEST_TEXT:
        refuse(place, raw, "it has to be text in quotes")
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in raw) or "\x7f" in raw:  # noqa: PLR2004 - ASCII control
        refuse(place, raw, "it must not hold control characters")
    if choices and raw not in choices:
        refuse(place, raw, "it is not known here", closest(raw, choices))
    return raw
