"""journald as JSON lines: the message is a text or a list of byte values."""

from typing import Any

from snowpit.ingest.tolerant.envelopes.common import Opened, named
from snowpit.ingest.tolerant.kinds import Hints


def open_journal(value: dict[str, Any], hints: Hints) -> Opened:
    """The message of a journal entry; the host is taken for the server.

    Args:
        value: The decoded object.
        hints: What outer envelopes know.

    Yields:
        At most one text.
    """
    message = value.get("MESSAGE")
    if isinstance(message, list):
        octets = [octet for octet in message if isinstance(octet, int) and 0 <= octet < 256]  # noqa: PLR2004  a byte
        message = bytes(octets).decode("utf-8", "replace")
    if isinstance(message, str):
        yield message, named(hints, value.get("_HOSTNAME"))
