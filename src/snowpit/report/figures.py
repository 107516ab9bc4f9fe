"""Figures as people read them, each with its unit."""

from snowpit.model.window import MICROS, iso

_UNITS = ("B", "kB", "MB", "GB", "TB")
MINUTE = 60
HOUR = 3600
DAY = 86_400


def count(value: float) -> str:
    """A whole number with separators.

    >>> count(13525)
    '13,525'
    """
    return f"{value:,.0f}"


def rate(value: float) -> str:
    """A number per second with about three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"  # noqa: PLR2004


def share(value: float) -> str:
    """A share as percentage; small ones are not rounded to nothing."""
    percent = 100 * value
    if 0 < percent < 1:
        return "<1 %"
    return ">99 %" if 99 < percent < 100 else f"{percent:.0f} %"  # noqa: PLR2004


def seconds(value: float | None) -> str:
    """A duration, in the unit that suits it; a dash if unknown.

    >>> seconds(0.0053), seconds(30.001), seconds(754)
    ('5.3 ms', '30.0 s', '12 min 34 s')
    """
    if value is None:
        return "-"
    if value < 1:
        return f"{value * 1000:.3g} ms"
    if value < 2 * MINUTE:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 2 * HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < 2 * DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{value / DAY:,.1f} days"


def size(value: float) -> str:
    """Bytes in decimal units."""
    for unit in _UNITS[:-1]:
        if value < 1000:  # noqa: PLR2004
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} {_UNITS[-1]}"


def clock(instant: int | None) -> str:
    """An instant to the second, UTC; a dash if unknown."""
    text = iso(instant - instant % MICROS) if instant is not None else None
    return "-" if text is None else text[:19].replace("T", " ") + "Z"


def plural(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"
