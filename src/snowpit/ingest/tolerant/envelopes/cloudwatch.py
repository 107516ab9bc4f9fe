"""Amazon CloudWatch: exports, subscription payloads, and their base64 and gzip layers."""

import binascii
import re
import zlib
from base64 import b64decode
from typing import Any

from snowpit.ingest.tolerant.envelopes.common import Opened, at, named
from snowpit.ingest.tolerant.kinds import LARGEST, Hints

_PACKED = re.compile(r"H4sI[A-Za-z0-9+/\s]{20,}={0,2}\s*$", re.ASCII)


def open_cloudwatch(value: dict[str, Any], hints: Hints) -> Opened:
    """Messages of ``get-log-events``, ``filter-log-events`` and subscription payloads, by Kinesis too.

    Args:
        value: The decoded object.
        hints: What outer envelopes know.

    Yields:
        Messages; the log stream's name is taken for the server.
    """
    hints = named(hints, value.get("logStream"), value.get("logStreamName"), value.get("@logStream"))
    for path in (("awslogs", "data"), ("kinesis", "data"), ("Data",)):
        packed = at(value, *path)
        if isinstance(packed, str):
            yield packed, hints
    for key in ("logEvents", "events"):
        events = value.get(key)
        for event in events if isinstance(events, list) else ():
            stream = event.get("logStreamName") if isinstance(event, dict) else None
            yield event, named(hints, stream)


def named_fields(row: list[Any]) -> dict[str, Any] | None:
    """A row of ``get-query-results`` (Logs Insights) as an object; null if the list is none.

    Args:
        row: Objects with ``field`` and ``value``.
    """
    if not row or not all(isinstance(cell, dict) and {"field", "value"} <= cell.keys() for cell in row):
        return None
    return {str(cell["field"]): cell["value"] for cell in row}


def unpack(text: str) -> bytes | None:
    """The bytes inside base64 and gzip; null if the text is not that, is broken, or grows beyond all bounds."""
    if not _PACKED.match(text):
        return None
    try:
        packed = b64decode(text)
        reader = zlib.decompressobj(wbits=31)
        data = reader.decompress(packed, LARGEST)
    except (binascii.Error, ValueError, zlib.error):
        return None
    return None if reader.unconsumed_tail else data
