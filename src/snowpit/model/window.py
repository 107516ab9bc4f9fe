"""Half-open stretches of time, and the one place where microseconds become seconds."""

from datetime import UTC, datetime
from typing import NamedTuple

MICROS = 1_000_000


class Window(NamedTuple):
    """A half-open stretch of time [start, end), in microseconds since the epoch."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start) / MICROS


def to_seconds(micros: int | None) -> float | None:
    """Seconds of a duration in microseconds; null stays null."""
    return None if micros is None else micros / MICROS


def iso(instant: int | None) -> str | None:
    """RFC 3339 text (UTC, microseconds) of an instant; null stays null.

    >>> iso(0)
    '1970-01-01T00:00:00.000000Z'
    """
    if instant is None:
        return None
    seconds, micros = divmod(instant, MICROS)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def clock(instant: int | None) -> str:
    """An instant to the second, as people read it.

    >>> clock(1_500_000)
    '1970-01-01 00:00:01Z'
    """
    text = iso(instant)
    return f"{text[:10]} {text[11:19]}Z" if text else "an unknown time"
