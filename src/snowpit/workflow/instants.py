"""Instants as people type them."""

import re
from datetime import UTC, datetime, timedelta

from snowpit.errors import QueryError
from snowpit.model.window import MICROS

_RELATIVE = re.compile(r"-(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HINT = "Write 2024-01-02T03:04:05Z, '2024-01-02 03:04' (UTC) or, counted from the end of the evidence, -15m."


def instant(text: str, end: int) -> int:
    """Microseconds since the epoch of an instant.

    Args:
        text: RFC 3339, a date with or without time (UTC unless it names a zone), or relative to ``end`` as ``-15m``.
        end: Last instant of the evidence.

    Raises:
        QueryError: If the text is no instant.

    >>> instant("1970-01-01 00:01", 0), instant("-2s", 5_000_000)
    (60000000, 3000000)
    """
    relative = _RELATIVE.fullmatch(text.strip())
    if relative:
        return end - int(float(relative[1]) * _UNITS[relative[2]] * MICROS)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise QueryError(f"{text[:40]!a} is not an instant.", HINT) from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def span(text: str) -> float:
    """Seconds of a length of time such as ``10s``, ``500ms`` or ``5m``.

    Raises:
        QueryError: If the text is no positive length of time.

    >>> span("5m")
    300.0
    """
    found = _SPAN.fullmatch(text.strip())
    length = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if length <= 0:
        raise QueryError(f"{text[:40]!a} is not a length of time.", "Write 500ms, 10s, 5m or 1h.")
    return length
